"""Outages 停电 of transformers and feeders: faults with their causes, planned work.

Rates, shares and the hours per customer and year follow section 7 of the specification
of synthetic regions; what it does not say is marked as an assumption.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from research.region.calendar import day_calendar
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import stream

# Hours without supply per customer and year 户均停电时间: town and country reach
# 99.97 and 99.91 % of the hours; a third of them is planned work.
HOURS = {"urban": 2.6, "rural": 7.9}
PLANNED_SHARE = 0.33
# Faults a year that a customer of a sound grid sees.
FAULTS = {"urban": 0.6, "rural": 1.6}
# Share of faults and of planned work that takes a whole feeder (assumption).
FEEDER_SHARE = 0.12
AGED, BOTTLENECK = 4.0, 3.0
# Chance that a transformer trips on a day with a load above its capacity (assumption).
OVERLOAD = 0.03
# Planned outages a customer sees a year (assumption: about five hours each).
PLANNED = {"urban": 0.18, "rural": 0.52}
# Spread of the log of durations (assumptions).
FAULT_SPREAD, PLANNED_SPREAD = 0.7, 0.35
# A day is hot from this highest temperature on (assumption). [degree C]
HOT = 32.0
# Irrigation seasons: days of the year and their spread (specification, section 4).
IRRIGATION = ((105, 14), (150, 16), (195, 18), (290, 14))
IRRIGATED = "hetao"
# Planned work that was announced: share, and days ahead (assumptions; seven days are
# promised). Of the rest half was never announced.
ANNOUNCED, NOTICE_DAYS = 0.88, (7, 11)
# Usual outages that those drawn are judged together with (see `_mean_hours`).
LENT = 20
DAYS_A_YEAR = 365.25
# Planned work by month, most of it in spring and autumn (assumption).
_WORK_MONTHS = (0.8, 0.8, 1.4, 1.4, 1.4, 0.8, 0.5, 0.5, 1.4, 1.4, 1.4, 0.8)
# Chance of each hour that a fault begins (assumption: use and weather of the day).
_FAULT_HOURS = np.array(
    [2, 2, 2, 2, 2, 2, 3, 4, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 6, 4, 3],
    dtype=float,
)
_TEXT = {"overload": "变压器过载", "bottleneck": "线路过载", "aged": "设备老化"}
# Causes of faults of a sound grid and of planned work, with shares (assumptions).
_FAULT_TEXTS = {
    "设备故障": 0.28,
    "外力破坏": 0.24,
    "雷击大风": 0.18,
    "树障": 0.12,
    "用户设备影响": 0.12,
    "小动物": 0.06,
}
_WORK_TEXTS = {"计划检修": 0.5, "配网改造": 0.3, "业扩接入": 0.12, "市政配合": 0.08}


class _Group(NamedTuple):
    """Transformers, or feeders, each of which goes off as one.

    `of` is the group of each transformer; the others have one entry a group.
    """

    column: str
    of: np.ndarray
    ids: np.ndarray
    setting: np.ndarray
    customers: np.ndarray

    def of_setting(self, values: dict[str, float]) -> np.ndarray:
        """Value of each group, by whether most of its customers live in the country."""
        return np.where(self.setting == "rural", values["rural"], values["urban"])


class _Sort(NamedTuple):
    """Outages of one sort: of what, expected each day, planned or not, and why."""

    group: _Group
    rate: np.ndarray
    planned: bool
    root: np.ndarray


def outages(
    plan: Plan,
    people: pd.DataFrame,
    transformers: pd.DataFrame,
    load: pd.DataFrame,
    weather: pd.DataFrame,
) -> pd.DataFrame:
    """Outages of the region.

    Old transformers fail four times as often, those on a thin feeder three times on
    hot and irrigation days, small ones when they are overloaded. Durations are
    lognormal, their means such that the hours of `HOURS` come out.

    Parameters
    ----------
    plan : Plan
    people, transformers : DataFrame
        As `grid.assign` gives them.
    load : DataFrame
        As `loads.transformer_load` gives it.
    weather : DataFrame
        `t_max` of each day.

    Returns
    -------
    outages : DataFrame
        The table `outages`, sorted by start: `transformer_id` or `feeder_id` says what
        was off. `true_root` is ``planned``, ``none`` or the weakness that caused it.
    """
    single, feeder = _groups(people, transformers)
    cause = transformers["true_root_cause"].to_numpy()
    thin = np.bincount(feeder.of, cause == "bottleneck", len(feeder.ids)) > 0
    cause_of_feeder = np.where(thin, "bottleneck", "none").astype(object)
    strained = _strained_days(plan, weather)
    # What fails behind its own transformer is the large customer's affair; work is
    # planned with it.
    public = ~transformers["true_dedicated"].to_numpy()[:, None]
    overload = OVERLOAD * _overloaded(plan, transformers, load)
    works = _work_days(plan)
    sorts = []
    for group, root, share in (
        (single, cause, 1 - FEEDER_SHARE),
        (feeder, cause_of_feeder, FEEDER_SHARE),
    ):
        faults = _fault_rates(share * group.of_setting(FAULTS), root, strained)
        planned = share * group.of_setting(PLANNED)[:, None] * works
        if group is single:
            faults = (faults + overload) * public
        sorts += [_Sort(group, faults, False, root), _Sort(group, planned, True, root)]
    rng = stream(plan.seed, "outages")
    drawn = [_drawn(sort, rng) for sort in sorts]
    hours = _mean_hours(plan, sorts, drawn, single)
    return _finished(plan, pd.concat(drawn, ignore_index=True), hours, rng)


def _groups(people: pd.DataFrame, transformers: pd.DataFrame) -> tuple[_Group, _Group]:
    of = pd.Index(transformers["transformer_id"]).get_indexer(people["transformer_id"])
    feeder, names = pd.factorize(transformers["feeder_id"], sort=True)
    n = len(transformers)
    rural = (people["urban_rural"] == "rural").to_numpy()
    groups = []
    for column, here, ids in (
        ("transformer_id", np.arange(n), transformers["transformer_id"]),
        ("feeder_id", feeder, names),
    ):
        customers = np.bincount(here[of], minlength=len(ids))
        in_country = np.bincount(here[of], rural, len(ids)) > customers / 2
        setting = np.where(in_country, "rural", "urban")
        ids = np.array(ids, dtype=object)
        groups.append(_Group(column, here, ids, setting, customers))
    return groups[0], groups[1]


def _strained_days(plan: Plan, weather: pd.DataFrame) -> np.ndarray:
    """Days that are hot, or on which the fields are watered."""
    hot = weather["t_max"].to_numpy() >= HOT
    if plan.name != IRRIGATED:
        return hot
    away = np.abs(
        plan.days.day_of_year.to_numpy()[:, None] - [d for d, _ in IRRIGATION]
    )
    return hot | (away <= [spread for _, spread in IRRIGATION]).any(axis=1)


def _fault_rates(
    yearly: np.ndarray, root: np.ndarray, strained: np.ndarray
) -> np.ndarray:
    """Faults expected of each group on each day."""
    daily = yearly / DAYS_A_YEAR * np.where(root == "aged", AGED, 1.0)
    thin = (root == "bottleneck")[:, None] & strained
    return daily[:, None] * np.where(thin, BOTTLENECK, 1.0)


def _overloaded(
    plan: Plan, transformers: pd.DataFrame, load: pd.DataFrame
) -> np.ndarray:
    """Whether each transformer's load went above its capacity on each day."""
    above = np.zeros((len(transformers), plan.n_days), dtype=bool)
    rate = load["max_load_rate"].to_numpy().reshape(-1, plan.n_days)
    public = ~transformers["true_dedicated"].to_numpy()
    above[public] = rate > plan.settings.grid.overload
    return above


