"""The shipped region, found again by another way: plain pandas and scikit-learn."""

import holidays
import numpy as np
import pandas as pd
import pytest
from planted import ROOT
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from research.comparison import choose_k, groups_apart, k_evidence
from research.features import load, overview
from research.region.ingest import import_lcl
from research.segmenters import LoadShapeKMeans

RAW = ROOT / "data" / "raw" / "london"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def london(tmp_path_factory):
    return import_lcl(RAW, tmp_path_factory.mktemp("r") / "london", say=str)


@pytest.fixture(scope="module")
def curves(london):
    return load.curves_to_segment(london)[0]


@pytest.fixture(scope="module")
def plain():
    """Readings of complete days in kW on London's clock, one row each."""
    wide = 2 * pd.read_parquet(RAW / "load.parquet").astype(float)
    local = wide.index.tz_localize("UTC").tz_convert("Europe/London").tz_localize(None)
    tidy = (
        wide.set_axis(local)
        .rename_axis("t")
        .melt(ignore_index=False, var_name="customer_id", value_name="kw")
    )
    tidy = tidy.dropna().groupby(["customer_id", "t"])["kw"].mean().reset_index()
    tidy["day"] = tidy["t"].dt.normalize()
    read = tidy.groupby(["customer_id", "day"])["kw"].transform("size")
    return tidy[read >= 45].copy()


def typical_days(plain):
    bank = holidays.country_holidays("GB", subdiv="ENG", years=[2013])
    rest = (plain["day"].dt.day_of_week >= 5) | plain["day"].isin(
        pd.to_datetime(list(bank))
    )
    seasons = np.repeat(["winter", "spring", "summer", "autumn"], 3)
    month_first = plain["day"].dt.month % 12
    keys = {
        "season": seasons[month_first],
        "day_type": np.where(rest, "rest", "working"),
        "hour": plain["t"].dt.hour + plain["t"].dt.minute / 60,
    }
    table = plain.assign(**keys).groupby(["customer_id", *keys])["kw"].mean()
    days = plain.groupby("customer_id")["day"].nunique()
    return table.unstack(list(keys)).loc[days[days >= 28].index].dropna()


def test_typical_days_agree_with_plain_pandas(curves, plain):
    expected = typical_days(plain)
    assert expected.shape == curves.shape == (95, 384)
    assert expected.index.tolist() == curves.index.tolist()
    assert np.allclose(curves, expected[curves.columns], atol=1e-6)


def test_the_segments_are_those_of_plain_k_means(curves, plain):
    table = typical_days(plain)
    shapes = table.div(table.max(axis=1), axis=0)
    expected = KMeans(4, n_init=300, random_state=5).fit(shapes).labels_
    for seed in (0, 1, 2):
        found = LoadShapeKMeans(4, random_state=seed).fit(curves.to_numpy())
        assert found.cluster_sizes_.tolist() == [39, 33, 17, 6]
        assert adjusted_rand_score(found.labels_, expected) == 1


def test_four_segments_are_chosen_and_stand_apart_whatever_the_seed(curves):
    for seed in (0, 1):
        segmenter = LoadShapeKMeans(random_state=seed)
        evidence = k_evidence(
            segmenter, curves.to_numpy(), range(2, 7), random_state=seed, n_nulls=0
        )
        choice = choose_k(evidence)
        assert (choice.k, choice.rule) == (4, "stable and large enough")
        assert groups_apart(evidence, 4)


def test_the_area_peak_agrees_with_plain_pandas(london, plain):
    area = plain.groupby("t")["kw"].mean().nlargest(20)
    mask = load.area_peak(london)
    days, slots = np.nonzero(mask)
    found = london.days[days] + pd.to_timedelta(30 * slots, unit="min")
    assert sorted(found) == sorted(area.index)
    at_peak = plain[plain["t"].isin(area.index)].groupby("customer_id")["kw"].mean()
    table = load.table(london)["area_peak_load"].dropna()
    assert np.allclose(table.loc[at_peak.index], at_peak, atol=1e-6)


def test_london_gets_up_by_the_civil_clock(london):
    rise = overview.morning_rise(london)
    assert np.ptp(rise["civil_clock"]) < 0.5
    assert np.ptp(rise["meter_clock"]) > 0.9
