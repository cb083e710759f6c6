"""The runner: as many runs as planned, taken up where it stopped, failures shown."""

import numpy as np
import pandas as pd
import pytest
from comparison.constructed import Quick, Spy, small, spy
from pandas.testing import assert_frame_equal, assert_series_equal
from sklearn.mixture import GaussianMixture

from research.comparison import _trial_inputs, complete, count_runs, decide_by, infer
from research.comparison._saved import key_of


def values_of(runs, method):
    return runs.loc[runs["method"] == method, "value"]


# --- As planned.


@pytest.mark.parametrize(
    "replicates",
    [
        {"kind": "splits", "number": 3, "test_share": 0.3},
        {"kind": "bootstrap", "number": 2},
    ],
    ids=["splits", "bootstrap"],
)
def test_what_is_planned_is_run_and_nothing_else(replicates):
    metrics = ("usefulness", "usefulness: kwh", "stability", "silhouette", "plainness")
    built = small(replicates=replicates, metrics=metrics)
    traits = built.features["load shape"]
    found = built.trials(traits=traits)
    whole = complete(built.protocol, found.runs)
    assert len(whole) == len(found.runs)
    assert not whole["missing"].any()
    assert (count_runs(whole)["ended"] == count_runs(whole)["planned"]).all()
    assert found.runs["value"][found.runs["score"] != "silhouette"].notna().all()
    of_one = found.runs[
        (found.runs["score"] == "silhouette") & found.runs["value"].isna()
    ]
    assert set(of_one["method"]) == {"one segment"}
    assert set(of_one["reason"]) == {"all tested customers are in one segment"}


def test_a_sample_is_drawn_once_and_recorded():
    built = small()
    protocol = built.protocol.model_copy(update={"sample": 60})
    found = built.trials(protocol=protocol)
    assert (len(found.segments), found.n_customers) == (60, 90)
    whole = built.trials()
    assert (len(whole.segments), whole.n_customers) == (90, 90)
    # The runs are those of a region that has these customers alone.
    names = found.segments.index
    alone = small()._replace(
        features={"load shape": built.features["load shape"].loc[names]},
        outcomes=built.outcomes.loc[names],
        labels=built.labels.loc[names],
    )
    assert_frame_equal(found.runs, alone.trials().runs)
    assert_frame_equal(found.segments, alone.trials().segments)


def test_the_sample_knows_the_seed_and_not_the_order_of_rows():
    built = small()
    plan = built.protocol.model_copy(update={"sample": 60})
    drawn = built.trials(protocol=plan).segments.index
    turned = {"load shape": built.features["load shape"].iloc[::-1]}
    assert drawn.equals(built.trials(protocol=plan, features=turned).segments.index)
    seeds = plan.seeds.model_copy(update={"main": (7,)})
    other = plan.model_copy(update={"seeds": seeds})
    assert not drawn.equals(built.trials(protocol=other).segments.index)


def test_very_many_customers_are_sampled_unasked(monkeypatch):
    monkeypatch.setattr(_trial_inputs, "MOST", 70)
    found = small().trials()
    assert (len(found.segments), found.n_customers) == (70, 90)


def test_what_helps_is_above_the_floors():
    built = small()
    runs = built.trials().runs
    assert values_of(runs, "quick").mean() > 0.3
    assert abs(values_of(runs, "random partition").mean()) < 0.15
    assert (values_of(runs, "one segment") == 0).all()


