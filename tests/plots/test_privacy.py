"""No bar, band or row of a figure is a single customer's."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from research import plots
from research.plots.credit import score_distribution
from research.plots.style import quantile
from research.service import quantiles

RNG = np.random.default_rng(0)
BANDS = {"A": 80.0, "B": 40.0, "C": 0.0}


def test_bars_of_scores_hold_fifteen_customers_each_and_all_of_them_together():
    scores = np.r_[RNG.normal(90, 9, 700), RNG.normal(35, 18, 34)].clip(0, 100)
    outcome = np.arange(734) >= 700
    figure = score_distribution(pd.Series(scores), outcome, BANDS)
    for ax, n in zip(figure.axes, (700, 34), strict=True):
        held = np.array([b.get_height() * b.get_width() / 2.5 * n for b in ax.patches])
        assert held.sum().round() == n
        assert not ((held > 0.5) & (held < 14.5)).any()


def test_fewer_customers_than_a_bar_holds_are_not_drawn():
    scores = pd.Series(RNG.uniform(0, 100, 60))
    figure = score_distribution(scores, np.arange(60) >= 50, BANDS)
    assert not [bar for bar in figure.axes[1].patches if bar.get_height() > 0]


def test_a_row_of_the_map_of_coverage_is_a_group():
    present = pd.DataFrame(
        RNG.random((47, 6)), columns=pd.date_range("2024", periods=6)
    )
    figure = plots.coverage_map(present, least=15)
    (mesh,) = (c for ax in figure.axes[:1] for c in ax.collections)
    assert np.asarray(mesh.get_array()).shape == (3, 6)


def test_bands_are_drawn_from_fifteen_customers_on():
    columns = pd.MultiIndex.from_product(
        [["winter"], ["working"], range(24)], names=["season", "day_type", "hour"]
    )
    curves = pd.DataFrame(RNG.random((29, 24)), columns=columns)
    segments = pd.Series([0] * 15 + [1] * 14)
    figure = plots.typical_days(curves, segments, ["a", "b"], ylabel="kW")
    assert [len(ax.collections) for ax in figure.axes] == [1, 0]
    plt.close(figure)


def test_figures_and_tables_have_the_same_quantiles():
    values = RNG.random((40, 3))
    values[RNG.random((40, 3)) < 0.2] = np.nan
    for q in (0.05, 0.25, 0.5, 0.9):
        assert np.allclose(quantile(values, q), quantiles.quantile(values, q))
