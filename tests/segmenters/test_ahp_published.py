"""Weights, ratios and syntheses that others have published come out again."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from research.segmenters.ahp import (
    AHP,
    RANDOM_INDEX,
    complete_matrix,
    consistency,
    eigenvector_weights,
    fuzzy_weights,
    geometric_weights,
    judgements_of_table,
    leaf_weights,
    random_index,
    synthesize,
    weigh_hierarchy,
)

PUBLISHED = json.loads((Path(__file__).parent / "ahp_cases.json").read_text("utf-8"))
CASES = {case["id"]: case for case in PUBLISHED["cases"]}
MATRICES = [id for id, case in CASES.items() if case["kind"] == "single_matrix"]
HIERARCHIES = [id for id, case in CASES.items() if case["kind"] == "hierarchy"]
TABLE = {"ahpsurvey_sim": "simulated"}


def matrix_of(case):
    return np.array([[float(Fraction(cell)) for cell in row] for row in case["input"]])


def labelled(children, pairs):
    """Labelled matrix of pairs such as {"a|b": 3}; NaN where none is given."""
    matrix = pd.DataFrame(np.nan, children, children)
    for child in children:
        matrix.loc[child, child] = 1.0
    for pair, value in pairs.items():
        first, second = pair.split("|")
        matrix.loc[first, second], matrix.loc[second, first] = value, 1 / value
    return matrix


@pytest.mark.parametrize("id", MATRICES)
def test_published_weights_come_out(id):
    expected = CASES[id]["expected"]["weights"]
    weights = eigenvector_weights(matrix_of(CASES[id]))
    assert_allclose(weights, expected["value"], atol=expected["tol"])


@pytest.mark.parametrize("id", MATRICES)
def test_published_consistency_comes_out(id):
    expected = CASES[id]["expected"]
    found = consistency(matrix_of(CASES[id]), expected["CR"]["random_index"])
    assert found.cr == pytest.approx(expected["CR"]["value"], abs=expected["CR"]["tol"])
    if "lambda_max" in expected:
        lambda_max = expected["lambda_max"]
        assert found.lambda_max == pytest.approx(
            lambda_max["value"], abs=lambda_max["tol"]
        )


@pytest.mark.parametrize("id", MATRICES)
@pytest.mark.parametrize("table", ["saaty1980", "saaty2005", "donegan_dodd1991"])
def test_every_table_gives_its_own_ratio(id, table):
    measured = CASES[id]["measured"]
    found = consistency(matrix_of(CASES[id]), table)
    assert found.cr == pytest.approx(measured["CR"][table], abs=1e-6)
    assert found.ci == pytest.approx(measured["CI"], abs=1e-6)


@pytest.mark.parametrize("id", MATRICES)
def test_the_geometric_weights_come_out(id):
    measured = CASES[id]["measured"]["weights_geometric"]
    assert_allclose(geometric_weights(matrix_of(CASES[id])), measured, atol=1e-6)


def test_the_method_decides_which_criterion_of_the_house_comes_second():
    case = CASES["house_saaty1990"]
    published = case["expected"]["weights_geometric"]
    by_mean = geometric_weights(matrix_of(case))
    assert_allclose(by_mean, published["value"], atol=published["tol"])
    second = case["labels"].index("neighbourhood"), case["labels"].index("condition")
    by_vector = eigenvector_weights(matrix_of(case))
    assert by_vector[second[0]] > by_vector[second[1]]
    assert by_mean[second[0]] < by_mean[second[1]]


@pytest.mark.parametrize("id", HIERARCHIES)
def test_published_priorities_of_alternatives_come_out(id):
    case = CASES[id]
    matrices = {
        name: labelled(node["children"], node["pairs"])
        for name, node in case["nodes"].items()
    }
    weights, _ = weigh_hierarchy(matrices, case["root"])
    expected = case["expected"]["alternatives"]
    found = leaf_weights(weights)
    assert set(found.index) == set(expected["value"])
    for name, value in expected["value"].items():
        assert found[name] == pytest.approx(value, abs=expected["tol"])
        assert found[name] == pytest.approx(case["measured"][name], abs=1e-6)


def test_consistency_of_every_node_of_the_leader_example_comes_out():
    case = CASES["leader_wikipedia"]
    matrices = {
        name: labelled(node["children"], node["pairs"])
        for name, node in case["nodes"].items()
    }
    _, found = weigh_hierarchy(matrices, "Goal", random_index="saaty2005")
    ratios = found.set_index("node")["cr"].round(3)
    assert ratios[["Goal", "Experience", "Education"]].tolist() == [0.044, 0.035, 0.062]


def test_the_completion_of_bozoki_and_others_comes_out():
    case = CASES["incomplete_bozoki2010_4x4"]
    matrix = labelled(list("abcd"), case["input"])
    completed = complete_matrix(matrix.to_numpy())
    missing, cr = case["expected"]["missing"], case["expected"]["CR"]
    assert completed[2, 3] == pytest.approx(missing["value"]["c|d"], abs=missing["tol"])
    weights = case["expected"]["weights"]
    found = dict(zip("abcd", eigenvector_weights(completed), strict=True))
    assert found == pytest.approx(weights["value"], abs=weights["tol"])
    ratio = consistency(completed, cr["random_index"]).cr
    assert ratio == pytest.approx(cr["value"], abs=cr["tol"])


@pytest.mark.parametrize(
    "table", ["saaty1980", "saaty2005", "donegan_dodd1991", "ahpsurvey_sim"]
)
def test_the_tables_are_as_published(table):
    name = TABLE.get(table, table)
    assert list(RANDOM_INDEX[name]) == PUBLISHED["random_index"][table]
    assert [random_index(n, name) for n in PUBLISHED["random_index"]["n"]] == (
        PUBLISHED["random_index"][table]
    )


def test_the_choice_of_a_school_comes_out():
    """T. L. Saaty, The Analytic Hierarchy Process, 1980: weights and priorities."""
    criteria = [
        [1, 4, 3, 1, 3, 4],
        [1 / 4, 1, 7, 3, 1 / 5, 1],
        [1 / 3, 1 / 7, 1, 1 / 5, 1 / 5, 1 / 6],
        [1, 1 / 3, 5, 1, 1, 1 / 3],
        [1 / 3, 5, 5, 1, 1, 3],
        [1 / 4, 1, 6, 3, 1 / 3, 1],
    ]
    schools = [
        [[1, 1 / 3, 1 / 2], [3, 1, 3], [2, 1 / 3, 1]],
        [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
        [[1, 5, 1], [1 / 5, 1, 1 / 5], [1, 5, 1]],
        [[1, 9, 7], [1 / 9, 1, 1 / 5], [1 / 7, 5, 1]],
        [[1, 1 / 2, 1], [2, 1, 2], [1, 1 / 2, 1]],
        [[1, 6, 4], [1 / 6, 1, 1 / 3], [1 / 4, 3, 1]],
    ]
    weights = eigenvector_weights(criteria)
    assert_allclose(weights, [0.32, 0.14, 0.03, 0.13, 0.24, 0.14], atol=0.006)
    local = np.array([eigenvector_weights(matrix) for matrix in schools]).T
    assert_allclose(local[:, 3], [0.77, 0.05, 0.17], atol=0.006)
    assert_allclose(synthesize(weights, local), [0.37, 0.38, 0.25], atol=0.006)
    assert consistency(criteria).cr > 0.1


def upper(*rows):
    """Matrix of the judgements above its diagonal."""
    n = len(rows) + 1
    matrix = np.ones((n, n))
    for i, row in enumerate(rows):
        matrix[i, i + 1 :] = row
        matrix[i + 1 :, i] = 1 / np.array(row)
    return matrix


@pytest.mark.parametrize(
    ("matrix", "weights", "lambda_max"),
    [
        pytest.param(
            upper([5, 6, 7], [4, 6], [4]), [0.61, 0.24, 0.10, 0.05], 4.39, id="light 1"
        ),
        pytest.param(
            upper([4, 6, 7], [3, 4], [2]), [0.62, 0.22, 0.10, 0.06], 4.10, id="light 2"
        ),
        pytest.param(
            [
                [1, 1 / 3, 8, 3, 3, 7],
                [3, 1, 9, 3, 3, 9],
                [1 / 8, 1 / 9, 1, 1 / 6, 1 / 5, 2],
                [1 / 3, 1 / 3, 6, 1, 1 / 3, 6],
                [1 / 3, 1 / 3, 5, 3, 1, 6],
                [1 / 7, 1 / 9, 1 / 2, 1 / 6, 1 / 6, 1],
            ],
            [0.263, 0.397, 0.033, 0.116, 0.164, 0.027],
            6.45,
            id="distances from Philadelphia",
        ),
    ],
)
def test_what_saaty_measured_comes_out(matrix, weights, lambda_max):
    """T. L. Saaty, The Analytic Hierarchy Process, 1980: brightness and distance."""
    assert_allclose(eigenvector_weights(matrix), weights, atol=0.01)
    assert consistency(matrix).lambda_max == pytest.approx(lambda_max, abs=0.01)


@pytest.mark.parametrize(
    ("matrix", "weights"),
    [
        pytest.param(
            upper([3, 7, 3], [9, 1], [1 / 7]), [0.510, 0.234, 0.041, 0.215], id="goal"
        ),
        pytest.param(
            upper([2, 5, 3], [2, 2], [1 / 2]), [0.488, 0.252, 0.100, 0.161], id="cost"
        ),
        pytest.param(upper([1 / 5]), [0.167, 0.833], id="capacity"),
    ],
)
def test_the_choice_of_a_car_comes_out(matrix, weights):
    """The family's car of the encyclopaedia's article on the method."""
    assert_allclose(eigenvector_weights(matrix), weights, atol=0.0012)


def test_the_choice_of_a_computer_comes_out():
    """Triantaphyllou and Mann 1995, whose weights are geometric means."""
    systems = [
        (upper([6, 8], [4]), [0.754, 0.181, 0.065], 0.117),
        (upper([7, 1 / 5], [1 / 8]), [0.233, 0.055, 0.713], 0.213),
        (upper([8, 6], [1 / 4]), [0.754, 0.065, 0.181], 0.117),
        (upper([5, 4], [1 / 3]), [0.674, 0.101, 0.226], 0.074),
    ]
    for matrix, weights, cr in systems:
        assert_allclose(geometric_weights(matrix), weights, atol=0.001)
        assert consistency(matrix).cr == pytest.approx(cr, abs=0.001)
    criteria = geometric_weights(upper([5, 3, 7], [1 / 3, 5], [6]))
    assert_allclose(criteria, [0.553, 0.131, 0.271, 0.045], atol=0.001)


def test_the_choice_of_a_holiday_comes_out():
    """姜启源 数学模型: five criteria, three places, weights of the places."""
    criteria = CASES["tourism_jiang_qiyuan"]
    places = [
        (upper([2, 5], [2]), [0.595, 0.277, 0.129]),
        (upper([1 / 3, 1 / 8], [1 / 3]), [0.082, 0.236, 0.682]),
        (upper([1, 3], [3]), [0.429, 0.429, 0.142]),
        (upper([3, 4], [1]), [0.633, 0.193, 0.175]),
        (upper([1, 1 / 4], [1 / 4]), [0.166, 0.166, 0.668]),
    ]
    for matrix, weights in places:
        assert_allclose(eigenvector_weights(matrix), weights, atol=0.0014)
    local = np.array([eigenvector_weights(matrix) for matrix, _ in places]).T
    found = synthesize(eigenvector_weights(matrix_of(criteria)), local)
    assert_allclose(found, [0.300, 0.246, 0.456], atol=0.001)


CITIES = ["Bethesda", "Boston", "Pittsburgh", "Santa Fe"]
MOVE = {
    "goal": upper([1 / 5, 3, 1 / 2, 5], [7, 1, 7], [1 / 4, 3], [7]),
    "culture": upper([1 / 2, 1, 1 / 2], [2.5, 1], [1 / 2.5]),
    "family": upper([2, 1 / 3, 4], [1 / 8, 2], [9]),
    "housing": upper([5, 1 / 2, 2.5], [1 / 9, 1 / 4], [7]),
    "jobs": upper([1 / 2, 3, 4], [6, 8], [1]),
    "transport": upper([1.5, 1 / 2, 4], [1 / 3.5, 2.5], [9]),
}


def test_the_choice_of_a_city_comes_out():
    """Saaty 2005, as the tests of AHPy print it to four digits."""
    children = [*MOVE][1:]
    matrices = {
        name: pd.DataFrame(matrix, *[children if name == "goal" else CITIES] * 2)
        for name, matrix in MOVE.items()
    }
    weights, _ = weigh_hierarchy(matrices, "goal")
    assert leaf_weights(weights).round(4).to_dict() == {
        "Bethesda": 0.2291,
        "Boston": 0.2748,
        "Pittsburgh": 0.3852,
        "Santa Fe": 0.1110,
    }


def test_the_house_with_twelve_gaps_is_filled_as_published():
    """Bozoki, Fulop and Ronyai 2010; the filling as the tests of AHPy print it."""
    judged = {
        **{"a|b": 5, "a|c": 3, "a|d": 7, "a|e": 6, "a|f": 6, "b|d": 5, "b|f": 3},
        **{"c|e": 3, "c|g": 6, "f|d": 4, "g|a": 3, "g|e": 5, "h|a": 4, "h|b": 7},
        **{"h|d": 8, "h|f": 6},
    }
    filled = {
        **{"b|c": 0.3300187, "b|e": 1.7197409, "b|g": 0.4663515, "c|d": 9.9205127},
        **{"c|f": 4.8524864, "c|h": 0.5696073, "d|e": 0.5252768, "d|g": 0.1424438},
        **{"e|f": 0.9311974, "e|h": 0.1093083, "f|g": 0.2912121, "g|h": 0.4030899},
    }
    matrix = labelled(list("abcdefgh"), judged)
    found = pd.DataFrame(complete_matrix(matrix), matrix.index, matrix.columns)
    for pair, value in filled.items():
        assert found.loc[*pair.split("|")] == pytest.approx(value, rel=1e-4)


def test_harkers_example_with_a_gap_comes_out():
    """P. T. Harker 1987: weights 4, 2, 1 of 7 without the third judgement."""
    gap = np.nan
    matrix = [[1, 2, gap], [1 / 2, 1, 2], [gap, 1 / 2, 1]]
    assert_allclose(
        eigenvector_weights(complete_matrix(matrix)), np.array([4, 2, 1]) / 7
    )


def test_fuzzy_weights_agree_with_those_of_another_library():
    """The example of pyDecision's fuzzy AHP, worked out with its formula by hand."""
    lower = [[1, 4, 3, 6], [1 / 6, 1, 1 / 3, 2], [1 / 5, 1, 1, 2]]
    lower = np.array([*lower, [1 / 8, 1 / 4, 1 / 4, 1]])
    modal = [[1, 5, 4, 7], [1 / 5, 1, 1 / 2, 3], [1 / 4, 2, 1, 3]]
    modal = np.array([*modal, [1 / 7, 1 / 3, 1 / 3, 1]])
    weights = fuzzy_weights(lower, modal, 1 / lower.T)
    assert_allclose(weights.lower, [0.4282, 0.0849, 0.1169, 0.0437], atol=5e-5)
    assert_allclose(weights.modal, [0.6097, 0.1312, 0.1962, 0.0629], atol=5e-5)
    assert_allclose(weights.upper, [0.8588, 0.2182, 0.3086, 0.0986], atol=5e-5)
    assert_allclose(weights.crisp, [0.6006, 0.1375, 0.1969, 0.0650], atol=5e-5)


def test_the_estimator_gives_the_published_ratio_of_a_matrix_with_a_gap():
    """Bozoki and others measure against a full matrix, later ones do not."""
    case = CASES["incomplete_bozoki2010_4x4"]
    matrix = labelled(list("abcd"), case["input"])
    ahp = AHP(
        judgements_of_table(matrix, incomplete=True), random_index="donegan_dodd1991"
    ).fit(pd.DataFrame(np.zeros((1, 4)), columns=list("abcd")))
    weights = case["expected"]["weights"]["value"]
    assert dict(zip("abcd", ahp.weights_, strict=True)) == pytest.approx(
        weights, abs=1e-4
    )
    (row,) = ahp.consistency_.to_dict("records")
    assert row["cr_unadjusted"] == pytest.approx(0.0372, abs=1e-4)
    assert row["cr"] == pytest.approx(row["cr_unadjusted"] * 3 / 2)


def test_every_case_is_tested():
    kinds = {case["kind"] for case in CASES.values()}
    assert len(CASES) == 8
    assert kinds == {"single_matrix", "hierarchy", "incomplete_matrix"}