def test_a_method_that_fails_is_shown_as_failed_and_ranked_last():
    def refuse(self, X, y=None):
        if self.n_clusters == 3:
            raise RuntimeError("no\n  convergence")
        return Spy.fit(self, X)

    built = small(methods={"quick": {}, "poor": {}}, old=[])
    methods = {"quick": Quick(), "poor": spy(fit=refuse)}
    found = built.trials(methods=methods)
    lost = found.runs[(found.runs["method"] == "poor") & (found.runs["k"] == 3)]
    assert len(lost) == 6  # replicates by seeds
    assert lost["failed"].all() and lost["value"].isna().all()
    assert set(lost["reason"]) == {"RuntimeError: no convergence"}
    rest = found.runs.drop(lost.index)
    assert not rest["failed"].any() and (rest["reason"] == "").all()
    assert "poor" not in found.main_segments
    ranks = infer(found.runs, "usefulness", better="higher", k=3).methods
    assert ranks["method"].iloc[-1] == "poor"
    assert ranks["failed"].iloc[-1] == 1
    assert decide_by(built.protocol, found.runs).winner is None  # k - 1: as good


def test_settings_of_the_protocol_reach_the_method():
    settings = {"settings": {"reg_covar": 0.5, "covariance_type": "spherical"}}
    seen = []

    class Watched(GaussianMixture):
        def fit(self, X, y=None):
            seen.append(self.get_params())
            return super().fit(X)

    built = small(method=Watched(reg_covar=9.0), methods={"quick": settings})
    built.trials()
    assert {p["reg_covar"] for p in seen} == {0.5}
    assert {p["covariance_type"] for p in seen} == {"spherical"}
    assert {p["n_components"] for p in seen} == {2, 3, 4}
    assert built.methods["quick"].reg_covar == 9.0  # a copy is set


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        pytest.param({"settings": {"n_init": 3}}, "sets n_init of 'quick'", id="one"),
        pytest.param({"settings": {"a": 1, "b": 2}}, "sets a, b of 'quick'", id="two"),
    ],
)
def test_a_setting_that_a_method_lacks_is_named(plan, words):
    with pytest.raises(ValueError, match=words) as raised:
        small(methods={"quick": plan}).trials()
    assert "It has n_clusters, random_state" in str(raised.value)


def test_a_method_that_takes_no_number_is_told():
    class Bare(Quick):
        def __init__(self, random_state=0):
            self.random_state = random_state

    with pytest.raises(ValueError, match="sets k of 'quick'"):
        small(method=Bare()).trials()
    with pytest.raises(ValueError, match="does not plan it"):
        small().trials(methods={"quick": Quick(), "more": Quick()})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"methods": {}}, "'quick' is in neither", id="method"),
        pytest.param(
            {"features": {}}, "features 'load shape' of 'quick'", id="features"
        ),
        pytest.param({"labels": None}, "'tariff' is in neither", id="old class"),
    ],
)
def test_what_the_protocol_names_and_is_not_there_is_told(changes, words):
    with pytest.raises(ValueError, match=words) as raised:
        small().trials(**changes)
    assert "constructed.yaml" in str(raised.value)


def test_all_that_is_not_there_is_told_at_once():
    with pytest.raises(ValueError) as raised:
        small(metrics=("usefulness: rain",)).trials(labels=None, methods={})
    for word in ("'quick'", "'tariff'", "'usefulness: rain' is not known", "`without`"):
        assert word in str(raised.value)


@pytest.mark.parametrize("name", ["one segment", "random partition", "tariff"])
def test_nobody_takes_the_place_of_what_is_to_be_beaten(name):
    built = small()
    with pytest.raises(ValueError, match="always in"):
        built.trials(methods={**built.methods, name: Quick()})


def test_labels_do_not_take_the_place_of_a_floor():
    built = small()
    labels = built.labels.assign(**{"one segment": built.outcomes["arrears"]})
    with pytest.raises(ValueError, match="'one segment' is handed over"):
        built.trials(labels=labels)


# --- What was learnt is divided anew.


def test_what_was_learnt_is_divided_anew_for_other_numbers():
    divided = []

    def redivided(self, X, n_clusters):
        divided.append((self.random_state, len(X), n_clusters))
        return Quick(n_clusters, self.random_state).fit(X)

    method = spy(redivided=redivided)
    found = small(method=method).trials()
    # All customers and three replicates, by two seeds: one fit, two divisions.
    assert [k for *_, k, _ in method.fitted()] == [3] * 8
    assert len(divided) == 16
    assert {k for *_, k in divided} == {2, 4}
    assert len({seed for seed, *_ in divided}) == 8
    assert {size for _, size, _ in divided} == {90, 63}
    plain = small().trials()
    assert_frame_equal(found.runs, plain.runs)
    assert_frame_equal(found.segments, plain.segments)


