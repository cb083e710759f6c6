"""A synthetic region from its plan: every table, the truth, and what is wrong."""

import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from research.region.files import replaced_folder, write_series, write_table
from research.region.region import Region, read_region
from research.region.schema import TABLES
from research.region.settings import FILE_NAME
from research.region.synthetic.billing import PanelMonths, panel_months
from research.region.synthetic.defects import (
    inject_daily,
    inject_intervals,
    inject_tables,
)
from research.region.synthetic.economy import economy
from research.region.synthetic.energy import (
    daily,
    energy_batches,
    panel,
    reading_batches,
)
from research.region.synthetic.grid import assign, outages, transformer_load
from research.region.synthetic.judged import (
    Cells,
    kept_cells,
    known_customers,
    write_findings,
    write_small,
)
from research.region.synthetic.money import money_tables
from research.region.synthetic.plan import Plan, plan_of
from research.region.synthetic.population import people
from research.region.synthetic.population.shapes import N_SLOTS
from research.region.synthetic.truth import defect_log, public, write_truth
from research.region.synthetic.voices import (
    contacts,
    manager_log,
    needs_survey,
    products,
    satisfaction,
    sla,
    tickets,
)
from research.region.synthetic.weather import weather

MEMORY_LIMIT = "1000MB"
Log = Callable[[pd.DataFrame], None]


def synthesize(
    name: str,
    target: str | Path,
    *,
    size: str = "small",
    customers: int | None = None,
    days: int | None = None,
    panel: int | None = None,
    seed: int = 0,
    defects: str = "typical",
    say: Callable[[str], object] = print,
) -> Region:
    """Make the synthetic region `name` in the folder `target`, whole or not at all.

    Rows go through the row rules as those of an import do. The truth goes to
    ``truth/`` beside the tables, where no notebook looks.

    Parameters
    ----------
    name, size, customers, days, panel, seed, defects
        As for `research.region.synthetic.plan_of`.
    target : str or Path
        Folder of the region; what it held is replaced.
    say : callable
        Told in a few words what is being made.

    Returns
    -------
    region : Region

    Raises
    ------
    InputError
        If the plan can not be made.
    """
    plan = plan_of(
        name,
        size=size,
        customers=customers,
        days=days,
        panel=panel,
        seed=seed,
        defects=defects,
    )
    with replaced_folder(Path(target)) as fresh:
        fill(plan, fresh, say)
    return read_region(Path(target))


def fill(plan: Plan, folder: Path, say: Callable[[str], object]) -> None:
    """Write all files of the planned region into the empty `folder`."""
    text = files("research.region.synthetic").joinpath(f"{plan.name}.yaml")
    (folder / FILE_NAME).write_text(text.read_text("utf-8"), encoding="utf-8")
    (folder / "truth").mkdir()
    spill = folder / ".spill"
    config = {"memory_limit": MEMORY_LIMIT, "temp_directory": str(spill)}
    with duckdb.connect(config=config) as connection, defect_log(folder) as log:
        findings = _write_all(connection, plan, folder, log, say)
    shutil.rmtree(spill, ignore_errors=True)
    write_table(pd.concat(findings, ignore_index=True), folder, "findings")


def _write_all(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    folder: Path,
    log: Log,
    say: Callable[[str], object],
) -> list[pd.DataFrame]:
    say(f"{plan.name}: {plan.n_customers:,} customers, {plan.n_days:,} days")
    everyone, areas, transformers = assign(plan, people(plan))
    sky = weather(plan)
    kwh, export = daily(plan, everyone, sky)
    # Who is kept among the customers decides whose rows the others keep.
    accounts = {
        "customers": public(everyone, "customers"),
        "transformers": transformers,
    }
    struck = inject_tables(plan, accounts)[0]["customers"]
    findings = [write_small(connection, struck, "customers", folder, plan)]
    say("readings of 15 minutes")
    months: list[PanelMonths] = []
    quarters = _quarters(plan, everyone, sky, kwh, export, months, log)
    findings.append(_write_readings(connection, plan, quarters, folder))
    say("daily energy")
    findings.append(_write_daily(connection, plan, everyone, kwh, export, folder, log))
    say("bills, payments, balances")
    money = money_tables(plan, everyone, kwh, months)
    findings.append(_write_balances(connection, plan, money.balance_daily, folder))
    say("grid, outages, tickets")
    grid = {"areas": areas, "transformers": transformers}
    voices, of_voices = _voices(plan, everyone, sky, kwh, grid, money.tables)
    tables = {"customers": everyone, "weather": sky, **grid, **money.tables, **voices}
    write_truth(tables, {**money.truth, **of_voices}, folder)
    say("row rules")
    shown = {name: public(frame, name) for name, frame in tables.items()}
    shown, struck_cells = inject_tables(plan, shown)
    log(struck_cells)
    if not shown.pop("customers").equals(struck):
        raise RuntimeError("the customers' defects depend on other tables")
    for name, frame in shown.items():
        findings.append(write_small(connection, frame, name, folder, plan))
    return findings


