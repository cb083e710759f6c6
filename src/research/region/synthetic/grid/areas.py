"""Areas 网格, transformers 台区 and feeders 馈线, and who is fed from where.

Accounts of low voltage share public transformers, those of 10 kV and more have one of
their own (专变). Why a transformer is weak is planted: too small (overload), on a
feeder that is too thin (bottleneck), or old (aged). All shares and sizes are those of
section 7 of the specification of synthetic regions, or assumptions where they say so.
"""

import numpy as np
import pandas as pd

from research.region.schema import TABLES
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import stream

# Accounts on a public transformer, fewest and most.
ACCOUNTS = {"urban": (150, 250), "rural": (40, 80)}
# 200 to 630 kVA, larger only where businesses of low voltage need it.
KVA = np.array([200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000])
# Shares of public transformers by what is wrong with them.
CAUSES = {"overload": 0.06, "bottleneck": 0.05, "aged": 0.06}
# Transformers of a service grid cell: shares of one, two, three, four. The workload of
# the cells' managers then has a Gini coefficient of about 0.25, uneven on purpose.
CELL = (0.35, 0.35, 0.20, 0.10)
FEEDER = (6, 12)
UNITS = 12
# Units of worse service and how often their customers complain, next to the others.
BAD_UNITS, BAD_FACTOR = 2, 2.5
# Accounts of a key account manager and of a manager of villages; spread of the log of
# their numbers, for the same Gini coefficient (assumptions).
KEY_ACCOUNTS, UNEVEN = 40, 0.45
ACCOUNTS_A_MANAGER = 400
# Who calls after an outage: Beta distributed over the customers.
SENSITIVITY = (1, 30)
# Mean over highest load of the accounts of a transformer together (assumption).
LOAD_FACTOR = 0.40
POWER_FACTOR = 0.95
HOURS_A_MONTH = 730.0
# Load rate of the hottest days, by cause: lowest and highest (assumptions).
PEAK_RATE = {
    "none": (0.30, 0.75),
    "aged": (0.40, 0.85),
    "bottleneck": (0.60, 0.90),
    "overload": (1.08, 1.35),
}
# Drop along the feeder at full load [V], by cause (assumptions).
FEEDER_DROP = {
    "none": (0.0, 4.0),
    "aged": (3.0, 7.0),
    "bottleneck": (8.0, 13.0),
    "overload": (0.0, 4.0),
}
DISTRICTS = ("东片区", "西片区", "南片区", "北片区", "中片区", "新片区")
_FIRST, _SECOND = "和安康福文新金明长永华兴锦春秋瑞", "苑园里庭湾桥河岭泉塘"


