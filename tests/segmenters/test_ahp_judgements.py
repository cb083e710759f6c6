"""Files of judgements: what is read, what is flagged, what is refused and how."""

import csv
import datetime as dt
import json
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from planted import ROOT, SHARED

from research.segmenters import AHP, JudgementError
from research.segmenters.ahp import judgements_of_table, read_judgements, weigh

GOOD = """\
,arrears,delay,usage,tenure
arrears,1,3,5,7
delay,1/3,1,3,5
usage,1/5,1/3,1,3
tenure,1/7,1/5,1/3,1
"""
FEATURES = ["arrears", "delay", "usage", "tenure"]
YAML = """\
goal: credit
title: {en: Who pays on time, zh: 信用等级}
judged:
  - {by: assumption, on: 2026-03-01, basis: an example}
criteria:
  payment:
    title: {en: How bills are paid, zh: 缴费行为}
    criteria: [delay, arrears]
    pairs: {delay over arrears: 3}
  usage:
  tenure: {title: 年限}
pairs:
  payment over usage: 3
  payment over tenure: 5
  usage over tenure: 1/2
"""


@pytest.fixture
def read(tmp_path):
    def read_text(text, name="ahp.csv", encoding="utf-8", **rules):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return read_judgements(path, **rules)

    return read_text


def refused(read, *args, **kwargs):
    with pytest.raises(JudgementError) as caught:
        read(*args, **kwargs)
    return str(caught.value)


def matrix_of(judgements):
    (comparison,) = judgements.comparisons
    (matrix,) = comparison.matrices
    return matrix


def test_a_csv_file_is_read(read):
    judgements = read(GOOD)
    assert judgements.file == "ahp.csv"
    assert judgements.criteria == tuple(FEATURES)
    assert_allclose(matrix_of(judgements)[0], [1, 3, 5, 7])
    assert_allclose(matrix_of(judgements)[3], [1 / 7, 1 / 5, 1 / 3, 1])
    assert judgements.flags.empty
    assert judgements.judges[0].by == "unnamed"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("delay,1/3", "delay,1/2", ["delay", "arrears", "'1/2'", "reciprocal", "1/3"]),
        ("arrears,1,3", "arrears,1,0", ["delay", "arrears", "'0'", "zero"]),
        ("arrears,1,3", "arrears,1,0/3", ["delay", "arrears", "'0/3'", "zero"]),
        ("arrears,1,3", "arrears,1,3/0", ["'3/0'", "division by zero"]),
        ("arrears,1,3", "arrears,1,-3", ["delay", "arrears", "'-3'", "negative"]),
        ("arrears,1,3", "arrears,1,−3", ["delay", "'−3'", "negative"]),
        ("arrears,1,3", "arrears,1,much", ["arrears", "delay", "'much'", "no number"]),
        ("arrears,1,3", "arrears,1,", ["arrears", "delay", "empty", "incomplete"]),
        ("arrears,1,3", "arrears,1,1e300", ["arrears", "delay", "'1e300'", "1000"]),
        ("arrears,1,3", "arrears,1,1e999999999", ["'1e999999999'", "1000"]),
        ("arrears,1,3", "arrears,1,1e-300", ["'1e-300'", "1/1000"]),
        ("arrears,1,3", "arrears,1," + "9" * 400, ["arrears", "'999", "number"]),
        ("arrears,1,3", "arrears,1,inf", ["'inf'", "no number"]),
        ("arrears,1,3", "arrears,1,3:1", ["'3:1'", "fraction"]),
        ("arrears,1,3", 'arrears,1,"0,33"', ["'0,33'", "decimal comma"]),
        ("delay,1/3", "delay,3-Jan", ["'3-Jan'", "date", "text"]),
        ("delay,1/3", "delay,1月3日", ["'1月3日'", "date"]),
        ("delay,1/3", "delay,2024/1/3", ["'2024/1/3'", "date"]),
        ("delay,1/3,1,", "delay,1/3,2,", ["row delay, column delay", "'2'", "write 1"]),
        ("delay,1/3", "delay,0.3", ["'0.3'", "reciprocal"]),
        ("delay,1/3", "delay,0.36", ["'0.36'", "reciprocal"]),
        (",usage,tenure", ",usage,usage", ["'usage' stands 2 times"]),
        (",usage,tenure", ",usage,", ["columns: number 4 has no name"]),
        ("tenure,1/7,1/5,1/3,1\n", "", ["4 columns, 3 rows", "'tenure' has no row"]),
        (",tenure\n", "\n", ["3 columns, 4 rows", "'tenure' has no column"]),
        ("usage,1/5,1/3,1,3", "usage,1/5,1/3,1", ["row usage: 3 cells"]),
        ("usage,1/5,1/3,1,3", "usage,1/5,1/3,1,3,9", ["row usage", "5 cells"]),
        ("usage,1/5", "colour,1/5", ["row colour", "column usage"]),
    ],
)
def test_a_fault_is_named_with_its_cell_and_value(read, old, new, named):
    assert old in GOOD
    message = refused(read, GOOD.replace(old, new, 1))
    assert message.startswith("ahp.csv: ")
    assert not [word for word in named if word not in message], message


