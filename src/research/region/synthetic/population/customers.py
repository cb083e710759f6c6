"""The customers of a synthetic region, and what is true of each."""

import numpy as np
import pandas as pd

from research.region.synthetic import drift
from research.region.synthetic.plan import Plan
from research.region.synthetic.population.accounts import contracts, households
from research.region.synthetic.population.archetypes import (
    ARCHETYPES,
    CODES,
    HOMES,
    SHARES,
    TRAITS,
    Traits,
)
from research.region.synthetic.streams import stream

# Homes are this share of the sample, not nine tenths as in a region; the others are
# drawn by the power of their share, so that rare kinds are seen (assumption).
HOMES_OF_SAMPLE = 0.75
RARE_POWER = 0.6
# Value groups of customers at high voltage (specification, section 6): share, relative
# energy and its log sd, growth, volatility, credit.
GROUPS = ("G1", "G2", "G3", "G4")
GROUP_SHARES = np.array([0.04, 0.08, 0.80, 0.08])
GROUP_ENERGY = np.array([15.7, 2.0, 1.0, 0.15])
GROUP_ENERGY_SD = np.array([0.55, 0.40, 0.75, 0.7])
GROUP_GROWTH = np.array([[0.03, 0.05], [0.28, 0.10], [0.03, 0.07], [-0.06, 0.18]])
GROUP_CV = np.array([0.10, 0.18, 0.18, 0.60])
GROUP_CREDIT = np.array([[88, 5], [76, 8], [74, 9], [45, 10]])
# Spread of the monthly energy of all others (assumption).
OTHER_CV = 0.12
# Post-paid: automatic debit, early, at the due date, late, chronic (section 5), of
# homes, of small and of large firms.
PAYERS = ("auto_debit", "early", "at_due", "late", "chronic")
PAYER_SHARES = {
    "home": (0.30, 0.35, 0.25, 0.08, 0.02),
    "small": (0.12, 0.33, 0.33, 0.17, 0.05),
    "large": (0.20, 0.40, 0.30, 0.08, 0.02),
}
PREPAYERS = ("autopilot", "regular", "late", "forgetful")
PREPAYER_SHARES = (0.28, 0.32, 0.26, 0.14)
# Homes with heat pumps; where no pipe brings heat many have one (assumption).
PUMPS = {"haihe": 0.03, "hetao": 0.03, "minjiang": 0.45}
# Credit of those who are in no value group, by how they pay (assumption).
CREDIT_OF_PAYER = {"late": -12.0, "chronic": -30.0, "forgetful": -8.0}


def people(plan: Plan) -> pd.DataFrame:
    """Customers and what is true of them, one row each, ordered by `customer_id`.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    people : DataFrame of shape (n_customers, ...)
        Index 0 to n_customers - 1. Columns of the customers table that need no grid,
        and the truth:

        - `true_archetype`, `true_family`; `true_archetype_end` after the change on
          `true_change_date` (NaT where nothing changes: only the drifting region has
          changes); `true_drift`, what the script does to the customer, joined by ``|``:
          closes, new, ev_adopter, pv_adopter, leaves_home, shift_loss, tou_shift,
          new_meter, alert_treated, alert_control;
        - `true_monthly_kwh`, mean over the first year, all appliances included [kWh];
          `true_growth`, of its logarithm a year; `true_cv`, of its months;
        - `true_cooling`, gain of energy above the cooling limit, mean 1, 0 without air
          conditioning; `true_heating` likewise;
        - `true_value_group` ``G1`` to ``G4`` at 10 kV and above, else empty;
          `true_credit` 0 to 100; `true_pay_class`; `true_festival` (leaves, hosts,
          stays, returnees, asleep; empty for others than homes);
        - `true_ev`, `true_pv`: whether at the end.
    """
    rng = stream(plan.seed, "people")
    traits = TRAITS[plan.name]
    code, weight = _drawn_archetypes(plan, traits, rng)
    frame = pd.DataFrame({"customer_id": _ids(plan, len(code))})
    frame["sample_weight"] = weight
    frame["true_archetype"] = code
    frame["true_family"] = [ARCHETYPES[c].family for c in code]
    _add_places(frame, traits, rng)
    _add_sizes(frame, traits, stream(plan.seed, "people", "size"))
    _add_changes(frame, plan, stream(plan.seed, "people", "changes"))
    _add_dates(frame, plan, traits, stream(plan.seed, "people", "dates"))
    _add_responses(frame, plan, traits, stream(plan.seed, "people", "responses"))
    households(frame, plan, stream(plan.seed, "people", "households"))
    contracts(frame, plan, traits, stream(plan.seed, "people", "contracts"))
    _add_payers(frame, stream(plan.seed, "people", "payers"))
    _add_drift(frame, plan, stream(plan.seed, "people", "drift"))
    return frame