def _work_days(plan: Plan) -> np.ndarray:
    """Share of a year's planned work on each day: working days, few in summer."""
    working = day_calendar(plan.days, plan.settings)["working"].to_numpy()
    weight = np.array(_WORK_MONTHS)[plan.days.month - 1] * working
    return weight / weight.mean() / DAYS_A_YEAR


def _drawn(sort: _Sort, rng: np.random.Generator) -> pd.DataFrame:
    number = rng.poisson(sort.rate)
    which, day = np.nonzero(number)
    again = number[which, day]
    which, day = np.repeat(which, again), np.repeat(day, again)
    group = sort.group
    events = {
        "transformer_id": None,
        "feeder_id": None,
        "which": which,
        "day": day,
        "planned": sort.planned,
        "setting": group.setting[which],
        "true_root": "planned" if sort.planned else sort.root[which],
    }
    return pd.DataFrame(events | {group.column: group.ids[which]})


def _mean_hours(
    plan: Plan, sorts: list[_Sort], drawn: list[pd.DataFrame], single: _Group
) -> dict[tuple[bool, str], float]:
    """Mean duration, of planned work or not, by setting, that brings `HOURS`.

    The more outages there are the nearer the ones drawn bring them; a few, only in
    expectation: else one lone outage would last for days.
    """
    hours = {}
    for setting, wanted in HOURS.items():
        here = single.customers[single.setting == setting].sum()
        for planned in (True, False):
            expected = seen = squares = 0.0
            for sort, found in zip(sorts, drawn, strict=True):
                if sort.planned == planned:
                    off = sort.group.customers * (sort.group.setting == setting)
                    expected += off @ sort.rate.sum(axis=1)
                    squares += off**2 @ sort.rate.sum(axis=1)
                    seen += off[found["which"]].sum()
            share = PLANNED_SHARE if planned else 1 - PLANNED_SHARE
            all_hours = wanted * share * here * plan.n_days / DAYS_A_YEAR
            if not expected:
                hours[planned, setting] = 0.0
                continue
            # As many customers as the outage of an average customer has.
            usual = LENT * squares / expected
            drawn_more = (seen + usual) / (expected + usual)
            hours[planned, setting] = all_hours / expected / drawn_more
    return hours