def _voices(
    plan: Plan,
    everyone: pd.DataFrame,
    sky: pd.DataFrame,
    kwh: np.ndarray,
    grid: dict[str, pd.DataFrame],
    money: dict[str, pd.DataFrame],
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """What happens to the grid and what customers say of it; tables and truth."""
    areas, transformers = grid["areas"], grid["transformers"]
    load = transformer_load(plan, everyone, transformers, kwh)
    off = outages(plan, everyone, transformers, load, sky)
    causes = {name: money[name] for name in ("topups", "trip_events", "bills")}
    wires = (plan, everyone, areas, transformers, load, off)
    told, steps, topics = tickets(*wires, **causes)
    answers, asked = satisfaction(*wires, told, topics)
    tables = {
        "transformer_load": load,
        "outages": off,
        "tickets": told,
        "ticket_steps": steps,
        "contacts": contacts(plan, everyone, told),
        "satisfaction": answers,
        "needs_survey": needs_survey(plan, everyone),
        "manager_log": manager_log(plan, everyone),
        "sla": sla(plan, everyone),
        "products": products(),
        "economy": economy(plan),
    }
    return tables, {"tickets": topics, "satisfaction": asked}


def _quarters(
    plan: Plan,
    everyone: pd.DataFrame,
    sky: pd.DataFrame,
    kwh: np.ndarray,
    export: np.ndarray | None,
    months: list[PanelMonths],
    log: Log,
) -> Iterator[Cells]:
    """Quarter hours as they were delivered; adds to `months` what registers show."""
    for positions, quarters, days in panel(plan, everyone, sky, kwh, export):
        months.append(panel_months(plan, everyone, positions, quarters, days))
        injected = inject_intervals(plan, everyone, positions, quarters, days)
        log(injected.log)
        stamps = pd.date_range(days[0], periods=len(days) * N_SLOTS, freq="15min")
        ids = everyone["customer_id"].iloc[positions]
        flat = injected.kwh.reshape(len(positions), -1)
        yield Cells(ids, stamps, flat, injected.again)


def _write_readings(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    quarters: Iterator[Cells],
    folder: Path,
) -> pd.DataFrame:
    doubtful: list[pa.Table] = []
    n_rows = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal n_rows
        for cells in quarters:
            kept, rows = kept_cells(
                connection, cells, "readings", plan.settings, n_rows + 1
            )
            doubtful.append(rows)
            n_rows += np.count_nonzero(~np.isnan(cells.kwh)) + len(cells.again)
            yield from reading_batches(cells.ids, cells.stamps, kept)

    write_series(batches(), folder, "readings", ("customer_id", "ts", "kwh"))
    return write_findings(
        connection, doubtful, "readings", n_rows, folder, plan.settings
    )


def _write_daily(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    everyone: pd.DataFrame,
    kwh: np.ndarray,
    export: np.ndarray | None,
    folder: Path,
    log: Log,
) -> pd.DataFrame:
    injected = inject_daily(plan, everyone, kwh)
    log(injected.log)
    cells = Cells(everyone["customer_id"], plan.days, injected.kwh, injected.again)
    kept, rows = kept_cells(connection, cells, "energy_daily", plan.settings)
    columns = ["customer_id", "date", "kwh"]
    columns += ["kwh_export"] if export is not None else []
    batches = energy_batches(everyone, plan.days, kept, export)
    write_series(batches, folder, "energy_daily", columns)
    n_rows = np.count_nonzero(~np.isnan(cells.kwh)) + len(cells.again)
    return write_findings(
        connection, [rows], "energy_daily", n_rows, folder, plan.settings
    )


def _write_balances(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    balances: Iterator[pa.RecordBatch],
    folder: Path,
) -> pd.DataFrame:
    """Write the balances of known customers; only strangers' rows can be wrong."""
    known = pa.array(known_customers(connection), pa.string())
    doubtful: list[pa.Table] = []
    n_rows = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal n_rows
        for batch in balances:
            line = pa.array(np.arange(n_rows + 1, n_rows + 1 + len(batch)))
            n_rows += len(batch)
            ours = pc.is_in(batch["customer_id"].cast(pa.string()), known)
            strange = batch.append_column("line", line).filter(pc.invert(ours))
            doubtful.append(pa.Table.from_batches([strange]))
            yield batch.filter(ours)

    columns = TABLES["balance_daily"].columns
    write_series(batches(), folder, "balance_daily", columns)
    return write_findings(
        connection, doubtful, "balance_daily", n_rows, folder, plan.settings
    )