def test_labels_in_a_different_order_are_refused(read):
    first, arrears, delay, *rest = GOOD.splitlines()
    message = refused(read, "\n".join([first, delay, arrears, *rest]))
    assert "different order" in message
    assert "row delay, column arrears" in message


def test_a_criterion_that_is_no_feature_is_named(read):
    message = refused(read, GOOD.replace("delay", "dely"), known=FEATURES)
    assert "'dely' is no known feature; did you mean 'delay'?" in message


def test_all_faults_of_a_file_are_told_at_once(read):
    text = GOOD.replace("1,3,5,7", "1,much,0,7").replace("1/7,1/5", "1/7,1/4")
    message = refused(read, text, known=["arrears", "delay", "usage"])
    assert message.startswith("ahp.csv: 4 faults.\n- ")
    for word in ["'much'", "'0'", "'1/4'", "'tenure'"]:
        assert word in message


def test_a_judgement_off_the_scale_is_flagged_or_refused(read):
    text = GOOD.replace("1,3,5,7", "1,15,5,7").replace("delay,1/3", "delay,1/15")
    (flag,) = read(text).flags.to_dict("records")
    assert (flag["file"], flag["flag"]) == ("ahp.csv", "off_scale")
    assert (flag["row"], flag["column"], flag["written"]) == ("arrears", "delay", "15")
    message = refused(read, text, strict_scale=True)
    assert "row arrears, column delay: '15' lies outside the scale" in message


@pytest.mark.parametrize(
    ("written", "k"),
    [
        *[("0.33", 3), ("0.333", 3), (".33", 3), ("０．３３", 3), ("0.17", 6)],
        *[("0.16", 6), ("0.14", 7), ("0.143", 7), ("0.12", 8), ("0.13", 8)],
        ("0.11", 9),
    ],
)
def test_a_rounded_reciprocal_is_read_as_the_fraction_and_flagged(read, written, k):
    text = f",a,b\na,1,{k}\nb,{written},1\n"
    judgements = read(text)
    assert matrix_of(judgements)[1, 0] == 1 / k
    assert judgements.flags["flag"].tolist() == ["rounded"]
    assert judgements.flags["written"].tolist() == [written]
    assert f"1/{k}" in judgements.flags["note"].item()


@pytest.mark.parametrize(
    "written", ["1/3", "１／３", " 1 / 3 ", "⅓", "1∕3", "2/6", "0.3333333333333333"]
)
def test_a_third_may_be_written_in_many_ways(read, written):
    judgements = read(f",a,b\na,1,3\nb,{written},1\n")
    assert_allclose(matrix_of(judgements), [[1, 3], [1 / 3, 1]], rtol=1e-15)
    assert judgements.flags.empty


