"""What is to be made: which region, how many customers and days, from which seed."""

from dataclasses import dataclass
from importlib.resources import as_file, files

import pandas as pd

from research.region.errors import InputError
from research.region.settings import Settings, read_settings

REGIONS = ("haihe", "hetao", "minjiang")
DEFECTS = ("none", "light", "typical", "heavy")
# Customers, those of them with readings of 15 minutes, days (specification, section 1).
SIZES = {
    "tiny": (300, 60, 120),
    "small": (3_000, 600, 400),
    "full": (20_000, 3_000, 730),
}
STARTS = {"haihe": "2024-01-01", "hetao": "2024-01-01", "minjiang": "2023-01-01"}
# The script of the drifting region runs over 36 months; its readings over the last of
# them only, as many days as the size says.
DRIFTING = "minjiang"
DRIFT_DAYS = 1_096


@dataclass(frozen=True)
class Plan:
    """A synthetic region before it is made.

    Attributes
    ----------
    name : str
        One of `REGIONS`.
    n_customers, n_panel, n_days : int
        Customers; those of them with readings of 15 minutes; days of daily energy.
    n_panel_days : int
        Days of the 15-minute readings, the last ones of the region.
    start : Timestamp
    seed : int
    defects : str
        One of `DEFECTS`.
    settings : Settings
        What the region's `region.yaml` says.
    """

    name: str
    n_customers: int
    n_panel: int
    n_days: int
    n_panel_days: int
    start: pd.Timestamp
    seed: int
    defects: str
    settings: Settings

    @property
    def days(self) -> pd.DatetimeIndex:
        """Days of the region."""
        return pd.date_range(self.start, periods=self.n_days)

    @property
    def panel_days(self) -> pd.DatetimeIndex:
        """Days of the 15-minute readings."""
        return self.days[-self.n_panel_days :]

    @property
    def months(self) -> pd.PeriodIndex:
        """Months that the days touch."""
        return pd.period_range(self.days[0], self.days[-1], freq="M")


def plan_of(
    name: str,
    *,
    size: str = "small",
    customers: int | None = None,
    days: int | None = None,
    panel: int | None = None,
    seed: int = 0,
    defects: str = "typical",
) -> Plan:
    """Plan of the region `name`.

    Parameters
    ----------
    name : str
        ``haihe`` (a city), ``hetao`` (irrigated country) or ``minjiang`` (a city whose
        customers change over three years).
    size : str
        ``tiny``, ``small`` or ``full``; `customers`, `days` and `panel` (customers with
        15-minute readings; a fifth where only `customers` is given) win over it.
    seed : int
    defects : str
        ``none``, ``light``, ``typical`` or ``heavy``.

    Raises
    ------
    InputError
        If a name is not known or a number too small.

    Examples
    --------
    >>> plan = plan_of("haihe", size="tiny")
    >>> plan.n_customers, plan.days[-1].date()
    (300, datetime.date(2024, 4, 29))
    """
    known = {
        "name": (name, REGIONS),
        "size": (size, SIZES),
        "defects": (defects, DEFECTS),
    }
    for what, (found, allowed) in known.items():
        if found not in allowed:
            raise InputError(f"{what} {found!r} is none of {', '.join(allowed)}.")
    n_customers, n_panel, n_days = SIZES[size]
    panel_days = n_days
    if name == DRIFTING and size != "tiny":
        n_days = DRIFT_DAYS
    if customers is not None:
        n_customers, n_panel = customers, max(customers // 5, 1)
    n_panel = n_panel if panel is None else panel
    if days is not None:
        n_days = days
    least = {
        "customers": (n_customers, 20),
        "days": (n_days, 28),
        "panel": (n_panel, 1),
    }
    for what, (found, low) in least.items():
        if found < low:
            raise InputError(f"{what} {found} is too few; at least {low} are wanted.")
    if seed < 0:
        raise InputError(f"seed {seed} is below 0.")
    return Plan(
        name,
        n_customers,
        min(n_panel, n_customers),
        n_days,
        min(panel_days if days is None else days, n_days),
        pd.Timestamp(STARTS[name]),
        seed,
        defects,
        settings_of(name),
    )


def settings_of(name: str) -> Settings:
    """Settings of the region `name`, from the file that becomes its `region.yaml`."""
    with as_file(files("research.region.synthetic") / f"{name}.yaml") as path:
        return read_settings(path)
