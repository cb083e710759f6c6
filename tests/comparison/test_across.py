"""Runs of several regions put together: what counts, what is left out, who leads."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from across_runs import PROTOCOL, runs_of, write_protocol

from research.comparison.across import (
    infer_across,
    join_regions,
    read_runs,
    verdict_across,
)
from research.comparison.across_tables import (
    above_floors,
    against_classes,
    costs_of,
    gain_by_region,
    leaders,
    leads_of,
    means_by_region,
    means_table,
    regions_told,
)

SIX = ("haihe", "hetao", "linqing", "london", "minjiang", "yangzhong")
FLOORS = ["random partition", "one segment"]


@pytest.fixture(scope="module")
def protocol(tmp_path_factory):
    return write_protocol(tmp_path_factory.mktemp("protocol"))[1]


def as_text(runs):
    """A table as it is read from a csv: text, and nothing where there is nothing."""
    return runs.astype("string").fillna("").astype(str)


def tables(protocol, regions=SIX, **more):
    return {region: as_text(runs_of(protocol, region, **more)) for region in regions}


def with_text(table, column, text, rows=slice(None)):
    table = table.copy()
    table.loc[table.index[rows], column] = text
    return table


def test_text_becomes_runs(protocol):
    runs = read_runs(as_text(runs_of(protocol, "haihe")), "haihe")
    wanted = runs_of(protocol, "haihe")
    assert runs["seed"].equals(wanted["seed"])
    assert runs["k"].equals(wanted["k"])
    assert runs["value"].tolist() == wanted["value"].tolist()
    assert runs["failed"].dtype == bool


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda t: t.drop(columns="protocol"), "lacks protocol"),
        (lambda t: t.iloc[:0], "is empty"),
        (lambda t: with_text(t, "region", "hetao"), "is of hetao"),
        (lambda t: with_text(t, "value", "much", [3]), "value of a run is no number"),
        (lambda t: with_text(t, "failed", "perhaps", [3]), "true or false"),
        (lambda t: pd.concat([t, t.iloc[[0]]]), "stands twice"),
        (lambda t: with_text(t, "method", "surprise", [0]), "plans no method surprise"),
        (lambda t: with_text(t, "protocol", "f" * 64), "another protocol .sha256 fff"),
        (lambda t: with_text(t, "protocol", "f" * 64, [0]), "another protocol"),
    ],
)
def test_a_table_that_can_not_be_used_leaves_its_region_out(protocol, spoil, words):
    given = tables(protocol)
    given["haihe"] = spoil(given["haihe"])
    joined = join_regions(given, protocol)
    assert joined.regions == SIX[1:]
    assert list(joined.left_out["region"]) == ["haihe"]
    assert joined.left_out["why"].str.contains(words).all()
    assert not joined.left_out["shown"].any()
    assert "haihe" not in set(joined.runs["region"])


def test_a_planted_best_method_is_named_with_its_lead(protocol):
    joined = join_regions(tables(protocol, worth={"RFM": 0.2}), protocol)
    decision = verdict_across(joined)
    assert decision.winner == "RFM"
    assert (decision.unit, decision.n_units) == ("region", 6)
    assert decision.lead == pytest.approx(0.2, abs=0.05)
    found = infer_across(joined)
    assert found.methods["method"].iloc[0] == "RFM"
    assert not set(FLOORS) & set(found.methods["method"])
    assert found.critical_difference is not None
    spans = leads_of(found, "RFM")
    assert set(spans["name"]) == {"k-means", "mixture", "hybrid network", "tariff"}
    assert (spans["low"] > 0).all()
    assert (spans["wins"] == 6).all()
    worse = leads_of(found, "tariff").set_index("name").loc["RFM"]
    assert worse["mean"] == -spans.set_index("name").loc["tariff", "mean"]
    assert worse["low"] < worse["mean"] < worse["high"] < 0


def test_methods_of_equal_worth_have_no_winner(protocol):
    decision = verdict_across(join_regions(tables(protocol), protocol))
    assert decision.winner is None
    assert decision.kind == "no clear winner"


@pytest.mark.slow
def test_methods_of_equal_worth_have_no_winner_in_many_trials(tmp_path):
    text = PROTOCOL.replace("old_classes: [tariff]", "old_classes: []")
    text = text.replace("number: 4", "number: 2").replace("  RFM", "  # RFM")
    plan = write_protocol(tmp_path, text)[1]
    named = [
        verdict_across(
            join_regions(
                {r: runs_of(plan, r, seed=trial).query(SCORE) for r in SIX}, plan
            )
        ).winner
        for trial in range(60)
    ]
    assert sum(winner is not None for winner in named) <= 3


SCORE = "score == 'usefulness'"


def test_four_regions_have_no_critical_difference(protocol):
    found = infer_across(join_regions(tables(protocol, SIX[:4]), protocol))
    assert found.critical_difference is None
    assert found.ranks is None
    assert found.pairs["p_value"].isna().all()
    assert found.pairs[["low", "high"]].notna().all().all()


def test_a_method_that_a_region_lacks_is_shown_and_not_ranked(protocol):
    given = tables(protocol, worth={"RFM": 0.3})
    no_rfm = [name for name in protocol.methods if name != "RFM"]
    given["london"] = as_text(runs_of(protocol, "london", methods=no_rfm))
    joined = join_regions(given, protocol)
    assert joined.regions == SIX
    assert "RFM" not in joined.methods
    assert joined.partial.values.tolist() == [["RFM", "london"]]
    assert "RFM" not in verdict_across(joined).leader
    table = means_table(joined)
    assert np.isnan(table.loc["RFM", "mean"])
    assert np.isnan(table.loc["RFM", "london"])
    assert table.loc["RFM", "haihe"] > table.loc["k-means", "haihe"] + 0.2


def test_a_region_of_few_methods_does_not_take_the_others_away(protocol):
    given = tables(protocol) | {
        "payers": as_text(runs_of(protocol, "payers", methods=["RFM", *FLOORS]))
    }
    joined = join_regions(given, protocol)
    assert joined.regions == SIX
    assert "k-means" in joined.methods
    assert joined.left_out.iloc[0]["why"].startswith("has 1 of 4 methods (RFM)")
    assert joined.left_out.iloc[0]["shown"]
    assert "payers" in means_table(joined)
    assert not means_by_region(joined).query("region == 'payers'")["ranked"].any()
    strict = join_regions(given, protocol, least_share=0.2)
    assert strict.contenders == ("RFM",)
    assert "two methods at least" in strict.too_few
    with pytest.raises(ValueError, match="two methods at least"):
        verdict_across(strict)


def test_a_region_is_left_out_on_request_and_an_unknown_one_refused(protocol):
    joined = join_regions(tables(protocol), protocol, leave_out=["london"])
    assert "london" not in joined.regions
    assert joined.left_out.iloc[0]["why"].startswith("left out on request")
    with pytest.raises(ValueError, match=r"'paris'\. Regions: haihe"):
        join_regions(tables(protocol), protocol, leave_out=["paris"])


@pytest.mark.parametrize("regions", [(), ("haihe",)])
def test_fewer_than_two_regions_are_told(protocol, regions):
    joined = join_regions(tables(protocol, regions), protocol)
    number = "no regions " if not regions else "1 region "
    assert number in joined.too_few
    with pytest.raises(ValueError, match="two at least are needed"):
        infer_across(joined)
    assert len(regions_told(joined, {"x": "y"}, {})) == len(regions) + 1


def test_failed_and_missing_runs_count_and_are_told(protocol):
    given = tables(protocol, worth={"mixture": 0.1})
    runs = runs_of(protocol, "haihe", {"mixture": 0.1})
    broken = (runs["method"] == "mixture") & (runs["k"] == 5)
    runs.loc[broken & (runs["seed"] == 0), ["value", "failed"]] = [np.nan, True]
    runs = runs[~(broken & (runs["seed"] == 1) & (runs["replicate"] == 3))]
    given["haihe"] = as_text(runs)
    joined = join_regions(given, protocol)
    means = means_by_region(joined).set_index(["region", "method"])
    assert means.loc[("haihe", "mixture"), ["runs", "failed"]].tolist() == [8, 5]
    assert means.loc[("hetao", "mixture"), "failed"] == 0
    worst = runs.loc[(runs["k"] == 5) & (runs["seed"] == 0) & ~runs["failed"]]
    assert (
        means.loc[("haihe", "mixture"), "mean"]
        < means.loc[("haihe", "k-means"), "mean"]
    )
    assert means.loc[("haihe", "mixture"), "low"] > worst["value"].min()
    told = regions_told(joined, {}, {}).set_index("region")
    assert told.loc["haihe", "failed"] == 4 + 1
    assert told.loc["haihe", "methods"] == 7


def test_a_region_where_all_failed_is_not_ranked(protocol):
    given = tables(protocol)
    runs = runs_of(protocol, "haihe").assign(value=np.nan, failed=True)
    joined = join_regions(given | {"haihe": as_text(runs)}, protocol)
    assert joined.left_out.iloc[0]["why"] == "no run there has the score usefulness"


def test_regions_that_the_protocol_does_not_name_are_left_out(tmp_path):
    text = PROTOCOL + "regions: [haihe, hetao, nowhere]\n"
    plan = write_protocol(tmp_path, text)[1]
    joined = join_regions(tables(plan, SIX[:3]), plan)
    assert joined.regions == SIX[:2]
    assert joined.left_out.iloc[0]["why"] == "protocol.yaml names other regions"
    assert verdict_across(joined).n_units == 2


def test_a_protocol_may_decide_by_weights(tmp_path):
    scale = "{better: higher, worst: 0, best: 1}"
    text = PROTOCOL.replace("usefulness: {better: higher}", f"usefulness: {scale}")
    text = text.replace("by: primary", "by: weights, weights: {usefulness: 1.0}")
    plan = write_protocol(tmp_path, text)[1]
    joined = join_regions(tables(plan, worth={"mixture": 0.2}), plan)
    decision = verdict_across(joined)
    assert (decision.winner, decision.score) == ("mixture", "weighted criteria")
    found = infer_across(joined)
    assert found.score == "weighted criteria"
    plain = means_by_region(joined, "usefulness")["mean"]
    assert means_by_region(joined)["mean"].to_numpy() == pytest.approx(plain)


def test_leaders_are_counted_over_the_regions_that_have_the_score(protocol):
    given = tables(protocol, worth={"mixture": 0.1})
    better = runs_of(protocol, "haihe", {"k-means": 0.3})
    better = better[better["score"] != "usefulness: arrears"]
    joined = join_regions(given | {"haihe": as_text(better)}, protocol)
    found = leaders(joined, ["usefulness", "usefulness: arrears"]).set_index("score")
    assert found.loc["usefulness", ["leader", "leads", "regions"]].tolist() == [
        *("mixture", 5, 6),
    ]
    assert found.loc["usefulness", "others"] == "k-means 1"
    assert found.loc["usefulness: arrears", "regions"] == 5
    assert found.loc["usefulness: arrears", "others"] == ""
    assert (found["apart"] > 0.1).all()


def test_gains_are_of_each_region_with_an_interval_over_its_draws(protocol):
    joined = join_regions(tables(protocol, worth={"hybrid network": -0.2}), protocol)
    gains = gain_by_region(joined, "hybrid network", "k-means")
    assert list(gains["region"]) == list(SIX)
    assert gains["better_by"].mean() == pytest.approx(-0.2, abs=0.05)
    assert (gains["high"] < 0).all()
    assert gains["ranked"].all()
    assert gain_by_region(joined, "hybrid network", "nobody").empty


def test_lower_is_better_where_the_protocol_says_so(tmp_path):
    text = PROTOCOL.replace(
        "usefulness: {better: higher}", "usefulness: {better: lower}"
    )
    plan = write_protocol(tmp_path, text)[1]
    worth = {"mixture": -0.5, "RFM": -0.6}
    joined = join_regions(tables(plan, worth=worth), plan)
    assert means_table(joined).index[0] == "RFM"
    assert leaders(joined, ["usefulness"])["leader"].item() == "RFM"
    assert (gain_by_region(joined, "RFM", "mixture")["better_by"] > 0).all()
    assert verdict_across(joined).winner == "RFM"


def test_the_best_class_of_each_region_stands_beside_the_method(protocol):
    joined = join_regions(tables(protocol, worth={"mixture": 0.1}), protocol)
    against = against_classes(joined, "mixture")
    assert list(against["region"]) == list(SIX)
    assert set(against["class"]) == {"tariff"}
    difference = against["method reaches"] - against["class reaches"]
    assert against["better by"].to_numpy() == pytest.approx(difference)
    assert (against["low"] > 0).all()
    assert against_classes(joined, "tariff").empty


def test_what_each_region_says_of_the_floors_by_itself(protocol):
    given = tables(protocol, ["hetao"]) | tables(
        protocol, ["london"], worth={"k-means": -0.3}
    )
    joined = join_regions(given, protocol)
    assert above_floors(joined, "k-means") == ("hetao",)
    assert above_floors(joined, "mixture") == ("hetao", "london")
    assert verdict_across(joined).n_units == 2


def test_costs_are_means_over_the_regions_asked_for():
    table = pd.DataFrame({"method": ["b", "a"], "seconds": ["3", "1"]})
    more = table.assign(seconds=["5", "2"])
    found = costs_of({"x": table, "y": more, "z": more}, ["x", "y"])
    assert found[["method", "seconds"]].values.tolist() == [["a", 1.5], ["b", 4.0]]
    assert costs_of({}, ["x"]).empty


def test_what_is_joined_does_not_depend_on_the_order_of_rows(protocol):
    given = tables(protocol, worth={"mixture": 0.1})
    rng = np.random.default_rng(0)
    mixed = {r: t.iloc[rng.permutation(len(t))] for r, t in given.items()}
    one, other = (verdict_across(join_regions(g, protocol)) for g in (given, mixed))
    assert dataclasses.replace(
        one, lead=other.lead, low=other.low, high=other.high
    ) == (other)
    assert one.lead == pytest.approx(other.lead)