@pytest.mark.parametrize("written", ["1½", "１½", "1 1/2", "3/2", "1.5"])
def test_a_fraction_behind_a_whole_number_adds_to_it(read, written):
    """Unicode's plain form of 1½ is 11/2 unless the two are kept apart."""
    judgements = read(f",a,b\na,1,{written}\nb,2/3,1\n")
    assert_allclose(matrix_of(judgements)[0, 1], 1.5)


@pytest.mark.parametrize("written", ["3²", "3₂"])
def test_a_raised_or_lowered_digit_is_no_digit(read, written):
    message = refused(read, f",a,b\na,1,{written}\nb,1/3,1\n")
    assert f"row a, column b: '{written}' is a raised or lowered sign" in message


@pytest.mark.parametrize(
    ("half", "text"),
    [
        ("lower", ",a,b,c\na,1,3,5\nb,,1,3\nc,,,1\n"),
        ("lower", ",a,b,c\na,,3,5\nb,-,,3\nc,-,-,\n"),
        ("upper", ",a,b,c\na,1,,\nb,1/3,1,\nc,1/5,1/3,1\n"),
    ],
)
def test_a_table_of_one_half_is_filled_with_the_reciprocals_and_flagged(
    read, half, text
):
    judgements = read(text)
    whole = read(",a,b,c\na,1,3,5\nb,1/3,1,3\nc,1/5,1/3,1\n")
    assert_allclose(matrix_of(judgements), matrix_of(whole))
    (flag,) = judgements.flags.to_dict("records")
    assert flag["flag"] == "mirrored"
    assert half in flag["note"]


def test_a_half_with_a_hole_is_a_forgotten_cell(read):
    message = refused(read, ",a,b,c\na,1,3,5\nb,,1,3\nc,1/5,,1\n")
    assert "row b, column a: '' is empty; write 1/3" in message
    assert "row c, column b" in message
    assert "row a" not in message


@pytest.mark.parametrize("mark", ["，", "；", ";", "\t"])
def test_full_width_marks_separate_cells_too(read, mark):
    text = ",甲,乙\n甲,１,３\n乙,１／３,１\n".replace(",", mark)
    assert_allclose(matrix_of(read(text)), [[1, 3], [1 / 3, 1]])


def test_names_are_the_same_whatever_the_width_of_their_signs(read):
    """A column 欠费（元） has its criterion, read from a file as 欠费(元)."""
    columns = ["欠费（元）", "逾期"]
    text = "\ufeff,欠费（元）,逾期\u200b\n欠费（元）,1,3\n逾期,1/3,1\n"
    judgements = read(text, known=columns)
    ahp = AHP(judgements).fit(pd.DataFrame([[1.0, 2.0]], columns=columns))
    assert_allclose(ahp.weights_, [0.75, 0.25])
    frame = pd.DataFrame([[1, 3], [1 / 3, 1]], columns, columns)
    assert_allclose(
        AHP(frame).fit(pd.DataFrame([[1.0, 2.0]], columns=columns)).weights_,
        [0.75, 0.25],
    )


def test_single_precision_keeps_its_reciprocals(read):
    matrix = np.array([[1, 3], [1 / 3, 1]], dtype=np.float32)
    ahp = AHP(matrix).fit([[1.0, 2.0]])
    assert_allclose(ahp.weights_, [0.75, 0.25])
    assert ahp.flags_.empty


def test_a_table_with_gaps_is_told_how_it_can_be_read():
    gaps = [[1, None, 2], [None, 1, 2], [0.5, 0.5, 1]]
    with pytest.raises(JudgementError, match="judgements_of_table"):
        AHP(gaps).fit([[1.0, 2.0, 3.0]])
    judgements = judgements_of_table(gaps, incomplete=True)
    assert_allclose(AHP(judgements).fit(np.ones((1, 3))).weights_, [0.4, 0.4, 0.2])


