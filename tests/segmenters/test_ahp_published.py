"""Weights, ratios and syntheses that others have published come out again."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from research.segmenters.ahp import (
    RANDOM_INDEX,
    complete_matrix,
    consistency,
    eigenvector_weights,
    geometric_weights,
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


def test_every_case_is_tested():
    kinds = {case["kind"] for case in CASES.values()}
    assert len(CASES) == 8
    assert kinds == {"single_matrix", "hierarchy", "incomplete_matrix"}
