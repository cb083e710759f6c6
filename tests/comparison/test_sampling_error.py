import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from research.comparison._sampling_error import silhouette_error


def points(n, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.choice(4, n, p=[0.5, 0.3, 0.15, 0.05])
    centers = 1.8 * np.random.default_rng(1).standard_normal((4, 6))
    return centers[labels] + rng.standard_normal((n, 6)), labels


@pytest.mark.parametrize("odd", [(), (-1,), (-1, -2, -3)])
def test_it_is_the_jackknife_of_leaving_out_one_after_the_other(odd):
    X, labels = points(50)
    for place in odd:  # a segment of one, a segment of two
        labels[place] = 8 if place < -1 else 9
    without = np.array(
        [
            silhouette_score(np.delete(X, row, axis=0), np.delete(labels, row))
            for row in range(50)
        ]
    )
    spread = ((without - without.mean()) ** 2).sum() * 49 / 50
    assert silhouette_error(X, labels, 500) == pytest.approx(np.sqrt(spread * 0.9))


def test_it_is_how_far_samples_lie_apart():
    X, labels = points(5000)
    rng = np.random.default_rng(0)
    found, errors = [], []
    for _ in range(60):
        drawn = rng.choice(len(X), 150, replace=False)
        found.append(silhouette_score(X[drawn], labels[drawn]))
        errors.append(silhouette_error(X[drawn], labels[drawn], len(X)))
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(found), rel=0.3)


def test_there_is_none_where_all_were_drawn_or_nothing_is_parted():
    X, labels = points(40)
    assert silhouette_error(X, labels, 40) == 0
    assert np.isnan(silhouette_error(X, np.zeros(40), 100))
    assert np.isnan(silhouette_error(X, np.arange(40), 100))