@pytest.mark.parametrize(
    ("text", "n"), [(",a\na,1\n", 1), (",a,b\na,1,3\nb,1/3,1\n", 2)]
)
def test_one_or_two_criteria_are_no_special_case(read, text, n):
    found = weigh(read(text))
    assert found.consistency["cr"].tolist() == [0.0]
    assert found.hierarchy["global_weight"].sum() == pytest.approx(1)
    assert len(found.hierarchy) == n


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_chinese_names_are_read_in_the_usual_encodings(read, encoding, delimiter):
    text = ",欠费,逾期\n欠费,1,３\n逾期,１／３,1\n,,\n\n".replace(",", delimiter)
    judgements = read(text, encoding=encoding)
    assert judgements.criteria == ("欠费", "逾期")
    flags = judgements.flags["flag"].tolist()
    assert flags == (["encoding"] if encoding == "gb18030" else [])


def test_a_csv_file_may_say_who_judged(read):
    head = "# by: assumption\n# on: 2026-03-01\n# weight: 2\n# basis: an example\n"
    (judge,) = read(head + "# goal: credit\n# a remark\n" + GOOD).judges
    assert (judge.by, judge.on) == ("assumption", dt.date(2026, 3, 1))
    assert (judge.weight, judge.basis) == (2.0, "an example")
    message = refused(read, "# on: yesterday\n# wieght: 1\n# weight: -1\n" + GOOD)
    assert "'yesterday'" in message
    assert "did you mean 'weight'" in message
    assert "'-1'" in message


def test_gaps_are_accepted_where_the_file_says_so(read):
    text = ",a,b,c\na,1,3,\nb,1/3,1,2\nc,,,1\n"
    assert "incomplete: true" in refused(read, text)
    for judgements in (
        read("# incomplete: true\n" + text),
        read(text, incomplete=True),
    ):
        matrix = matrix_of(judgements)
        assert matrix[2, 1] == 0.5
        assert np.isnan(matrix[0, 2])
        found = weigh(judgements)
        assert found.flags["flag"].tolist() == ["completed"]
        assert_allclose(found.hierarchy["local_weight"], [6 / 9, 2 / 9, 1 / 9])


def test_gaps_that_leave_groups_apart_are_refused(read):
    text = "# incomplete: true\n,a,b,c\na,1,3,\nb,1/3,1,\nc,,,1\n"
    assert "['a', 'b'] and ['c']" in refused(read, text)


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"", "no table"),
        (b",\n,\n", "no table"),
        (b"a", "no table"),
        (b"\xff\xfe\x00\x01", "UTF-8"),
        (b"\x00" * 10, "no"),
        (b"," * 2_000_000, "bytes"),
        (b",a\na," + b"1" * 150_000, "not csv"),
        (b"," + b",".join(b"c%d" % i for i in range(25_000)) + b"\na,1", "at most 30"),
        (b"1,3\n1/3,1\n", "names of the criteria"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, raw, word):
    path = tmp_path / "ahp.csv"
    path.write_bytes(raw)
    with pytest.raises(JudgementError, match=r"^ahp.csv: ") as caught:
        read_judgements(path)
    assert word in str(caught.value)


def test_what_is_no_file_is_refused(tmp_path):
    (tmp_path / "ahp.txt").write_text("")
    for name, word in [("none.csv", "no such file"), (".", "a folder")]:
        with pytest.raises(JudgementError, match=word):
            read_judgements(tmp_path / name)
    with pytest.raises(JudgementError, match="no known ending"):
        read_judgements(tmp_path / "ahp.txt")
    with pytest.raises(JudgementError, match="no file named"):
        read_judgements([])


def test_several_csv_files_are_a_panel(tmp_path):
    paths = [tmp_path / "first.csv", tmp_path / "second.csv"]
    for path, value in zip(paths, (2, 8), strict=True):
        path.write_text(f",a,b\na,1,{value}\nb,1/{value},1\n")
    judgements = read_judgements(paths)
    assert [judge.by for judge in judgements.judges] == ["first", "second"]
    weights = weigh(judgements).hierarchy["local_weight"]
    assert_allclose(weights, [0.8, 0.2])  # the geometric mean of 2 and 8 is 4
    paths[1].write_text(",a,c\na,1,3\nc,1/3,1\n")
    with pytest.raises(JudgementError, match=r"second.csv: .*a, c; first.csv has"):
        read_judgements(paths)