# --- Who is there.


def test_customers_without_features_are_counted_once():
    built = small(methods={"quick": {"features": ["load shape", "payments"]}})
    X = built.features["load shape"].copy()
    payments = pd.DataFrame({"days": np.arange(90.0)}, X.index)
    X.iloc[:5, 1] = np.nan
    payments.iloc[3:9] = np.nan
    payments = payments.drop(X.index[20])
    outcomes = built.outcomes.astype(object)
    outcomes.iloc[30:32] = None
    outcomes = outcomes.drop(X.index[40])
    tables = {"load shape": X, "payments": payments}
    found = built.trials(features=tables, outcomes=outcomes)
    assert found.left_out.to_dict() == {
        "load shape": 5,
        "payments": 5,  # four of the six, and one that is not there
        "no outcome": 3,
    }
    assert len(found.segments) == 90 - 13


def test_nobody_with_all_features_is_told():
    built = small()
    with pytest.raises(ValueError, match="compare the index"):
        built.trials(features={"load shape": built.features["load shape"] * np.nan})


def test_outcomes_that_can_not_be_judged_are_told_and_the_rest_counts():
    built = small(metrics=("usefulness", "usefulness: fire", "usefulness: kwh"))
    rare = pd.Series(np.arange(90) < 4, built.outcomes.index)
    outcomes = built.outcomes[["kwh"]].assign(fire=rare, same=1.0)
    few = outcomes["kwh"].where(np.arange(90) < 30)
    found = built.trials(outcomes=outcomes.assign(few=few))
    assert set(found.unjudged) == {"fire", "same", "few"}
    assert found.unjudged["same"] == "the same for all customers"
    assert found.unjudged["few"].startswith("known of 30 customers: too few")
    runs = found.runs.set_index("score")
    assert runs.loc["usefulness: fire", "value"].isna().all()
    assert set(runs.loc["usefulness: fire", "reason"]) == {found.unjudged["fire"]}
    assert not runs["failed"].any()
    assert_series_equal(
        runs.loc["usefulness", "value"].reset_index(drop=True),
        runs.loc["usefulness: kwh", "value"].reset_index(drop=True),
    )


def test_the_order_of_rows_does_not_matter():
    built = small(metrics=("usefulness", "stability", "silhouette"))
    one = built.trials()
    rng = np.random.default_rng(0)
    mixed = {
        name: table.iloc[rng.permutation(len(table))]
        for name, table in (
            ("load shape", built.features["load shape"]),
            ("outcomes", built.outcomes),
            ("labels", built.labels),
        )
    }
    features = {"load shape": mixed.pop("load shape")}
    other = built.trials(features=features, **mixed)
    assert_frame_equal(one.runs, other.runs)
    assert_frame_equal(one.segments, other.segments)


def test_names_of_several_types_have_an_order():
    built = small()
    names = [i if i % 2 else f"c{i}" for i in range(90)]
    X = built.features["load shape"].set_axis(names)
    tables = {"features": {"load shape": X}, "labels": built.labels.set_axis(names)}
    tables["outcomes"] = built.outcomes.set_axis(names)
    assert len(built.trials(**tables).segments) == 90


# --- Stopped, and taken up.


class Stop(KeyboardInterrupt):
    """Somebody has had enough."""


def stop_at(words):
    def say(sentence):
        if sentence.startswith(words):
            raise Stop

    return say


def folders(path):
    return sorted(folder.name for folder in path.iterdir())