def is_home(people: pd.DataFrame) -> np.ndarray:
    """Which of the people are homes."""
    return people["true_archetype"].str.startswith("R").to_numpy()


def matched(
    rng: np.random.Generator, values: np.ndarray, wanted: np.ndarray, noise: float
) -> np.ndarray:
    """The same `values`, handed out so that large ones go where large is `wanted`.

    Their distribution stays as it is; `noise` blurs the order.
    """
    order = np.argsort(wanted + noise * rng.standard_normal(len(wanted)))
    handed = np.empty_like(values)
    handed[order] = np.sort(values)
    return handed


def counts_of(shares: np.ndarray, n: int) -> np.ndarray:
    """`n` split by `shares`, by largest remainder; what has a share gets one at least.

    Where there are fewer than shares, the largest shares get one.

    Examples
    --------
    >>> counts_of(np.array([0.6, 0.39, 0.01, 0.0]), 10).tolist()
    [6, 3, 1, 0]
    """
    wanted = n * shares / shares.sum()
    counts = np.floor(wanted).astype(int)
    if n < np.count_nonzero(shares):
        return (np.argsort(np.argsort(-shares, kind="stable")) < n).astype(int)
    counts[(counts == 0) & (shares > 0)] = 1
    while counts.sum() != n:
        more = counts.sum() < n
        gap = wanted - counts
        position = np.argmax(gap) if more else np.argmin(np.where(counts > 1, gap, 2))
        counts[position] += 1 if more else -1
    return counts