@settings(max_examples=150, deadline=None)
@given(text=st.text(st.characters(codec="utf-8"), max_size=12))
def test_no_cell_ends_in_anything_but_a_matrix_or_a_named_fault(text):
    table = [["1", text], ["1/3", "1"]]
    try:
        matrix = matrix_of(judgements_of_table(table))
    except JudgementError as error:
        assert "row" in str(error)
    else:
        assert_allclose(matrix, [[1, 3], [1 / 3, 1]])


def test_a_tree_is_read_from_yaml(read):
    judgements = read(
        YAML, "credit.yaml", known=["delay", "arrears", "usage", "tenure"]
    )
    assert judgements.goal == "credit"
    assert judgements.criteria == ("usage", "tenure", "delay", "arrears")
    assert judgements.titles["payment"] == {
        "en": "How bills are paid",
        "zh": "缴费行为",
    }
    assert judgements.titles["tenure"] == {"en": "年限"}
    (judge,) = judgements.judges
    assert (judge.by, judge.on, judge.weight) == ("assumption", dt.date(2026, 3, 1), 1)
    top, payment = judgements.comparisons
    assert_allclose(top.matrices[0], [[1, 3, 5], [1 / 3, 1, 1 / 2], [1 / 5, 2, 1]])
    assert_allclose(payment.matrices[0], [[1, 3], [1 / 3, 1]])
    found = weigh(judgements).hierarchy.set_index("node")
    assert_allclose(found.loc["delay", "global_weight"] * 4 / 3,
                    found.loc["payment", "global_weight"])  # fmt: skip
    assert found.loc[found["leaf"], "global_weight"].sum() == pytest.approx(1)
    assert found.loc["payment", "title_zh"] == "缴费行为"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("goal:", "gaol:", ["line 1", "unknown key 'gaol'", "did you mean 'goal'"]),
        ("by:", "bye:", ["line 4", "'bye'", "did you mean 'by'", "by is wanted"]),
        ("basis: an example", "", ["basis is wanted"]),
        ("2026-03-01", "01.03.2026", ["'01.03.2026'", "2026-03-01"]),
        ("payment over usage", "paymnt over usage", ["did you mean 'payment'"]),
        ("payment over usage", "payment vs usage", ["names no pair", "over"]),
        (
            "payment over usage: 3",
            "payment over usage：3",
            ["payment over", "full-width"],
        ),
        ("payment over usage: 3", "payment over usage: much", ["'much'", "usage"]),
        ("payment over usage: 3", "payment over usage:", ["empty", "payment over us"]),
        ("payment over usage: 3", "payment over usage: [3]", ["a list"]),
        ("payment over usage: 3", "payment over usage: 1e300", ["'1e300'"]),
        ("payment over usage: 3", "payment over usage: 0", ["'0'", "zero"]),
        ("  payment over usage: 3\n", "", ["row payment, column usage: not judged"]),
        ("usage over tenure", "usage over payment", ["judged twice"]),
        ("usage over tenure", "usage over usage", ["with itself"]),
        ("  usage:\n", "  usage:\n  usage:\n", ["duplicate key 'usage'", "lines 10"]),
        ("[delay, arrears]", "[delay, usage]", ["'usage' stands elsewhere"]),
        ("[delay, arrears]", "[delay, delay]", ["'delay' stands 2 times"]),
        ("[delay, arrears]", "[delay, [arrears]]", ["criteria wants names"]),
        ("[delay, arrears]", "[]", ["criteria is empty"]),
        (
            "pairs: {delay over arrears: 3}",
            "",
            ["payment: no judgements", "delay over"],
        ),
        ("pairs: {delay over arrears: 3}", "pairs: 3", ["pairs such as"]),
        ("{title: 年限}", "{titel: 年限}", ["'titel'", "did you mean 'title'"]),
        ("{title: 年限}", "7", ["tenure", "found '7'"]),
        ("{title: 年限}", "&a {title: 年限}", ["anchor"]),
        ("{title: 年限}", "!!python/name:os.system x", ["tag"]),
        ("{title: 年限}", "*a", ["alias"]),
        ("goal: credit", "goal: credit\n---\nx: 1", ["second document"]),
        ("goal: credit", "goal: [credit]", ["goal: a word is wanted, found a list"]),
        ("goal: credit", "\tgoal: credit", ["tabs"]),
        ("goal: credit", "incomplete: yes\ngoal: credit", ["incomplete", "'yes'"]),
        ("goal: credit", "goal: " + "[" * 60 + "]" * 60, ["nested deeper"]),
    ],
)
def test_a_fault_of_a_yaml_file_is_named(read, old, new, named):
    assert old in YAML
    message = refused(read, YAML.replace(old, new, 1), "credit.yaml")
    assert message.startswith("credit.yaml: ")
    assert not [word for word in named if word not in message], message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("[delay, arrears]", str([f"c{i}" for i in range(51)]), "at most 30"),
        ("  usage:\n", "".join(f"  u{i}:\n" for i in range(60)), "at most 30"),
        ("pairs:\n", "".join(f"k{i}: 1\n" for i in range(14_000)) + "pairs:\n", "k0"),
        ("  payment over usage: 3\n",
         "".join(f"  x{i} over y: 1\n" for i in range(9_000)), "too many"),
    ],
)  # fmt: skip
def test_a_file_of_senseless_size_is_refused_soon(read, old, new, named):
    start = time.process_time()
    assert named in refused(read, YAML.replace(old, new, 1), "credit.yaml")
    assert time.process_time() - start < 20  # reading YAML itself takes most of it


