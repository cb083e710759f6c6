"""No method is clearly better, unless it wins whatever could have been otherwise."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from research.comparison import decide

KS = (3, 4, 5)


def drawn(rng, n_methods, n_regions, n_replicates, gain=0.0, n_seeds=4, names=None):
    """Runs of methods of equal worth, the first one better by `gain`.

    What a region's customers like is shared by all its replicates, seeds and numbers of
    segments, and as large as what another replicate changes: the case in which many
    seeds look like evidence.
    """
    shape = (n_regions, n_replicates, n_seeds, len(KS), n_methods)
    values = 2 * rng.standard_normal((n_regions, 1, 1, 1, 1))
    values = values + rng.standard_normal((n_regions, 1, 1, 1, n_methods))
    values = values + rng.standard_normal((n_regions, n_replicates, 1, 1, n_methods))
    values = values + 0.5 * rng.standard_normal((*shape[:3], 1, n_methods))
    values = values + 0.3 * rng.standard_normal((*shape[:2], 1, len(KS), n_methods))
    values[..., 0] += gain
    region, replicate, seed, k, method = np.indices(shape).reshape(5, -1)
    names = np.array(names or [f"m{number}" for number in range(n_methods)])
    return pd.DataFrame(
        {
            "region": region,
            "replicate": replicate,
            "seed": seed,
            "k": np.array(KS)[k],
            "method": names[method],
            "score": "s",
            "value": values.ravel(),
            "failed": False,
        }
    )


def named(n_trials, *how, **more):
    """Share of trials in which a winner is named, and in which the first method is."""
    rng = np.random.default_rng(0)
    winners = [
        decide(drawn(rng, *how, **more), "s", better="higher", k=4).winner
        for _ in range(n_trials)
    ]
    some = np.mean([winner is not None for winner in winners])
    return some, np.mean([winner == "m0" for winner in winners])


@pytest.mark.slow
@pytest.mark.parametrize("n_regions", [1, 6])
def test_methods_of_equal_worth_have_no_winner(n_regions):
    assert named(200, 3, n_regions, 2 if n_regions > 1 else 5, n_seeds=2)[0] <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("n_methods", [3, 5, 8])
@pytest.mark.parametrize(
    ("n_regions", "n_replicates"), [(1, 5), (1, 20), (2, 5), (4, 3), (6, 2)]
)
def test_methods_of_equal_worth_have_no_winner_however_many(
    n_methods, n_regions, n_replicates
):
    assert named(200, n_methods, n_regions, n_replicates)[0] <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize(("n_regions", "n_replicates"), [(1, 20), (6, 2)])
def test_two_methods_of_equal_worth_are_named_no_oftener_than_the_level(
    n_regions, n_replicates
):
    # 5 % of 1,000, and two standard errors of that.
    assert named(1000, 2, n_regions, n_replicates)[0] <= 0.064


@pytest.mark.parametrize(
    ("n_methods", "n_regions", "n_replicates", "gain"),
    [
        pytest.param(3, 1, 20, 6.0, id="one region"),
        pytest.param(3, 6, 2, 4.5, id="six regions"),
    ],
)
def test_a_clear_lead_is_named(n_methods, n_regions, n_replicates, gain):
    assert named(40, n_methods, n_regions, n_replicates, gain, n_seeds=2)[1] >= 0.8


@pytest.mark.slow
@pytest.mark.parametrize("n_methods", [3, 5, 8])
@pytest.mark.parametrize(
    ("n_regions", "n_replicates", "gain"), [(1, 5, 10.0), (1, 20, 6.0), (6, 2, 4.5)]
)
def test_a_clear_lead_is_named_however_many(n_methods, n_regions, n_replicates, gain):
    # Two methods of equal worth differ by 1.5 (sd) from bootstrap to bootstrap, by 1.8
    # from region to region: leads of 6.5, 4 and 2.5 of them.
    assert named(200, n_methods, n_regions, n_replicates, gain)[1] >= 0.8


@pytest.mark.slow
def test_seeds_alone_name_nobody():
    rng = np.random.default_rng(0)
    for _ in range(50):
        runs = drawn(rng, 3, 1, 1, n_seeds=40)
        found = decide(runs, "s", better="higher", k=4)
        assert found.winner is None
        assert "says nothing of another" in found.failed[0]


@pytest.mark.slow
def test_where_nothing_is_there_no_segments_are_the_verdict():
    rng = np.random.default_rng(0)
    names = ["k-means", "mixture", "RFM", "random partition", "one segment"]
    kinds = [
        decide(drawn(rng, 5, 6, 2, names=names), "s", better="higher", k=4).kind
        for _ in range(200)
    ]
    assert np.mean([kind == "no segments" for kind in kinds]) >= 0.95


@pytest.fixture
def won():
    """Runs of six regions in which m0 wins whatever is left out."""
    return drawn(np.random.default_rng(1), 3, 6, 2, gain=9.0, n_seeds=2)


def changed(runs, where, value):
    return runs.assign(value=runs["value"].where(~where, value))


def test_the_record_says_by_how_much_and_over_whom(won):
    found = decide(won, "s", better="higher", k=4)
    first = won[(won["k"] == 4) & (won["seed"] == 0)]
    means = first.groupby("method")["value"].mean().sort_values()
    assert (found.winner, found.leader, found.runner_up) == ("m0", "m0", means.index[1])
    assert found.lead == pytest.approx(means.iloc[2] - means.iloc[1])
    assert 0 < found.low < found.lead < found.high
    assert (found.unit, found.n_units, found.kind) == ("region", 6, "winner")
    assert found.failed == ()
    assert len(found.would_change) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.winner = "m1"


def test_lower_is_better_gives_the_same_verdict(won):
    up = decide(won, "s", better="higher", k=4)
    down = decide(won.assign(value=-won["value"]), "s", better="lower", k=4)
    assert down == dataclasses.replace(up, better="lower")


def test_neither_order_nor_names_of_rows_matter(won):
    again = won.sample(frac=1, random_state=0)
    one, other = (decide(r, "s", better="higher", k=4) for r in (won, again))
    assert (one.winner, one.runner_up) == (other.winner, other.runner_up)
    assert one.lead == pytest.approx(other.lead)


@pytest.mark.parametrize(
    ("where", "name", "words"),
    [
        pytest.param(
            lambda r: (r["k"] == 5) & (r["method"] == "m1"),
            "k + 1",
            "With 5 segments m1 leads by",
            id="one segment more",
        ),
        pytest.param(
            lambda r: (r["k"] == 3) & (r["method"] == "m1"),
            "k - 1",
            "With 3 segments m1 leads by",
            id="one segment less",
        ),
        pytest.param(
            lambda r: (r["seed"] == 1) & (r["method"] == "m2"),
            "other seeds",
            "With other seeds m2 leads by",
            id="other seeds",
        ),
    ],
)
def test_a_winner_elsewhere_takes_the_name_away(won, where, name, words):
    found = decide(changed(won, where(won), 40.0), "s", better="higher", k=4)
    assert found.winner is None
    assert [c.name for c in found.conditions if not c.holds] == [name]
    assert found.failed[0].startswith(words)
    assert found.would_change[0].startswith(words)


def test_a_lead_that_rests_on_one_region_is_none():
    values = {"m0": [1.0] * 5 + [90.0], "m1": [2.0] * 5 + [3.0]}
    runs = pd.DataFrame(
        [
            (region, 0, None, None, method, "s", value, False)
            for method, worths in values.items()
            for region, value in zip("ABCDEF", worths, strict=True)
        ],
        columns="region replicate seed k method score value failed".split(),
    )
    found = decide(runs, "s", better="higher")
    assert found.leader == "m0"
    assert "Without region F m1 leads by 1." in found.failed


def test_blocks_of_replicates_are_left_out_in_one_region():
    runs = drawn(np.random.default_rng(0), 2, 1, 20, gain=9.0)
    found = decide(runs, "s", better="higher", k=4)
    left_out = next(c for c in found.conditions if c.name == "left out")
    assert left_out.holds
    assert left_out.about.startswith("replicates ")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(lambda r: r[r["k"] == 4], "No run has 3 segments.", id="k"),
        pytest.param(
            lambda r: r[r["k"] == 4].drop(columns="k"),
            "Runs do not say their number of segments: they have no column k.",
            id="no column k",
        ),
        pytest.param(
            lambda r: r.assign(failed=r["k"] == 5),
            "With 5 segments not one run ended.",
            id="all failed elsewhere",
        ),
        pytest.param(
            lambda r: r[r["seed"] == 0],
            "There are no runs with another set of seeds.",
            id="seeds",
        ),
        pytest.param(
            lambda r: r[(r["region"] == 0) & (r["replicate"] == 0)],
            "One region or replicate alone says nothing of another.",
            id="units",
        ),
    ],
)
def test_what_was_not_asked_names_nobody(won, change, words):
    found = decide(change(won), "s", better="higher", k=4)
    assert found.winner is None
    assert words in found.failed


def test_a_lead_below_the_margin_is_none(won):
    lead = decide(won, "s", better="higher", k=4).lead
    found = decide(won, "s", better="higher", k=4, margin=lead + 1)
    assert found.winner is None
    assert "the least that matters" in found.failed[0]


def test_more_regions_that_would_do_are_told():
    leads = np.array([0.4, 1.6, -0.6, 1.4, 0.7])
    runs = pd.DataFrame(
        [
            (region, 0, None, None, method, "s", value, False)
            for region, lead in enumerate(leads)
            for method, value in (("m0", lead), ("m1", 0.0))
        ],
        columns="region replicate seed k method score value failed".split(),
    )
    found = decide(runs, "s", better="higher")
    assert found.winner is None
    n = int(found.would_change[0].split()[1])

    def half(count):
        return t.ppf(0.975, count - 1) * leads.std(ddof=1) / np.sqrt(count)

    assert half(n) < leads.mean() <= half(n - 1)


def test_a_floor_is_never_named_and_has_to_be_beaten(won):
    names = {"m0": "one segment", "m1": "k-means", "m2": "mixture"}
    found = decide(
        won.assign(method=won["method"].map(names)), "s", better="higher", k=4
    )
    assert found.leader in ("k-means", "mixture")
    assert (found.winner, found.kind, found.above_floors) == (None, "no segments", ())
    assert any("one segment may be as good" in words for words in found.failed)


def test_old_classes_can_win(won):
    names = {"m0": "tariff", "m1": "k-means", "m2": "one segment"}
    runs = won.assign(method=won["method"].map(names))
    old = runs["method"] == "tariff"
    runs.loc[old, ["seed", "k"]] = None
    runs = runs.drop_duplicates(["region", "replicate", "seed", "k", "method"])
    assert decide(runs, "s", better="higher", k=4).winner == "tariff"


def test_a_method_that_fails_where_it_would_lose_does_not_win(won):
    runs = won.assign(failed=(won["method"] == "m0") & (won["region"] > 0))
    assert decide(runs, "s", better="higher", k=4).winner is None


def test_one_method_alone_is_refused(won):
    with pytest.raises(ValueError, match="A verdict needs"):
        decide(won[won["method"] == "m0"], "s", better="higher", k=4)
    with pytest.raises(ValueError, match="Not one run ended"):
        decide(won.assign(failed=True), "s", better="higher", k=4)
