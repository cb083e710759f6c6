"""What a province costs, from what a reading was measured to cost.

Core-hours are readings times the CPU time a reading of the largest size measured.
`fill` writes the table into `docs/scaling.md`, between two marks.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from benchmarks.pages import markdown
from benchmarks.records import Result

BEGIN = "<!-- costs: made from benchmarks/results/commands.csv, not written by hand -->"
END = "<!-- end of costs -->"
STEPS = ("import", "check", "features")
READINGS_A_DAY = {"15 min": 96, "60 min": 24}
CUSTOMERS = (100_000, 1_000_000, 10_000_000)
DAYS, CORES = 365, 64
NS_AN_HOUR = 3.6e12


def inputs(commands: pd.DataFrame) -> pd.DataFrame:
    """CPU ns and bytes a reading of each step, at the largest size that was measured.

    Parameters
    ----------
    commands : DataFrame
        Results of the part ``commands``.

    Returns
    -------
    inputs : DataFrame
        On the step: `readings`, `ns_a_reading`, `bytes_a_reading`, `peak_gb`.
    """
    largest = commands[commands["customers"] == commands["customers"].max()]
    columns = ["readings", "ns_a_reading", "bytes_a_reading", "peak_gb"]
    return largest.set_index("way").loc[list(STEPS), columns]


def costs(commands: pd.DataFrame) -> pd.DataFrame:
    """Readings, bytes and core-hours of a year, by customers and resolution."""
    one = inputs(commands)
    rows = []
    for customers in CUSTOMERS:
        for resolution, a_day in READINGS_A_DAY.items():
            readings = customers * a_day * DAYS
            hours = readings * one["ns_a_reading"] / NS_AN_HOUR
            rows.append(
                {
                    "customers": f"{customers:,}",
                    "resolution": resolution,
                    "readings, 10^9": readings / 1e9,
                    "GB on disk": readings * one["bytes_a_reading"].iloc[0] / 1e9,
                    **{f"{step}, core-h": hours[step] for step in STEPS},
                    f"features, min on {CORES} cores": hours["features"] / CORES * 60,
                }
            )
    return pd.DataFrame(rows)


def text(commands: pd.DataFrame) -> str:
    """The two tables: what was measured, what follows from it."""
    told = inputs(commands).reset_index(names="step")
    told = told.rename(
        columns={
            "ns_a_reading": "CPU ns a reading",
            "bytes_a_reading": "bytes a reading on disk",
            "peak_gb": "peak GB",
        }
    )
    return f"{markdown(told)}\n\n{markdown(costs(commands))}"


def fill(path: Path, found: Mapping[str, Result]) -> None:
    """Write the tables between the marks of a document, if they were measured."""
    if "commands" not in found or not path.exists():
        return
    before, rest = path.read_text("utf-8").split(BEGIN)
    after = rest.split(END)[1]
    made = text(found["commands"].table)
    path.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}", "utf-8")