@pytest.mark.parametrize("text", ["", "[]", "3", "goal: x", "judged: []", "{}", "a: 1"])
def test_a_yaml_file_without_judgements_is_refused(read, text):
    assert refused(read, text, "credit.yaml").startswith("credit.yaml: ")


def test_rounded_and_far_judgements_of_pairs_are_flagged(read):
    text = YAML.replace("usage over tenure: 1/2", "usage over tenure: 0.33")
    text = text.replace("payment over usage: 3", "payment over usage: 12")
    flags = read(text, "credit.yaml").flags
    assert flags["flag"].tolist() == ["off_scale", "rounded"]
    assert flags["written"].tolist() == ["12", "0.33"]
    assert flags["node"].tolist() == ["credit", "credit"]
    assert flags["judge"].tolist() == ["assumption", "assumption"]


PANEL = """\
goal: value
judged:
  - {by: finance, on: 2026-03-01, basis: assumption, weight: 3}
  - {by: field service, on: 2026-03-02, basis: assumption}
criteria: [margin, growth]
pairs:
  finance: {margin over growth: 2}
  field service:
    - margin 比 growth: 1/2
"""


def test_each_judge_of_a_panel_has_pairs_of_their_own(read):
    judgements = read(PANEL, "value.yaml")
    assert_allclose(judgements.comparisons[0].matrices[:, 0, 1], [2, 1 / 2])
    ratio = 2 ** (3 / 4) * 2 ** (-1 / 4)
    weights = weigh(judgements).hierarchy["local_weight"]
    assert_allclose(weights, [ratio / (1 + ratio), 1 / (1 + ratio)])
    message = refused(read, PANEL.replace("  finance:", "  finanse:"), "value.yaml")
    assert "'finanse' is no judge; did you mean 'finance'?" in message
    assert "'finance' judged nothing" in message


def test_a_judge_may_leave_a_node_out_where_the_file_is_incomplete(read):
    text = "incomplete: true\n" + PANEL.replace(
        "  finance: {margin over growth: 2}\n", ""
    )
    found = weigh(read(text, "value.yaml"))
    assert_allclose(found.hierarchy["local_weight"], [1 / 3, 2 / 3])
    assert found.consistency["judge"].tolist() == ["field service"]


def test_no_judge_may_be_called_what_all_together_are(read):
    text = PANEL.replace("by: finance", "by: panel").replace("  finance:", "  panel:")
    assert "by: 'panel'" in refused(read, text, "value.yaml")