def _finished(
    plan: Plan,
    events: pd.DataFrame,
    hours: dict[tuple[bool, str], float],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Times, notices and causes of the events; ids in the order of time."""
    n = len(events)
    planned = events["planned"].to_numpy()
    keys = zip(planned, events["setting"], strict=True)
    mean = np.array([hours[key] for key in keys], dtype=float)
    spread = np.where(planned, PLANNED_SPREAD, FAULT_SPREAD)
    lasts = np.clip(mean * rng.lognormal(-(spread**2) / 2, spread), 0.05, 60.0)
    cumulated = np.cumsum(_FAULT_HOURS) / _FAULT_HOURS.sum()
    fault_hour = np.searchsorted(cumulated, rng.random(n)) + rng.random(n)
    hour = np.where(planned, rng.uniform(6.5, 9.5, n), fault_hour)
    start = plan.days.to_numpy()[events["day"]] + _minutes(hour)
    announced = rng.random(n)
    ahead = np.where(
        announced < ANNOUNCED, rng.uniform(*NOTICE_DAYS, n), rng.uniform(0.3, 3, n)
    )
    told = planned & (announced < (1 + ANNOUNCED) / 2)
    notice = (start - _minutes(24 * ahead)).astype("datetime64[ms]")
    root = events["true_root"].to_numpy()
    text = np.where(
        planned, _chosen(_WORK_TEXTS, n, rng), _chosen(_FAULT_TEXTS, n, rng)
    )
    for weakness, name in _TEXT.items():
        text[root == weakness] = name
    table = pd.DataFrame(
        {
            "transformer_id": events["transformer_id"],
            "feeder_id": events["feeder_id"],
            "ts_start": start.astype("datetime64[ms]"),
            "ts_end": (start + _minutes(lasts)).astype("datetime64[ms]"),
            "planned": planned,
            "cause": text,
            "notice_ts": np.where(told, notice, np.datetime64("NaT", "ms")),
            "true_root": root,
        }
    )
    table = table.sort_values("ts_start", kind="stable", ignore_index=True)
    table.insert(0, "outage_id", [f"OT{i + 1:06}" for i in range(n)])
    return table


def _minutes(hours: np.ndarray) -> np.ndarray:
    return np.round(hours * 60).astype("timedelta64[m]")


def _chosen(shares: dict[str, float], n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice(np.array(list(shares), dtype=object), n, p=list(shares.values()))


def customers_off(
    people: pd.DataFrame, transformers: pd.DataFrame, outages: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Which customers each outage left without supply.

    Parameters
    ----------
    people, transformers : DataFrame
        As `grid.assign` gives them.
    outages : DataFrame
        With `transformer_id` or `feeder_id`.

    Returns
    -------
    outage, customer : array of int of shape (n_pairs,)
        Positions in `outages` and in `people`, ordered by outage. A customer whose
        account was not open then is among them.
    """
    single, feeder = _groups(people, transformers)
    of = pd.Index(single.ids).get_indexer(people["transformer_id"])
    n = len(single.ids)
    # One number a group: transformers first, then feeders.
    member = np.concatenate([of, n + feeder.of[of]])
    order = np.argsort(member, kind="stable")
    first = np.searchsorted(member[order], np.arange(n + len(feeder.ids) + 1))
    off = pd.Index(single.ids).get_indexer(outages["transformer_id"])
    whole = n + pd.Index(feeder.ids).get_indexer(outages["feeder_id"])
    off = np.where(outages["transformer_id"].notna(), off, whole)
    number = np.diff(first)[off]
    outage = np.repeat(np.arange(len(off)), number)
    within = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
    return outage, order[first[off][outage] + within] % len(people)
