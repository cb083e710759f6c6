"""Nothing that is kept by customer passes the door of a page."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from research.report import display, door

ALT = "Load rises from one to four and falls to two."
IDS = ["MAC000012", "0010014277", "c17"]
SHORT = ["17", "859"]


@pytest.fixture(autouse=True)
def _known():
    door.protect(IDS + SHORT)
    yield
    door.protect([])


def table(frame, **words):
    return display.table(frame, name="load", caption="kW", **words)


def figure(text="kW", data=None, **words):
    fig, ax = plt.subplots()
    ax.plot([1, 4, 2])
    ax.set_xlabel(text)
    said = {"title": "Load rises", "caption": "kW", "alt": ALT} | words
    return display.figure(fig, name="load", data=data, **said)


COLUMNS = ["customer_id", "Customer ID", "户号", "cons_no", "name_hash", "meter_id"]
COLUMNS += ["text_zh", "ticket_id", "phone", "用电地址", "transformer_id", "LCLid"]


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("place", ["column", "index", "level", "header"])
def test_what_is_kept_by_customer_is_refused_by_the_name_of_its_column(column, place):
    frame = pd.DataFrame({column: ["a", "b"], "kwh": [1.0, 2.0]})
    if place == "index":
        frame = frame.set_index(column)
    if place == "level":
        frame = frame.assign(segment=[0, 1]).set_index(["segment", column])
    if place == "header":
        frame.columns = pd.MultiIndex.from_tuples([("all", column), ("all", "kwh")])
    for show in (table, lambda data: figure(data=data)):
        with pytest.raises(ValueError, match=f"names customers in .*{column}"):
            show(frame)


@pytest.mark.parametrize(
    "value",
    [*IDS, "13812345678", "call 138-0000-0000 or 13912345678", "11010519491231002X"],
)
def test_the_id_of_a_customer_is_refused_whatever_its_column_is_called(value):
    frame = pd.DataFrame({"who": ["many", value], "kwh": [1.0, 2.0]})
    for shown in (frame, frame.set_index("who")):
        with pytest.raises(ValueError, match="in 'who'") as refused:
            table(shown)
        assert value not in str(refused.value)


def test_ids_are_refused_in_the_words_and_in_the_picture():
    with pytest.raises(ValueError, match="words of 'load'"):
        figure(title="Home MAC000012 rises")
    with pytest.raises(ValueError, match="words of 'load'"):
        figure(text="customer 0010014277")
    with pytest.raises(ValueError, match="words of 'tiles'"):
        display.tiles([display.Tile("1", "home", "Largest", note="MAC000012")])
    with pytest.raises(ValueError, match="words of 'verdict'"):
        display.verdict(en="0010014277 uses most.")
    with pytest.raises(ValueError, match="words of 'note'"):
        display.note("telephone 13812345678")
    with pytest.raises(ValueError, match="words of 'words'"):
        display.words("**Home** MAC000012")


def test_an_id_is_found_however_deep_it_stands():
    deep = {"rows": [{"cells": (1, None, [0.5, {"text": "Home MAC000012"}])}]}
    with pytest.raises(ValueError, match="words of 'load'"):
        door.check_texts(door.texts_of(deep), "load")


def test_groups_counts_days_and_hashes_pass():
    frame = pd.DataFrame(
        {
            "segment": ["small", "large"],
            "customers": [17, 10014277],
            "day": pd.to_datetime(["2024-01-01", "2024-12-31"]),
            "told": ["859", "17"],
            "area_id": ["A0001", "A0002"],
            "sha256": ["13812345678abcdef", "00ff13812345678"],
        }
    )
    assert table(frame).csv.count("\n") == 3
    assert figure(text="17 of 20,240,131 readings").svg
    assert display.verdict(en="17 of 2,311 customers, 1.3812345678 kWh.")


def test_numbers_of_customers_have_three_digits_in_page_and_csv():
    frame = pd.DataFrame({"kWh": [461732.31, 7319.4127], "customers": [12345, 6789]})
    part = table(frame, index=False)
    assert part.csv == "kWh,customers\n462000.0,12345\n7320.0,6789\n"
    cells = [cell["text"] for row in part.content["rows"] for cell in row["cells"]]
    assert cells == ["462,000", "12,345", "7,320", "6,789"]
    assert "7319" not in figure(data=frame).csv


def test_scores_of_methods_hours_and_counts_with_gaps_keep_theirs():
    frame = pd.DataFrame(
        {"hour": [12.25, 23.75], "n": [12345, np.nan], "bic": [-12345.6, 1.5]}
    )
    shown = table(frame, digits=6, index=False).csv
    assert shown == "hour,n,bic\n12.25,12345.0,-12345.6\n23.75,,1.5\n"
    assert "12.25,12345.0,-12300.0" in table(frame, index=False).csv


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＠"])
def test_no_cell_or_header_of_a_csv_acts_as_a_formula(start):
    attack = f"{start}HYPERLINK(1)"
    frame = pd.DataFrame({attack: [attack]}, index=pd.Index([attack], name=attack))
    read = pd.read_csv(pd.io.common.StringIO(table(frame).csv), dtype=str)
    cells = [*read.columns, *read.iloc[0]]
    assert len(cells) == 4
    assert not [cell for cell in cells if cell.startswith(start)]


def test_the_picture_carries_no_metadata():
    svg = figure().svg
    for word in ("metadata", "rdf", "creator", "<!--", "<title", "<desc", "date"):
        assert word not in svg.lower()


def test_a_carriage_return_begins_no_row_of_its_own():
    part = table(pd.DataFrame({"what": ["x\r=1+1", "y\r\n=2"]}), index=False)
    assert part.csv == 'what\n"x\n=1+1"\n"y\n=2"\n'
