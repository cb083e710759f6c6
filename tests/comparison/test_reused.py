"""What pages ask of the same data again is the same from the cache, and only then."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.cluster import KMeans

from research.comparison import divide_known, k_evidence
from research.region.cache import FOLDER

CURVES = np.r_[np.zeros((6, 2)), np.full((6, 2), 9.0)] + np.arange(24).reshape(12, 2)
FAMILIES = np.array(["home"] * 6 + ["shop"] * 6)


class Counting(KMeans):
    fits = 0

    def fit(self, X, y=None, sample_weight=None):
        type(self).fits += 1
        return super().fit(X, y, sample_weight)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    monkeypatch.setattr(Counting, "fits", 0)
    return tmp_path


def evidence(curves=CURVES, seed=0, **settings):
    kmeans = Counting(n_init=2, **settings)
    return k_evidence(kmeans, curves, [2, 3], 4, seed, n_splits=2, n_nulls=1)


def divided(curves=CURVES, families=FAMILIES, **settings):
    method = Counting(2, n_init=2, random_state=0, **settings)
    return divide_known({"k-means": method}, {("even", 0): (curves, families)})


@pytest.mark.parametrize("ask", [evidence, divided])
def test_the_same_question_is_answered_from_the_cache(ask, cache, monkeypatch):
    first = ask()
    fits = Counting.fits
    assert_frame_equal(ask(), first, check_exact=True)
    assert Counting.fits == fits > 0
    monkeypatch.delenv(FOLDER)
    assert_frame_equal(ask(), first, check_exact=True)
    assert Counting.fits == 2 * fits


@pytest.mark.parametrize("ask", [evidence, divided])
@pytest.mark.parametrize(
    "change", [{"curves": CURVES[::-1] + 1e-9}, {"max_iter": 299}, {"tol": 1e-5}]
)
def test_another_question_is_not(ask, change, cache):
    ask()
    fits = Counting.fits
    ask(**change)
    assert Counting.fits > fits


def test_other_seeds_and_families_are_other_questions(cache):
    evidence(), divided()
    fits = Counting.fits
    evidence(seed=1)
    assert Counting.fits > fits
    fits = Counting.fits
    divided(families=np.roll(FAMILIES, 1))
    assert Counting.fits > fits


def test_what_has_no_seed_is_not_kept(cache):
    k_evidence(Counting(n_init=2), CURVES, [2], 2, None, n_splits=2, n_nulls=0)
    assert not list(cache.rglob("*.parquet"))


def test_tuples_come_back_as_tuples(cache):
    for table in (evidence(), evidence()):
        assert all(isinstance(part, tuple) for part in table["sizes"])
        assert table["sizes"].map(sum).tolist() == [12, 12]
    assert isinstance(table, pd.DataFrame)
