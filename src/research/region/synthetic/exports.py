"""Tables as a utility hands them over: encodings, headers and forms of the real world.

What is written here has no wrong value in it: it is the form that is messy. Read by
its mapping.yaml it gives the same tables again.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from research.region.schema import TABLES
from research.region.synthetic.streams import stream

# Messy files at each level (the generator's specification, section 8); the others are
# plain: UTF-8, commas, our own headers, ISO dates.
MESSY = {"none": 0, "light": 1, "typical": 2, "heavy": 4}
# The tables that get messy, in this order.
FORMS = ("customers", "bills", "payments", "readings")
SLOTS_A_DAY = 96


def write_exports(
    tables: dict[str, pd.DataFrame], folder: Path, level: str, seed: int
) -> Path:
    """Write tables as files of an export, with the mapping that reads them.

    By level one, two or four of them are messy: customers in GB18030 with lines
    ended by CRLF, Chinese headers, dates as 2024/1/5 and blanks around values; bills
    with tabs between the fields, months as 202401 and one line that was cut;
    payments in UTF-8 with a byte order mark and Chinese headers; quarter hours in
    mean kW as 96 columns a day, named by their ends from 00:15 to 24:00.

    Parameters
    ----------
    tables : dict of str to DataFrame
        By name, with columns as the schema has them.
    folder : Path
        Gets one file a table and ``mapping.yaml``.
    level : str
        ``none``, ``light``, ``typical`` or ``heavy``.
    seed : int
        Says which values are padded and which line is cut.

    Returns
    -------
    mapping : Path
    """
    folder.mkdir(parents=True, exist_ok=True)
    messy = FORMS[: MESSY[level]]
    writers = dict(zip(FORMS, (_chinese, _tabbed, _marked, _wide), strict=True))
    mapping = {}
    for name, frame in tables.items():
        write = writers[name] if name in messy else _plain
        rng = stream(seed, "exports", name)
        mapping[name] = write(name, frame.reset_index(drop=True), folder, rng)
    path = folder / "mapping.yaml"
    text = yaml.safe_dump({"tables": mapping}, allow_unicode=True, sort_keys=False)
    path.write_text(text, encoding="utf-8")
    return path


def _plain(
    name: str, frame: pd.DataFrame, folder: Path, _: np.random.Generator
) -> dict[str, object]:
    as_written(name, frame).to_csv(folder / f"{name}.csv", index=False)
    columns = {column: column for column in frame}
    return {"files": [f"{name}.csv"], "layout": "long", "columns": columns}


def _chinese(
    name: str, frame: pd.DataFrame, folder: Path, rng: np.random.Generator
) -> dict[str, object]:
    columns = chinese_headers(name, frame)
    text = as_written(name, frame, date="%Y/%m/%d")
    row, column = np.nonzero((text != "").to_numpy())
    padded = rng.choice(len(row), -(-len(row) // 50), replace=False)
    cells = text.to_numpy(dtype=object, copy=True)
    cells[row[padded], column[padded]] += " "
    text = pd.DataFrame(cells, columns=list(columns.values()))
    with (folder / f"{name}.csv").open("w", encoding="gb18030", newline="") as file:
        text.to_csv(file, index=False, lineterminator="\r\n")
    formats = {column: "%Y/%m/%d" for column in frame if _kind(name, column) == "date"}
    return {
        "files": [f"{name}.csv"],
        "encoding": "gb18030",
        "layout": "long",
        "columns": columns,
        "formats": formats,
    }


def _tabbed(
    name: str, frame: pd.DataFrame, folder: Path, rng: np.random.Generator
) -> dict[str, object]:
    text = as_written(name, frame, month="%Y%m")
    lines = text.to_csv(sep="\t", index=False, lineterminator="\n").splitlines(True)
    if len(lines) > 2:
        at = int(rng.integers(1, len(lines)))
        fields = lines[at].rstrip("\n").split("\t")
        lines.insert(at, "\t".join(fields[: len(fields) // 2]) + "\n")
    with (folder / f"{name}.tsv").open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)
    return {
        "files": [f"{name}.tsv"],
        "delimiter": "\t",
        "layout": "long",
        "columns": {column: column for column in frame},
        "formats": {c: "%Y%m" for c in frame if _kind(name, c) == "month"},
    }


def _marked(
    name: str, frame: pd.DataFrame, folder: Path, _: np.random.Generator
) -> dict[str, object]:
    columns = chinese_headers(name, frame)
    text = as_written(name, frame, time="%Y/%m/%d %H:%M:%S").rename(columns=columns)
    text.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8-sig")
    formats = {c: "%Y/%m/%d %H:%M:%S" for c in frame if _kind(name, c) == "time"}
    return {
        "files": [f"{name}.csv"],
        "layout": "long",
        "columns": columns,
        "formats": formats,
    }


def _wide(
    name: str, frame: pd.DataFrame, folder: Path, _: np.random.Generator
) -> dict[str, object]:
    minute = np.arange(1, SLOTS_A_DAY + 1) * 15
    slots = [f"{m // 60:02}:{m % 60:02}" for m in minute]
    day = frame["ts"].dt.normalize()
    slot = ((frame["ts"] - day) // pd.Timedelta(minutes=15)).to_numpy()
    # Four quarter hours make an hour: a power of two, so no digit is lost.
    power = frame["kwh"].to_numpy(dtype=np.float32) * np.float32(4)
    wide = pd.DataFrame(
        {"户号": frame["customer_id"], "数据日期": day, "slot": slot, "kw": power}
    ).pivot(index=["户号", "数据日期"], columns="slot", values="kw")
    wide = wide.reindex(columns=range(SLOTS_A_DAY)).set_axis(slots, axis=1)
    wide.reset_index().to_csv(
        folder / f"{name}.csv", index=False, date_format="%Y-%m-%d"
    )
    return {
        "files": [f"{name}.csv"],
        "layout": "slots_in_columns",
        "columns": {"customer_id": "户号", "date": "数据日期"},
        "slots": {"first": slots[0], "last": slots[-1]},
        "units": {"kwh": "kW"},
        "stamp": "end",
    }


def as_written(
    name: str,
    frame: pd.DataFrame,
    *,
    date: str = "%Y-%m-%d",
    time: str = "%Y-%m-%d %H:%M:%S",
    month: str = "%Y-%m",
) -> pd.DataFrame:
    """A table as text: dates, times and months in the given forms, "" for nothing."""
    text = {}
    for column, values in frame.items():
        kind = _kind(name, str(column))
        if kind in ("date", "time"):
            stamps = pd.to_datetime(values)
            values = stamps.dt.strftime(date if kind == "date" else time)
            values = values.str.replace("/0", "/")
        elif kind == "month":
            values = pd.PeriodIndex(values, freq="M").strftime(month)
        elif kind == "bool":
            values = values.map({True: "true", False: "false"})
        elif kind in ("int", "int8"):
            values = values.astype("Int64").astype("object")
        else:
            values = values.astype("object").where(values.notna())
        text[column] = pd.Series(values, dtype="object").map(
            lambda v: "" if pd.isna(v) else str(v)
        )
    return pd.DataFrame(text)


def chinese_headers(name: str, frame: pd.DataFrame) -> dict[str, str]:
    """Chinese header of each column, its own name where the schema has none."""
    known = TABLES[name].columns
    return {c: (known[c].zh if c in known else "") or str(c) for c in frame}


def _kind(name: str, column: str) -> str:
    known = TABLES[name].columns
    return known[column].kind if column in known else "text"
