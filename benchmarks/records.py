"""Results of parts as files: a table and a note of where it was measured, each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

FOLDER = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Result:
    """A part's table, and where, when and with what it was measured."""

    table: pd.DataFrame
    setting: Mapping[str, Any]


def write_result(
    name: str, table: pd.DataFrame, setting: Mapping[str, Any], folder: Path = FOLDER
) -> None:
    """Write ``NAME.csv`` and ``NAME.json``, to four digits that count."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = [c for c in table.columns if c != "answer"]
    table[columns].to_csv(folder / f"{name}.csv", index=False, float_format="%.4g")
    text = json.dumps(setting, indent=1, ensure_ascii=False) + "\n"
    (folder / f"{name}.json").write_text(text, "utf-8")


def read_results(folder: Path = FOLDER) -> dict[str, Result]:
    """All results that there are, by the name of their part."""
    return {
        path.stem: Result(
            pd.read_csv(path), json.loads(path.with_suffix(".json").read_text("utf-8"))
        )
        for path in sorted(folder.glob("*.csv"))
    }