def assign(
    plan: Plan, people: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Give every customer an area, a transformer and a manager.

    Homes, businesses and pumps cluster: a transformer has more of one kind than
    chance would give it.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)
        `urban_rural`, `voltage`, `usage_class`, `true_monthly_kwh` are read.

    Returns
    -------
    people : DataFrame
        With `area_id`, `transformer_id`, `manager_id`; `true_line_position`, the place
        along the low-voltage line, near 0 at the transformer, near 1 at its end; and
        `true_outage_sensitivity`, the chance that an outage makes the customer call.
    areas : DataFrame
        The table `areas` with `true_complaint_factor` of the unit in charge.
    transformers : DataFrame
        The table `transformers` with `true_root_cause` (``none``, ``overload``,
        ``bottleneck``, ``aged``), `true_peak_rate`, `true_feeder_drop` [V] and
        `true_dedicated`.
    """
    rng = stream(plan.seed, "grid")
    dedicated = people["voltage"].str.endswith("kV").to_numpy()
    fed_by, public = _public(people, dedicated, rng)
    cells = _areas(plan, public, rng)
    accounts = np.bincount(fed_by[~dedicated], minlength=len(public))
    accounts = np.bincount(public["cell"], accounts, minlength=len(cells))
    cells["manager_id"] = _cell_managers(cells["kind"], accounts, rng)
    feeder, cause = _causes(_feeders(len(public), rng), rng)
    public = public.assign(feeder=feeder, cause=cause)
    own = _dedicated(people, dedicated, public, rng)
    fed_by[dedicated] = len(public) + np.arange(dedicated.sum())
    grid = pd.concat([public, own], ignore_index=True)
    kva = people.loc[dedicated, "contract_kva"].to_numpy()
    mean_kw = people["true_monthly_kwh"].to_numpy() / HOURS_A_MONTH
    mean_kw = np.bincount(fed_by, mean_kw, minlength=len(grid))
    transformers = _transformers(grid, mean_kw, kva, cells, rng)
    cell = grid["cell"].to_numpy()[fed_by]
    manager = cells["manager_id"].to_numpy(dtype=object)[cell]
    manager[dedicated] = _key_account_managers(dedicated.sum(), rng)
    placed = people.assign(
        area_id=cells["area_id"].to_numpy()[cell],
        transformer_id=transformers["transformer_id"].to_numpy()[fed_by],
        manager_id=manager,
        true_line_position=_line_positions(fed_by, rng),
        true_outage_sensitivity=rng.beta(*SENSITIVITY, len(people)),
    )
    return placed, _with_districts(cells), transformers


def _public(
    people: pd.DataFrame, dedicated: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, pd.DataFrame]:
    """Public transformer of each customer, -1 where dedicated; setting of each."""
    usage = people["usage_class"]
    business = usage.isin(["commercial", "non_industrial", "industrial_general"])
    score = rng.normal(0, 1, len(people)) + 0.7 * business
    score += 2.5 * (usage == "agri_irrigation")
    fed_by = np.full(len(people), -1)
    settings: list[str] = []
    for setting, (low, high) in ACCOUNTS.items():
        here = np.flatnonzero((people["urban_rural"] == setting) & ~dedicated)
        if not len(here):
            continue
        n = max(1, round(len(here) / ((low + high) / 2)))
        # Which kind of neighbourhood gets which number is chance.
        order = rng.permutation(n)
        ends = _shared_out(rng.uniform(low, high, n), len(here))
        rank = np.argsort(np.argsort(score[here], kind="stable"), kind="stable")
        fed_by[here] = len(settings) + order[np.searchsorted(ends, rank, side="right")]
        settings += [setting] * n
    return fed_by, pd.DataFrame({"setting": settings or ["urban"]})


def _shared_out(weights: np.ndarray, total: int) -> np.ndarray:
    """Ends of consecutive blocks that share out `total` by `weights`."""
    return np.round(np.cumsum(weights) / weights.sum() * total).astype(int)


def _areas(plan: Plan, public: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Cells of consecutive transformers; writes the cell of each into `public`."""
    public["cell"] = -1
    kinds: list[str] = []
    for setting in ACCOUNTS:
        here = np.flatnonzero(public["setting"] == setting)
        if not len(here):
            continue
        n = max(1, round(len(here) / np.dot(CELL, [1, 2, 3, 4])))
        size = 1 + np.searchsorted(np.cumsum(CELL), (np.arange(n) + 0.5) / n)
        ends = _shared_out(rng.permutation(size), len(here))
        cell = np.searchsorted(ends, np.arange(len(here)), side="right")
        public.loc[here, "cell"] = len(kinds) + cell
        kinds += ["community" if setting == "urban" else "village"] * n
    n = len(kinds)
    n_units = min(UNITS, n)
    unit = np.arange(n) * n_units // n
    n_districts = min(len(DISTRICTS), max(1, round(n_units / 2)))
    district = unit * n_districts // n_units
    names = _names(n + n_units, rng)
    bad = rng.permutation(n_units)[: min(BAD_UNITS, n_units // 2)]
    climate = plan.settings.climate
    # The middle of the country stands in where the region does not say where it lies.
    lon = climate.longitude if climate and climate.longitude is not None else 104.0
    lat = climate.latitude if climate and climate.latitude is not None else 36.0
    middle = rng.normal(0, 0.12, (n_districts, 2))[district]
    place = middle + rng.normal(0, 0.03, (n, 2)) + (lon, lat)
    rural = np.array(kinds) == "village"
    suffix = np.where(rural, "村", "社区")
    return pd.DataFrame(
        {
            "area_id": [f"A{i:04}" for i in range(1, n + 1)],
            "name": [a + b for a, b in zip(names[:n], suffix, strict=True)],
            "kind": kinds,
            "district": district,
            "org_unit": [names[n + u] + "供电所" for u in unit],
            "lon": place[:, 0].round(5),
            "lat": place[:, 1].round(5),
            "km2": (np.where(rural, 8.0, 0.6) * rng.lognormal(0, 0.4, n)).round(2),
            "true_complaint_factor": np.where(np.isin(unit, bad), BAD_FACTOR, 1.0),
        }
    )


def _names(n: int, rng: np.random.Generator) -> list[str]:
    """Invented names of places, each once."""
    stems = [a + b for a in _FIRST for b in _SECOND]
    stems = [stems[i] for i in rng.permutation(len(stems))]
    again = ["", *"东西南北上下前后"]
    return [stem + mark for mark in again for stem in stems][:n]


def _with_districts(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells below their districts; a district is what its cells are together."""
    own = cells.groupby("district").agg(
        lon=("lon", "mean"), lat=("lat", "mean"), km2=("km2", "sum")
    )
    ids = np.array([f"D{i + 1:02}" for i in own.index])
    districts = own.round(5).assign(
        area_id=ids,
        name=[DISTRICTS[i] for i in own.index],
        kind="district",
        org_unit=[DISTRICTS[i] + "供电服务中心" for i in own.index],
        true_complaint_factor=1.0,
    )
    below = cells.assign(parent_id=ids[cells["district"]]).drop(columns="district")
    order = [*TABLES["areas"].columns, "true_complaint_factor"]
    return pd.concat([districts, below], ignore_index=True)[order]


def _feeders(n: int, rng: np.random.Generator) -> np.ndarray:
    """Feeder of each of `n` transformers: neighbours hang on one."""
    low, high = FEEDER
    n_feeders = max(1, round(n / ((low + high) / 2)))
    ends = _shared_out(rng.uniform(low, high, n_feeders), n)
    return np.searchsorted(ends, np.arange(n), side="right")


def _causes(
    feeder: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Feeder and fault of each public transformer; each fault occurs if n > 9."""
    n, feeder = len(feeder), feeder.copy()
    cause = np.full(n, "none", dtype=object)
    if n < 10:
        return feeder, cause
    wanted = {name: max(1, round(share * n)) for name, share in CAUSES.items()}
    # A feeder is thin as a whole. The last one taken is cut in two where it is longer
    # than the share allows.
    left = wanted["bottleneck"]
    for number in rng.permutation(feeder.max() + 1):
        here = np.flatnonzero(feeder == number)
        if len(here) > left:
            feeder[here[:left]] = feeder.max() + 1
        cause[here[:left]] = "bottleneck"
        left -= min(left, len(here))
        if not left:
            break
    sound = rng.permutation(np.flatnonzero(cause == "none"))
    cause[sound[: wanted["overload"]]] = "overload"
    cause[sound[wanted["overload"] :][: wanted["aged"]]] = "aged"
    return feeder, cause


def _dedicated(
    people: pd.DataFrame,
    dedicated: np.ndarray,
    public: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Transformers of customers of 10 kV and more, on the feeder of a neighbour."""
    settings = people.loc[dedicated, "urban_rural"].to_numpy()
    neighbour = rng.integers(0, len(public), len(settings))
    for setting in ACCOUNTS:
        alike = np.flatnonzero(public["setting"] == setting)
        if len(alike):
            here = settings == setting
            neighbour[here] = alike[rng.integers(0, len(alike), here.sum())]
    own = public.iloc[neighbour].reset_index(drop=True)
    # A thin feeder is thin for its large customers, too; the rest is their own affair.
    return own.assign(cause=own["cause"].where(own["cause"] == "bottleneck", "none"))


def _transformers(
    grid: pd.DataFrame,
    mean_kw: np.ndarray,
    contract_kva: np.ndarray,
    cells: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The table, capacities chosen so that the planted load rates can be met.

    The last ones are dedicated, their capacity is that of the contract.
    """
    n = len(grid)
    own = np.arange(n) >= n - len(contract_kva)
    cause, cell = grid["cause"].to_numpy(), grid["cell"].to_numpy()
    low, high = np.array([PEAK_RATE[c] for c in cause]).T
    peak_rate = rng.uniform(low, high)
    low, high = np.array([FEEDER_DROP[c] for c in cause]).T
    wanted = mean_kw / LOAD_FACTOR / POWER_FACTOR / peak_rate
    size = np.minimum(np.searchsorted(KVA, wanted), len(KVA) - 1)
    # What is planned for growth, up to two sizes, stays below the usual largest one.
    planned = np.minimum(size + rng.integers(0, 3, n), np.searchsorted(KVA, 630))
    size = np.maximum(size, planned)
    kva = KVA[size].astype(float)
    kva[own] = contract_kva
    aged = rng.integers(1992, 2004, n)
    place = cells[["lon", "lat"]].to_numpy()[cell] + rng.normal(0, 0.006, (n, 2))
    number = np.where(own, np.cumsum(own), np.cumsum(~own))
    return pd.DataFrame(
        {
            "transformer_id": [
                f"{'ZB' if is_own else 'TG'}{i:05}"
                for is_own, i in zip(own, number, strict=True)
            ],
            "area_id": cells["area_id"].to_numpy()[cell],
            "feeder_id": [f"F{i + 1:03}" for i in grid["feeder"]],
            "kva": kva,
            "install_year": np.where(
                cause == "aged", aged, rng.integers(2006, 2022, n)
            ),
            "lon": place[:, 0].round(5),
            "lat": place[:, 1].round(5),
            "true_root_cause": cause,
            "true_peak_rate": peak_rate,
            "true_feeder_drop": rng.uniform(low, high),
            "true_dedicated": own,
        }
    )


def _cell_managers(
    kind: pd.Series, accounts: np.ndarray, rng: np.random.Generator
) -> list[str]:
    """Manager of each cell: one a community; villages share one, as many accounts."""
    manager = np.arange(len(kind))
    rural = (kind == "village").to_numpy()
    if rural.any():
        n = max(1, round(accounts[rural].sum() / ACCOUNTS_A_MANAGER))
        # A village belongs where its middle falls.
        middle = np.cumsum(accounts[rural]) - accounts[rural] / 2
        ends = _shared_out(rng.lognormal(0, UNEVEN, n), accounts[rural].sum())
        manager[rural] = len(kind) + np.searchsorted(ends, middle)
    _, number = np.unique(manager, return_inverse=True)
    return [f"M{i + 1:04}" for i in number]


def _key_account_managers(n: int, rng: np.random.Generator) -> np.ndarray:
    """Manager of each of `n` large customers; some have many more than others."""
    n_managers = max(1, round(n / KEY_ACCOUNTS))
    load = rng.lognormal(0, UNEVEN, n_managers)
    of = np.searchsorted(_shared_out(load, n), np.arange(n), side="right")
    return np.array([f"K{i + 1:03}" for i in rng.permutation(of)], dtype=object)


def _line_positions(fed_by: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Evenly spread places along the line of each transformer, in random order."""
    order = np.lexsort((rng.random(len(fed_by)), fed_by))
    n = np.bincount(fed_by)
    first = np.cumsum(n) - n
    rank = np.empty(len(fed_by))
    rank[order] = np.arange(len(fed_by)) - first[fed_by[order]]
    return (rank + 0.5) / n[fed_by]