def test_the_judgement_to_ask_about_is_one_that_was_made(read):
    text = (
        "# incomplete: true\n,a,b,c,d\na,1,9,1/9,\nb,1/9,1,9,\nc,9,1/9,1,2\nd,,,1/2,1"
    )
    (filled, other, contrary) = weigh(read(text)).flags.to_dict("records")
    assert {filled["flag"], other["flag"]} == {"completed"}
    assert contrary["flag"] == "inconsistent"
    assert {contrary["row"], contrary["column"]} <= {"a", "b", "c"}
    assert contrary["written"] == "9"


def test_weights_of_each_judge_want_all_their_criteria_connected(read):
    text = "incomplete: true\n" + PANEL.replace(
        "[margin, growth]", "[margin, growth, x]"
    )
    text = text.replace("growth: 2}", "growth: 2, growth over x: 3}")
    judgements = read(text, "value.yaml")
    table = weigh(judgements).consistency.set_index("judge")
    assert np.isnan(table.loc["field service", "cr"])
    assert table.loc["panel", "cr"] == 0
    with pytest.raises(JudgementError, match="judged by field service: no judgement"):
        weigh(judgements, group="aip_geometric")


def test_a_matrix_may_be_written_in_rows(read):
    rows = "matrix:\n  margin: [1, 4]\n  growth: [1/4, 1]\n"
    text = PANEL[: PANEL.index("pairs:")].replace(
        "  - {by: field service, on: 2026-03-02, basis: assumption}\n", ""
    )
    judgements = read(text + rows, "value.yaml")
    assert_allclose(matrix_of(judgements), [[1, 4], [1 / 4, 1]])
    wrong = rows.replace("1/4", "1/3")
    message = refused(read, text + wrong, "value.yaml")
    assert "'1/3' is not the reciprocal of row margin, column growth: '4'" in message
    swapped = "matrix:\n  growth: [1, 1/4]\n  margin: [4, 1]\n"
    assert "different order" in refused(read, text + swapped, "value.yaml")


def test_the_worked_example_of_the_documentation_is_what_is_read(read):
    page = (ROOT / "docs" / "judgements.md").read_text("utf-8")
    blocks = dict(re.findall(r"```(yaml|csv)\n(.*?)```", page, flags=re.DOTALL))
    found = weigh(read(blocks["yaml"], "credit.yaml"))
    assert found.consistency["consistent"].all()
    for row in found.hierarchy[found.hierarchy["leaf"]].itertuples():
        assert f"| `{row.node}` | {row.global_weight:.3f} |" in page
    for row in found.consistency.query("used").itertuples():
        assert f"| `{row.node}` | {row.n} | {row.cr:.3f} |" in page
    judgements = read(blocks["csv"])
    assert judgements.judges[0].by == "assumption"


CASES = SHARED / "bad_inputs"
TABLE = CASES / "bad_inputs.csv"


@pytest.mark.skipif(not TABLE.exists(), reason="the shared cases are not here")
def test_the_shared_cases_end_as_they_are_to_end():
    with TABLE.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["area"] == "ahp"]
    assert len(rows) >= 13
    for row in rows:
        folder = CASES / row["id"]
        case = json.loads((folder / "case.json").read_text("utf-8"))
        path = Path(folder / "ahp.csv")
        if case["outcome"] == "reject":
            with pytest.raises(JudgementError) as caught:
                read_judgements(path, known=FEATURES)
            for name in case["names"] + row["message_must_name"].split("; ")[1:]:
                assert name.strip(" ,") in str(caught.value), row["id"]
            continue
        judgements = read_judgements(path, known=FEATURES)
        ahp = AHP(path).fit(np.ones((2, len(judgements.criteria))))
        assert ahp.weights_.sum() == pytest.approx(1)
        assert np.isfinite(ahp.consistency_["cr"]).all()
        flagged = case["outcome"] == "flag" or "flagged" in case["expect"]
        assert bool(len(judgements.flags)) == flagged, row["id"]
