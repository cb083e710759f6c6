"""Tables of runs: seeds are averaged, failures count as the worst, nothing twice."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from research.comparison import check_runs, units


def table(rows, columns="region replicate seed k method value failed"):
    return pd.DataFrame(rows, columns=columns.split()).assign(score="s")


def test_seeds_are_averaged_within_a_replicate_and_replicates_within_a_region():
    runs = table(
        [("A", 0, 0, 4, "m", 1.0, False), ("A", 0, 1, 4, "m", 3.0, False)]
        + [("A", 1, seed, 4, "m", 8.0, False) for seed in (0, 1)]
        + [("B", 0, seed, 4, "m", 5.0, False) for seed in (0, 1)]
    )
    found = units(runs, "s", better="higher")
    assert found.unit == "region"
    assert found.values["m"].to_dict() == {"A": 5.0, "B": 5.0}


def test_more_seeds_make_no_more_units():
    runs = table([("A", 0, seed, 4, "m", 1.0, False) for seed in range(50)])
    assert len(units(runs, "s", better="higher").values) == 1


def test_a_failed_run_counts_as_the_worst_beside_it():
    lost = ("m", 0)
    runs = table(
        [
            (
                "A",
                replicate,
                0,
                4,
                method,
                values[replicate],
                (method, replicate) == lost,
            )
            for method, values in {"m": (9, 9.0), "n": (2, 3), "o": (5, 1)}.items()
            for replicate in (0, 1)
        ]
    )
    found = units(runs, "s", better="higher")
    assert found.values["m"].tolist() == [2.0, 9.0]
    assert found.failed["m"].tolist() == [1.0, 0.0]
    assert units(runs, "s", better="lower").values["m"].tolist() == [5.0, 9.0]


def test_a_run_that_is_not_there_counts_as_failed():
    runs = table(
        [("A", 0, 0, 4, "m", 9.0, False)]
        + [("A", replicate, 0, 4, "n", 2.0, False) for replicate in (0, 1)]
    )
    found = units(runs, "s", better="higher")
    assert found.values["m"].tolist() == [9.0, 2.0]
    assert found.failed["m"].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_counts_as_failed(value):
    runs = table([("A", 0, 0, 4, "m", value, False), ("A", 0, 0, 4, "n", 2.0, False)])
    assert units(runs, "s", better="higher").failed["m"].tolist() == [1.0]


def test_a_method_without_seed_or_number_stands_beside_all_of_them():
    runs = table(
        [("A", 0, seed, k, "m", seed + k, False) for seed in (0, 1) for k in (3, 4, 5)]
        + [("A", 0, None, None, "tariff", 1.0, False)]
    )
    for k in (3, 4, 5):
        found = units(runs, "s", better="higher", k=k, seeds=[1])
        assert found.values.loc[0].to_dict() == {"m": 1.0 + k, "tariff": 1.0}
        assert not found.failed.to_numpy().any()


def test_a_replicate_of_one_region_only_is_no_failure_of_another():
    runs = table(
        [("A", 0, 0, 4, m, 1.0, False) for m in "mn"]
        + [("B", replicate, 0, 4, m, 2.0, False) for m in "mn" for replicate in (0, 1)]
    )
    assert not units(runs, "s", better="higher").failed.to_numpy().any()


def test_a_seed_that_a_region_was_not_run_with_is_no_failure_there():
    runs = table(
        [("A", 0, seed, 4, "m", 3.0, False) for seed in (0, 1)]
        + [("B", 0, 0, 4, "m", 5.0, False)]
        + [(region, 0, None, None, "tariff", 1.0, False) for region in "AB"]
    )
    found = units(runs.astype({"seed": "Int64", "k": "Int64"}), "s", better="higher")
    assert found.values["m"].tolist() == [3.0, 5.0]
    assert not found.failed.to_numpy().any()


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(0)
    runs = table(
        [
            (region, replicate, seed, 4, method, rng.random(), False)
            for region in "AB"
            for replicate in range(3)
            for seed in range(2)
            for method in "mn"
        ]
    )
    again = runs.sample(frac=1, random_state=7)
    one, other = (units(r, "s", better="higher").values for r in (runs, again))
    assert_frame_equal(one, other[one.columns])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(lambda r: r.drop(columns="seed"), "Runs lack seed", id="column"),
        pytest.param(lambda r: pd.concat([r, r]), "A run stands twice", id="twice"),
        pytest.param(lambda r: r.assign(failed="no"), "true or false", id="failed"),
        pytest.param(lambda r: r.assign(value="high"), "hold numbers", id="value"),
        pytest.param(lambda r: r.assign(seed="one"), "whole numbers", id="seed"),
        pytest.param(lambda r: r.assign(method=None), "needs a method", id="method"),
        pytest.param(
            lambda r: r.assign(seed=[1, None]), "with and without seed", id="mixed"
        ),
    ],
)
def test_runs_that_can_not_be_read_are_refused(change, told):
    runs = table([("A", r, 1, 4, "m", 1.0, False) for r in (0, 1)])
    with pytest.raises(ValueError, match=told):
        check_runs(change(runs))


def test_which_number_of_segments_has_to_be_said():
    runs = table([("A", 0, 0, k, "m", 1.0, False) for k in (3, 4)])
    with pytest.raises(ValueError, match="say which by k"):
        units(runs, "s", better="higher")
    with pytest.raises(ValueError, match="No run has k 7"):
        units(runs, "s", better="higher", k=7)
    with pytest.raises(ValueError, match="No run has the score"):
        units(runs, "other", better="higher", k=3)
    with pytest.raises(ValueError, match="better must be"):
        units(runs, "s", better="up", k=3)