def test_a_comparison_that_was_stopped_goes_on_where_it_was(tmp_path):
    built = small(metrics=("usefulness", "stability"), n=4)
    with pytest.raises(Stop):
        built.trials(folder=tmp_path, say=stop_at("replicate 3 of 4"))
    found = built.trials(folder=tmp_path)
    assert found.taken_up == 2
    at_once = built.trials()
    assert at_once.taken_up == 0
    assert_frame_equal(found.runs, at_once.runs)
    assert_frame_equal(found.segments, at_once.segments)
    again = built.trials(folder=tmp_path)
    assert again.taken_up == 4
    assert_frame_equal(again.runs, at_once.runs)
    assert len(folders(tmp_path)) == 1


def test_what_is_finished_is_not_fitted_again(tmp_path):
    method = spy()
    built = small(method=method)
    built.trials(folder=tmp_path)
    fits = len(method.fitted())
    built.trials(folder=tmp_path)
    assert len(method.fitted()) == fits > 0


@pytest.mark.parametrize("content", [b"", b"no table", b"PAR1 cut off"])
def test_a_damaged_file_is_made_anew(tmp_path, content):
    built = small()
    whole = built.trials(folder=tmp_path)
    (own,) = tmp_path.iterdir()
    damaged = own / "replicate-001.parquet"
    size = damaged.stat().st_size
    damaged.write_bytes(content)
    found = built.trials(folder=tmp_path)
    assert found.taken_up == 2
    assert_frame_equal(found.runs, whole.runs)
    assert damaged.stat().st_size == pytest.approx(size, rel=0.1)
    assert not list(own.glob("*.half"))


def test_no_name_of_a_customer_is_filed(tmp_path):
    built = small()
    built.trials(folder=tmp_path)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*.parquet"))
    name = built.outcomes.index[0]
    assert name.encode() not in written


CHANGES = {
    "another feature": lambda b: {
        "features": {"load shape": 1 + b.features["load shape"]}
    },
    "another outcome": lambda b: {
        "outcomes": b.outcomes.assign(kwh=1 + b.outcomes["kwh"])
    },
    "another class": lambda b: {"labels": b.labels.replace("A", "Z")},
    "another name": lambda b: {
        "features": {"load shape": b.features["load shape"].add_prefix("x", axis=0)},
        "outcomes": b.outcomes.add_prefix("x", axis=0),
    },
    "another protocol": lambda b: {"protocol": small(n=4).protocol},
    "other settings": lambda b: {"methods": {"quick": Quick(random_state=8)}},
    "another class of methods": lambda b: {"methods": {"quick": spy()}},
    "another region": lambda b: {"region": "south"},
    "traits": lambda b: {"traits": b.features["load shape"]},
    "another space": lambda b: {"space": 2 * b.features["load shape"]},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_was_computed_from_something_else_is_not_taken_up(tmp_path, change):
    built = small()
    built.trials(folder=tmp_path)
    other = built.trials(folder=tmp_path, **change(built))
    assert other.taken_up == 0
    assert len(folders(tmp_path)) == 2


def test_the_order_of_rows_leads_to_the_same_folder(tmp_path):
    built = small()
    built.trials(folder=tmp_path)
    mixed = built.features["load shape"].sample(frac=1, random_state=0)
    assert built.trials(folder=tmp_path, features={"load shape": mixed}).taken_up == 3


def test_settings_that_are_not_printed_make_another_folder_too():
    """Of long settings an estimator prints the beginning and the end."""
    protocol = small().protocol
    means = np.arange(3000.0).reshape(1000, 3)
    other = means.copy()
    other[500, 1] = -1
    one, two = (
        {"quick": GaussianMixture(1000, means_init=values)} for values in (means, other)
    )
    assert repr(one) == repr(two)
    assert key_of(protocol, "r", one, {}) != key_of(protocol, "r", two, {})


def test_it_is_told_what_is_done_and_how_long_the_rest_may_take():
    told = []
    small(n=2).trials(say=told.append)
    assert told[0] == "all customers: quick"
    assert told[4].startswith("replicate 1 of 2: quick; about ")
    assert told[4].endswith(" s left")
    assert len(told) == 3 * 4