def _drawn_archetypes(
    plan: Plan, traits: Traits, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    shares = np.array([SHARES[plan.name][code] for code in CODES])
    shares = shares / shares.sum()
    home = np.array([code in HOMES for code in CODES])
    n_homes = round(HOMES_OF_SAMPLE * plan.n_customers)
    counts = np.zeros(len(CODES), dtype=int)
    counts[home] = counts_of(shares[home], n_homes)
    counts[~home] = counts_of(shares[~home] ** RARE_POWER, plan.n_customers - n_homes)
    weights = traits.accounts * shares / np.maximum(counts, 1)
    which = rng.permutation(np.repeat(np.arange(len(CODES)), counts))
    return np.array(CODES)[which], weights[which].round(3)


def _ids(plan: Plan, n: int) -> pd.Series:
    """Numbers of ten digits, the first two of them zeros as after a migration."""
    rng = stream(plan.seed, "people", "ids")
    numbers = np.sort(rng.choice(90_000_000, n, replace=False) + 10_000_000)
    return pd.Series(numbers).astype("str").str.zfill(10)


def _add_places(frame: pd.DataFrame, traits: Traits, rng: np.random.Generator) -> None:
    code = frame["true_archetype"]
    share = np.where(code.str.startswith("R"), traits.rural, traits.rural / 2)
    share = np.where(code.isin(["R8", "A1", "A2", "A3"]), 1.0, share)
    rural = rng.random(len(frame)) < share
    frame["urban_rural"] = np.where(rural, "rural", "urban")


def _add_sizes(frame: pd.DataFrame, traits: Traits, rng: np.random.Generator) -> None:
    n, code = len(frame), frame["true_archetype"]
    kinds = code.map(ARCHETYPES)
    home = is_home(frame)
    high = rng.random(n) < kinds.map(lambda kind: kind.high_voltage).to_numpy()
    mean = kinds.map(lambda kind: kind.mean_kwh).to_numpy(dtype=float)
    # Low voltage: lognormal about the mean of the kind, log sd .8 (section 3).
    kwh = mean * rng.lognormal(-(0.8**2) / 2, 0.8, n)
    at_home = rng.lognormal(traits.log_mean, traits.log_sd, n)[home]
    kwh[home] = matched(rng, at_home, np.log(mean[home]), traits.log_sd)

    group = rng.permutation(np.repeat(np.arange(4), counts_of(GROUP_SHARES, n)))
    if high.any():
        group[high] = np.repeat(np.arange(4), counts_of(GROUP_SHARES, high.sum()))
    sd = GROUP_ENERGY_SD[group]
    relative = GROUP_ENERGY[group] * rng.lognormal(-(sd**2) / 2, sd)
    wanted = np.log(kinds.map(lambda kind: max(kind.mean_kwh_high, 1.0)).to_numpy())
    # Group and energy go together to the kind that wants so much.
    seat = np.flatnonzero(high)[
        np.argsort(wanted[high] + 0.8 * rng.standard_normal(high.sum()))
    ]
    by_energy = np.flatnonzero(high)[np.argsort(relative[high])]
    kwh[seat] = traits.high_mean * relative[by_energy]
    group[seat] = group[by_energy]

    frame["true_monthly_kwh"] = kwh
    frame["true_value_group"] = np.where(high, np.array(GROUPS)[group], "")
    # All who are in no group: growth N(.03, .05) (section 4).
    growth, cv = GROUP_GROWTH[group], GROUP_CV[group]
    drawn = np.where(high, rng.normal(growth[:, 0], growth[:, 1]), 0.0)
    frame["true_growth"] = np.where(high, drawn, rng.normal(0.03, 0.05, n))
    cv = np.where(high, cv, OTHER_CV) * rng.lognormal(0, 0.30, n)
    frame["true_cv"] = cv
    credit = rng.normal(GROUP_CREDIT[group, 0], GROUP_CREDIT[group, 1])
    frame["true_credit"] = np.where(high, credit, rng.normal(76, 8, n)).clip(0, 100)


def _add_changes(frame: pd.DataFrame, plan: Plan, rng: np.random.Generator) -> None:
    """Archetype at the end, and the day from which it holds."""
    code = frame["true_archetype"].to_numpy()
    after, day = code.copy(), np.full(len(frame), -1)
    u = rng.random(len(frame))
    adopted = drift.adoption_days(rng, len(frame))
    if drift.drifts(plan):
        # Shares of accounts that change until the last month (section 9): charging
        # piles 1 -> 9 %, photovoltaics .5 -> 3 %, second homes 8 -> 10 %.
        to_ev = np.isin(code, ["R1", "R2", "R3", "R4"]) & (u < 0.08 / 0.74)
        to_pv = np.isin(code, ["R8"]) & (u < 0.025 / 0.06)
        to_empty = np.isin(code, ["R1", "R2", "R3"]) & (u > 1 - 0.02 / 0.59)
        for who, what in ((to_ev, "R6"), (to_pv, "R9"), (to_empty, "R5")):
            after[who], day[who] = what, adopted[who]
        loses = (code == "I2") & (u < 0.12)
        after[loses] = "I1"
        day[loses] = (drift.month_start(plan, drift.SHIFT_LOSS) - plan.start).days
    comes = (day >= 0) & (day < plan.n_days)
    frame["true_archetype_end"] = np.where(comes, after, code)
    dates = plan.start + pd.to_timedelta(day, unit="D")
    frame["true_change_date"] = pd.Series(dates).where(comes).astype("datetime64[ms]")


def _add_dates(
    frame: pd.DataFrame, plan: Plan, traits: Traits, rng: np.random.Generator
) -> None:
    n, years = len(frame), plan.n_days / 365.25
    code = frame["true_archetype"].to_numpy()
    # Accounts are nine years old in the mean (assumption).
    age = np.minimum(rng.exponential(9 * 365, n) + 1, 40 * 365).astype(int)
    opened = -age
    new = np.full(n, min(traits.new * years, 0.5))
    if drift.drifts(plan):
        new = np.where(code == "E1", min(2 / 3, 2 / 9 * years), new)
    is_new = rng.random(n) < new
    within = rng.integers(1, max(plan.n_days - 14, 2), n)
    opened = np.where(is_new, within, opened)

    hazard = np.full(n, traits.closing)
    if drift.drifts(plan):
        hazard = np.where(code == "S1", 0.06, hazard)
    # A large customer rarely goes (assumption: a third as often).
    hazard = np.where(frame["true_value_group"] != "", hazard / 3, hazard)
    closed = (rng.exponential(1, n) / hazard * 365.25).astype(int) + 14
    closed += np.maximum(opened, 0)
    closes = closed < plan.n_days
    suspended = ~closes & (rng.random(n) < 0.005)
    frame["open_date"] = plan.start + pd.to_timedelta(opened, unit="D")
    dates = pd.Series(plan.start + pd.to_timedelta(closed, unit="D"))
    frame["close_date"] = dates.where(closes)
    for column in ("open_date", "close_date"):
        frame[column] = frame[column].astype("datetime64[ms]")
    state = np.where(closes, "closed", np.where(suspended, "suspended", "active"))
    frame["status"] = state


def _add_responses(
    frame: pd.DataFrame, plan: Plan, traits: Traits, rng: np.random.Generator
) -> None:
    n, home = len(frame), is_home(frame)
    code = frame["true_archetype"].to_numpy()
    gain = rng.gamma(2.0, 0.5, n)
    cooled = ~home | (rng.random(n) < traits.air_conditioned)
    frame["true_cooling"] = np.where(cooled & (code != "R5"), gain, 0.0)
    pump = home & (rng.random(n) < PUMPS[plan.name])
    frame["true_heating"] = np.where(pump & (code != "R5"), rng.gamma(2.0, 0.5, n), 0.0)
    u = rng.random(n)
    town = np.select([u < 0.35, u < 0.55], ["leaves", "hosts"], "stays")
    country = np.where(u < 0.45, "returnees", "stays")
    festival = np.where(frame["urban_rural"] == "rural", country, town)
    festival = np.where(code == "R5", "asleep", festival)
    frame["true_festival"] = np.where(home, festival, "")
    after = frame["true_archetype_end"].to_numpy()
    frame["true_ev"] = after == "R6"
    frame["true_pv"] = after == "R9"


def _add_payers(frame: pd.DataFrame, rng: np.random.Generator) -> None:
    """How each pays; low credit goes with paying late."""
    prepaid = frame["pay_system"].str.startswith("prepaid").to_numpy()
    home, large = is_home(frame), (frame["true_value_group"] != "").to_numpy()
    kinds = {
        "prepaid": (prepaid, PREPAYERS, PREPAYER_SHARES),
        "home": (home & ~prepaid, PAYERS, PAYER_SHARES["home"]),
        "small": (~home & ~large, PAYERS, PAYER_SHARES["small"]),
        "large": (large, PAYERS, PAYER_SHARES["large"]),
    }
    pays = np.full(len(frame), "", dtype=object)
    credit = frame["true_credit"].to_numpy()
    for who, names, shares in kinds.values():
        n = int(who.sum())
        rank = _cut(shares, n)
        # Noise as large as the spread of credit in a group.
        order = np.argsort(-(credit[who] + rng.normal(0, 9, n)))
        chosen = np.empty(n, dtype=int)
        chosen[order] = rank
        pays[who] = np.array(names, dtype=object)[chosen]
    frame["true_pay_class"] = pd.Series(pays).astype("str")
    worse = frame["true_pay_class"].map(CREDIT_OF_PAYER).fillna(0.0)
    frame["true_credit"] = np.where(large, credit, (credit + worse).clip(0, 100))


def _cut(shares: tuple[float, ...], n: int) -> np.ndarray:
    """Class of each of `n` places in order, so that classes have their `shares`."""
    edges = np.cumsum(shares)[:-1]
    return np.searchsorted(edges, (np.arange(n) + 0.5) / max(n, 1), side="right")


def _add_drift(frame: pd.DataFrame, plan: Plan, rng: np.random.Generator) -> None:
    """What happens to each customer, as labels joined by ``|``."""
    code, after = (
        frame[c].to_numpy() for c in ("true_archetype", "true_archetype_end")
    )
    changed = code != after
    u = rng.random((3, len(frame)))
    here = drift.drifts(plan)
    last = plan.days[-1]

    def reached(month: int) -> bool:
        return here and drift.month_start(plan, month) <= last

    prepaid = frame["pay_system"].str.startswith("prepaid").to_numpy()
    shifts = np.isin(code, ["I4", "S1", "S2", "S3", "S4"]) & (u[0] < 0.25)
    labels = {
        "new": (frame["open_date"] >= plan.start).to_numpy(),
        "closes": frame["close_date"].notna().to_numpy(),
        "ev_adopter": changed & (after == "R6"),
        "pv_adopter": changed & (after == "R9"),
        "leaves_home": changed & (after == "R5"),
        "shift_loss": changed & (after == "I1"),
        "tou_shift": shifts & reached(drift.TOU_CHANGE),
        "new_meter": (u[1] < 0.30) & reached(drift.METER_ROLL_OUT),
        "alert_treated": prepaid & (u[2] < 0.5) & reached(drift.ALERTS),
        "alert_control": prepaid & (u[2] >= 0.5) & reached(drift.ALERTS),
    }
    text = pd.Series("", index=frame.index, dtype="str")
    for label, who in labels.items():
        text = text.where(~who, text + "|" + label)
    frame["true_drift"] = text.str.removeprefix("|")
