"""Protocols: read strictly, hashed, and held against the runs."""

import copy
import hashlib

import pandas as pd
import pytest
from pydantic import ValidationError

from research.comparison import (
    WEIGHTED,
    ProtocolError,
    UnplannedError,
    complete,
    count_runs,
    decide_by,
    leaders_under,
    planned_runs,
    protocol_of,
    read_protocol,
    refuse_unplanned,
    shipped_protocol,
    weighted_runs,
    wider_than_usual,
)
from research.region.strict_yaml import read_yaml
from research.segmenters import AHP

TEXT = """\
question: Which segments foretell the next quarter best?
methods:
  k-means: {settings: {n_init: 20, scale: peak, layers: [48, 8]}}
  RFM: {features: [payments], takes_k: false, takes_seed: false}
old_classes: [tariff]
features: [load_shape]
k: {grid: [3, 4, 5], main: 4}
seeds: {main: [0, 1], other: [10]}
replicates: {kind: splits, number: 3, test_share: 0.2}
metrics:
  R2: {better: higher, worst: 0, best: 0.5}
  sizes: {better: lower, worst: 1, best: 0}
primary: R2
decision: {weights: {R2: 0.75, sizes: 0.25}, margin: 0.01}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "protocol.yaml"
    path.write_text(TEXT, "utf-8")
    return path


@pytest.fixture
def protocol(file):
    return read_protocol(file, read_yaml)


def test_a_sample_is_a_number_of_customers_or_none(file, protocol):
    assert protocol.sample is None
    file.write_text(f"{TEXT}sample: 2000\n", "utf-8")
    assert read_protocol(file, read_yaml).sample == 2000
    for wrong in ("99", "0.1", "all", "true"):
        file.write_text(f"{TEXT}sample: {wrong}\n", "utf-8")
        with pytest.raises(ProtocolError, match=r"line 15, sample: found .*at least"):
            read_protocol(file, read_yaml)


@pytest.fixture
def runs(protocol):
    """All planned runs of region A: k-means is the best."""
    worth = {"k-means": 0.4, "RFM": 0.2, "tariff": 0.1}
    runs = planned_runs(protocol, ["A"])
    value = runs["method"].map(worth).fillna(0) + 0.001 * runs["replicate"]
    return runs.assign(value=value, failed=False)


def test_the_hash_is_that_of_the_file(file, protocol):
    assert protocol.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert protocol.source == "protocol.yaml"
    file.write_text(TEXT + "# later\n", "utf-8")
    assert read_protocol(file, read_yaml).sha256 != protocol.sha256


def test_what_is_always_in_is_in(protocol):
    assert list(protocol.methods) == [
        "k-means",
        "RFM",
        "random partition",
        "one segment",
        "tariff",
    ]
    assert protocol.methods["random partition"].takes_k
    assert not protocol.methods["one segment"].takes_k
    assert not protocol.methods["tariff"].takes_seed


def test_values_come_in_their_types(protocol):
    assert protocol.methods["k-means"].settings["layers"] == (48, 8)
    assert protocol.features_of("k-means") == ("load_shape",)
    assert protocol.features_of("RFM") == ("payments",)
    assert protocol.replicates.test_over_train == pytest.approx(0.25)
    assert (protocol.score, protocol.better) == ("R2", "higher")


def test_what_was_read_can_not_change(protocol):
    with pytest.raises(ValidationError):
        protocol.primary = "sizes"
    for mapping in (protocol.metrics, protocol.methods["k-means"].settings):
        with pytest.raises(TypeError):
            mapping["more"] = 1


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param(
            "primary: R2",
            "primary: R3",
            ["R3", "R2, sizes"],
            id="primary",
        ),
        pytest.param(
            "settings:",
            "setings:",
            ["line 3, methods.k-means.setings", "Did you mean settings?", "takes_k"],
            id="unknown key",
        ),
        pytest.param(
            "question",
            "qestion",
            ["line 1, qestion: unknown", "Did you mean question?", "required"],
            id="unknown key at the top",
        ),
        pytest.param(
            "main: 4",
            "main: 5",
            ["line 7, k: grid lacks 6", "add them"],
            id="neighbours",
        ),
        pytest.param(
            "main: 4",
            'main: "4"',
            ['line 7, k.main: found "4"', "Example: k:"],
            id="type",
        ),
        pytest.param(
            "[3, 4, 5]", "[3, 4, 5, 4]", ["k.grid: 4 stands twice"], id="k twice"
        ),
        pytest.param(
            "main: [0, 1]",
            "main: [0, 1, 0]",
            ["line 8, seeds.main: 0 stands twice"],
            id="seed twice",
        ),
        pytest.param(
            "other: [10]", "other: [1]", ["share seed 1", "other numbers"], id="seeds"
        ),
        pytest.param(
            "kind: splits", "kind: folds", ['"folds"', "bootstrap"], id="choice"
        ),
        pytest.param(
            "test_share: 0.2", "test_share: 1.2", ["replicates.test_share"], id="share"
        ),
        pytest.param(", test_share: 0.2", "", ["add it"], id="splits without share"),
        pytest.param(
            "sizes: 0.25", "sizes: 0.5", ["weights sum to 1.25"], id="weights"
        ),
        pytest.param(
            "sizes: {better: lower, worst: 1, best: 0}",
            "sizes: {better: lower}",
            ["metrics.sizes has a weight and no worst and best"],
            id="weight without a scale",
        ),
        pytest.param(
            "worst: 1, best: 0", "worst: 0, best: 1", ["swap them"], id="direction"
        ),
        pytest.param(
            "  RFM:",
            "  one segment:",
            ["line 4, methods.one segment", "always in", "rename"],
            id="a floor",
        ),
        pytest.param(
            "old_classes: [tariff]\n",
            "",
            ["old_classes", "required", "or [] where there are none"],
            id="old classes",
        ),
        pytest.param(
            "question:", "sha256: abc\nquestion:", ["sha256: unknown key"], id="hash"
        ),
        pytest.param(
            "n_init: 20",
            "n_init: {at: 20}",
            ["methods.k-means.settings.n_init: found", "a setting is a number"],
            id="setting",
        ),
    ],
)
def test_a_fault_is_told_with_place_and_mend(file, old, new, told):
    assert TEXT.count(old) == 1
    file.write_text(TEXT.replace(old, new), "utf-8")
    with pytest.raises(ProtocolError) as error:
        read_protocol(file, read_yaml)
    assert "protocol.yaml line " in str(error.value)
    for part in told:
        assert part in str(error.value)


def test_equal_keys_are_refused_by_the_reader(file):
    file.write_text(TEXT + "primary: sizes\n", "utf-8")
    with pytest.raises(ValueError, match="duplicate key 'primary'"):
        read_protocol(file, read_yaml)


def test_all_faults_are_told_at_once():
    with pytest.raises(ProtocolError) as error:
        protocol_of({"primary": 3})
    assert len(str(error.value).splitlines()) == 10


@pytest.mark.parametrize("values", [None, [], "protocol"])
def test_what_is_no_mapping_is_refused(values):
    with pytest.raises(ProtocolError, match="a protocol is a mapping"):
        protocol_of(values)


def test_a_dict_has_a_hash_that_its_order_does_not_change(file):
    values, _ = read_yaml(file)
    before = copy.deepcopy(values)
    turned = dict(reversed(values.items()))
    assert protocol_of(values).sha256 == protocol_of(turned).sha256
    assert values == before
    assert protocol_of(values | {"question": "?"}).sha256 != protocol_of(values).sha256


def test_all_runs_are_planned(protocol):
    plan = planned_runs(protocol, ["A", "B"])
    by_hand = {"k-means": 3 * 3, "random partition": 3 * 3}
    for method, count in plan["method"].value_counts().items():
        assert count == 2 * 3 * 2 * by_hand.get(method, 1)
    assert not plan.duplicated().any()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param({"method": "SOM"}, "no method SOM", id="method"),
        pytest.param({"score": "silhouette"}, "no score silhouette", id="score"),
        pytest.param({"seed": 7}, "no seed 7", id="seed"),
        pytest.param({"k": 9}, "no k 9 .* Planned: 3, 4, 5", id="k"),
        pytest.param({"replicate": 3}, "no replicate 3", id="replicate"),
        pytest.param(
            {"method": "tariff"}, "tariff with no k and no seed", id="combination"
        ),
    ],
)
def test_what_is_not_planned_is_refused_unless_it_is_marked(
    protocol, runs, change, told
):
    more = pd.DataFrame([runs.iloc[0].to_dict() | change])
    both = pd.concat([runs, more.astype({"k": "Int64", "seed": "Int64"})])
    if "method" in change:
        runs = runs[runs["method"] != change["method"]]
        both = pd.concat([runs, more.astype({"k": "Int64", "seed": "Int64"})])
    with pytest.raises(UnplannedError, match=told) as error:
        refuse_unplanned(protocol, both)
    assert "Mark such runs as added" in str(error.value)
    marked = both.assign(added=[False] * len(runs) + [True])
    assert refuse_unplanned(protocol, marked)["added"].sum() == 1


def test_a_planned_run_can_not_be_marked_as_added(protocol, runs):
    with pytest.raises(UnplannedError, match="Take the mark off"):
        refuse_unplanned(protocol, runs.assign(added=True))


def test_as_many_are_shown_as_planned(protocol, runs):
    lost = runs[(runs["method"] != "RFM") | (runs["replicate"] > 0)]
    failed = lost.assign(failed=lost["method"] == "tariff")
    more = failed[failed["method"] == "k-means"].assign(method="SOM", added=True)
    both = pd.concat([failed.assign(added=False), more])
    found = complete(protocol, both)
    assert (~found["added"]).sum() == len(planned_runs(protocol, ["A"]))
    assert found.loc[found["missing"], "method"].unique().tolist() == ["RFM"]
    assert found.loc[found["missing"], "failed"].all()
    counts = count_runs(found).set_index("method")
    assert (
        counts[["ended", "failed", "missing"]].sum(axis=1) == counts["planned"]
    ).all()
    assert counts.loc["RFM", ["planned", "missing"]].tolist() == [6, 2]
    assert counts.loc["tariff", "failed"] == 6
    assert counts.loc["SOM", ["planned", "added"]].tolist() == [0, 54]


def test_a_region_that_was_not_run_is_shown_as_missing(protocol, runs):
    found = complete(protocol, runs, regions=["A", "B"])
    assert found.loc[found["region"] == "B", "missing"].all()
    assert len(found) == 2 * len(runs)


def test_weights_make_one_score_on_a_fixed_scale(protocol, runs):
    runs = runs.copy()
    runs["value"] = runs["score"].map({"R2": 0.4, "sizes": 0.2})
    found = weighted_runs(protocol, complete(protocol, runs))
    # .75 of .4 / .5, .25 of (.2 - 1) / (0 - 1).
    assert found["value"].unique() == pytest.approx([0.75 * 0.8 + 0.25 * 0.8])
    assert len(found) == len(runs) / 2
    assert (found["score"] == WEIGHTED).all()
    assert not found["failed"].any()


def test_a_criterion_that_failed_fails_the_weighted_one(protocol, runs):
    runs = runs.assign(failed=(runs["score"] == "sizes") & (runs["method"] == "RFM"))
    found = weighted_runs(protocol, complete(protocol, runs))
    assert found.loc[found["failed"], "method"].unique().tolist() == ["RFM"]


def test_the_planned_rule_decides_and_what_was_added_does_not_count(protocol, runs):
    more = runs[runs["method"] == "k-means"].assign(method="SOM", added=True, value=9)
    runs = pd.concat([runs.assign(added=False), more])
    found = decide_by(protocol, runs)
    assert (found.winner, found.runner_up) == ("k-means", "RFM")
    assert found.lead == pytest.approx(0.2)


def test_what_was_left_out_after_the_fact_can_not_win(protocol, runs):
    kept = runs[(runs["method"] != "k-means") | (runs["replicate"] == 0)]
    assert decide_by(protocol, kept).winner != "k-means"


def test_the_rule_may_go_by_weights(file, runs):
    file.write_text(TEXT.replace("{weights", "{by: weights, weights"), "utf-8")
    protocol = read_protocol(file, read_yaml)
    found = decide_by(protocol, runs)
    assert (found.score, found.better) == (WEIGHTED, "higher")
    assert found.leader == "k-means"


@pytest.mark.parametrize("about", ["load", "payments"])
@pytest.mark.parametrize("name", ["default", "quick"])
def test_shipped_protocols_weigh_by_the_judgements_beside_them(name, about):
    path = shipped_protocol(name, about)
    protocol = read_protocol(path, read_yaml)
    assert {"k-means", "hybrid network", "RFM", "credit grade"} < set(protocol.methods)
    weights = protocol.decision.weights
    table = pd.DataFrame(0.0, index=[0], columns=list(weights))
    judged = AHP(path.parent / "judgements.yaml").fit(table)
    assert list(weights.values()) == pytest.approx(judged.weights_, abs=1e-3)
    assert judged.consistency_["consistent"].all()


@pytest.mark.parametrize("about", ["load", "payments"])
def test_the_quick_protocol_asks_what_the_default_one_asks(about):
    default, quick = (
        read_protocol(shipped_protocol(name, about), read_yaml)
        for name in ("default", "quick")
    )
    for part in ("question", "old_classes", "k", "metrics", "primary", "decision"):
        assert getattr(quick, part) == getattr(default, part)
    assert set(quick.methods) < set(default.methods)
    assert quick.replicates.number < default.replicates.number == 20


@pytest.fixture
def ended(protocol):
    """All planned runs: the sizes of segments decide for RFM, R2 for k-means."""
    runs = planned_runs(protocol, ["A"])
    worth = {
        ("k-means", "R2"): 0.4,
        ("k-means", "sizes"): 0.9,
        ("RFM", "R2"): 0.2,
        ("RFM", "sizes"): 0.1,
    }
    value = [
        worth.get((m, s), 0.0) for m, s in zip(runs.method, runs.score, strict=True)
    ]
    return complete(protocol, runs.assign(value=value, failed=False))


def test_who_leads_depends_on_the_weights(protocol, ended):
    by_use = leaders_under(protocol, ended, [[1.0, 0.0]], ["k-means", "RFM"])
    assert by_use.to_dict() == {"k-means": 1.0, "RFM": 0.0}
    by_size = leaders_under(protocol, ended, [[0.0, 1.0]], ["k-means", "RFM"])
    assert by_size.to_dict() == {"k-means": 0.0, "RFM": 1.0}
    # R2 of .4 is .8 of its scale and .2 is .4; sizes of .9 are .1 of theirs and .1 .9.
    both = leaders_under(protocol, ended, [[0.7, 0.3], [0.6, 0.4]], ["k-means", "RFM"])
    assert both.to_dict() == {"k-means": 0.5, "RFM": 0.5}
    with pytest.raises(ValueError, match="weighs 2 criteria"):
        leaders_under(protocol, ended, [[1.0]])


def test_intervals_of_fewer_replicates_are_wider(protocol):
    # 3 splits, a fifth tested: t of 2 degrees of freedom against t of 19.
    by_hand = 4.302653 / 2.093024 * ((1 / 3 + 0.25) / (1 / 20 + 0.25)) ** 0.5
    assert wider_than_usual(protocol) == pytest.approx(by_hand, rel=1e-5)
