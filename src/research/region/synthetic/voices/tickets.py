"""Tickets of the hotline 95598工单: what customers ask, report and complain of.

A ticket has a cause, or it is one of the many that come anyway, at rates that make the
kinds of tickets and the classes of complaints what the specification wants. The share
of one topic, money that does not reach the meter, is a figure of an urban utility: 458
of 27,438 complaints, opinions and service requests.
"""

import numpy as np
import pandas as pd

from research.region.schema import TABLES
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import stream
from research.region.synthetic.voices.calls import (
    about_bills,
    about_topups,
    after_outages,
    after_trips,
    clock,
    on_low_voltage,
)
from research.region.synthetic.voices.catalogue import catalogue
from research.region.synthetic.voices.ticket_handling import (
    REPEATING,
    handled,
    repeats,
    ticket_steps,
)
from research.region.synthetic.voices.ticket_text import ticket_texts

TOPUP_SHARE = 458 / 27_438
# Complaints, opinions and service requests of a household and year: 27,438 in half a
# year of a city of about five million homes (the homes are an assumption).
PER_HOUSEHOLD = 27_438 / 5_000_000 * 2
THREE_KINDS = ("service_request", "complaint", "opinion")
# Shares of all tickets by kind, of complaints by class (specification, section 7).
KINDS = {
    "inquiry": 0.55,
    "fault_repair": 0.28,
    "service_request": 0.09,
    "opinion": 0.04,
    "complaint": 0.02,
    "suggestion": 0.008,
    "praise": 0.007,
    "report": 0.005,
}
CLASSES = {
    "供电质量投诉": 0.312,
    "营业投诉": 0.33,
    "停送电投诉": 0.17,
    "服务投诉": 0.13,
    "电网建设投诉": 0.06,
}
# Complaints of supply come more often from weak transformers (assumption).
AT_WEAK_TRANSFORMER = 2.0
# Of the tickets of a kind at least this share has no cause in the tables (assumption).
LEAST_BASE = 0.2
# Repeats for each first ticket of the kinds that come again, as the chances of
# `ticket_handling` bring them (measured).
REPEATS = 0.06
DAYS_A_YEAR = 365.25
# Tickets of every month next to those of a quiet one.
SEASON = np.array([1.2, 1, 1, 1, 1, 1, 1.6, 1.6, 1, 1, 1, 1])
# Where tickets come in, of complaints and of the others (assumptions).
SOURCES = {
    "95598": (0.66, 0.78),
    "12345": (0.14, 0.03),
    "12398": (0.05, 0.0),
    "hall": (0.05, 0.08),
    "app": (0.05, 0.07),
    "web": (0.02, 0.02),
    "hall_leader": (0.02, 0.0),
    "manager": (0.01, 0.02),
}
# Share of the telephone's tickets that move to the app each year.
TO_APP = 0.08
_HANDLED = {
    "inquiry": "已向客户解释说明,客户表示清楚。",
    "fault_repair": "抢修人员已到现场处理,恢复供电。",
    "praise": "已转达并表扬相关人员。",
    "suggestion": "已记录建议并转相关部门。",
}
_TABLE = list(TABLES["tickets"].columns)


def tickets(
    plan: Plan,
    people: pd.DataFrame,
    areas: pd.DataFrame,
    transformers: pd.DataFrame,
    load: pd.DataFrame,
    outages: pd.DataFrame,
    *,
    topups: pd.DataFrame | None = None,
    trip_events: pd.DataFrame | None = None,
    bills: pd.DataFrame | None = None,
    intensity: float = 25.0,
    topup_share: float = TOPUP_SHARE,
    exact: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Tickets of the region, the steps of their handling, and their truth.

    Parameters
    ----------
    plan : Plan
    people, areas, transformers, load, outages : DataFrame
        As `grid.assign`, `loads.transformer_load` and `outages.outages` give them.
    topups, trip_events, bills : DataFrame, optional
        What they cause is left out where a table is not there.
    intensity : float
        How many times the tickets of the published figure there are: a sample of some
        thousand customers would show too few.
    topup_share : float
        Of failed top-ups among complaints, opinions and service requests.
    exact : bool
        Whether that share is met to the ticket, or by chance as in life.

    Returns
    -------
    tickets, steps : DataFrame
        The tables `tickets` and `ticket_steps`. What had not happened on the region's
        last day is empty.
    truth : DataFrame
        `ticket_id`, `topic`, `second_topic` (empty if there is none), `template_id`,
        `cause` (``base`` for those that come anyway) and `ref`, the row of its cause.
    """
    rng = stream(plan.seed, "tickets", "causes")
    found = [
        after_outages(plan, people, transformers, outages, rng),
        on_low_voltage(people, load, stream(plan.seed, "tickets", "voltage")),
    ]
    if trip_events is not None:
        rng = stream(plan.seed, "tickets", "trips")
        found.append(after_trips(people, trip_events, rng))
    if bills is not None:
        found.append(about_bills(people, bills, stream(plan.seed, "tickets", "bills")))
    failed = None
    if topups is not None:
        rng = stream(plan.seed, "tickets", "topups")
        failed, refunded = about_topups(people, topups, rng)
        found.append(refunded)
    caused = _within_region(plan, people, pd.concat(found, ignore_index=True))
    unit = _units(people, areas)
    caused = _kept(plan, caused, unit)
    base = _base(plan, people, transformers, unit, caused, intensity)
    cases = _cases(plan, pd.concat([caused, base], ignore_index=True), unit, "first")
    again = repeats(plan, cases, stream(plan.seed, "tickets", "repeats"))
    cases = [cases, _cases(plan, again, unit, "again")]
    if failed is not None:
        failed = _within_region(plan, people, failed)
        others = sum(frame["type"].isin(THREE_KINDS).sum() for frame in cases)
        wanted = topup_share / (1 - topup_share) * others
        rng = stream(plan.seed, "tickets", "share")
        n = round(wanted) if exact else rng.poisson(wanted)
        cases.append(_cases(plan, failed.iloc[:n], unit, "topups"))
    return _tables(plan, pd.concat(cases, ignore_index=True), people, unit)


def _units(people: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Area of each customer: its name, its unit, how often that is complained of."""
    columns = ["name", "org_unit", "true_complaint_factor"]
    return areas.set_index("area_id")[columns].loc[people["area_id"]].reset_index()


def _within_region(
    plan: Plan, people: pd.DataFrame, calls: pd.DataFrame
) -> pd.DataFrame:
    """Calls in the region's days of customers whose account is open then."""
    opened, closed = _open_days(plan, people)
    day = calls["ts"].to_numpy().astype("datetime64[D]")
    who = calls["customer"].to_numpy()
    here = (day >= opened[who]) & (day <= closed[who])
    return calls[here].reset_index(drop=True)


def _kept(plan: Plan, caused: pd.DataFrame, unit: pd.DataFrame) -> pd.DataFrame:
    """Calls without the complaints that a good unit settles before they are made."""
    factor = unit["true_complaint_factor"].to_numpy()[caused["customer"]]
    kind = catalogue("ticket_templates")["type"].to_numpy()[caused["template"]]
    settled = stream(plan.seed, "tickets", "settled").random(len(caused))
    keep = (kind != "complaint") | (settled * factor.max(initial=1.0) < factor)
    return caused[keep].reset_index(drop=True)


def _open_days(plan: Plan, people: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """First and last day of the region on which each account is open."""
    first, last = plan.days[0], plan.days[-1]
    opened = people["open_date"].fillna(first).clip(lower=first)
    closed = people["close_date"].fillna(last).clip(upper=last)
    return (
        opened.to_numpy().astype("datetime64[D]"),
        closed.to_numpy().astype("datetime64[D]"),
    )


def _base(
    plan: Plan,
    people: pd.DataFrame,
    transformers: pd.DataFrame,
    unit: pd.DataFrame,
    caused: pd.DataFrame,
    intensity: float,
) -> pd.DataFrame:
    """Tickets that come anyway: Poisson, by kind, the more complaints the worse a unit.

    Their rates fill up what the causes leave of the wanted kinds.
    """
    rng = stream(plan.seed, "tickets", "base")
    book = catalogue("ticket_templates")
    opened, closed = _open_days(plan, people)
    years = np.maximum((closed - opened).astype(int) + 1, 0) / DAYS_A_YEAR
    group = book["complaint_class"].where(book["complaint_class"] != "", book["type"])
    seen = group.iloc[caused["template"]].value_counts()
    root = transformers.set_index("transformer_id")["true_root_cause"]
    weak = (root.loc[people["transformer_id"]] != "none").to_numpy()
    season = SEASON[plan.days.month - 1]
    season = np.cumsum(season) / season.sum()
    able = _able(people)
    parts = []
    for name, yearly in _rates(intensity).items():
        wanted = yearly * years.sum()
        left = max(wanted - seen.get(name, 0), LEAST_BASE * wanted)
        factor = np.ones(len(people))
        if name in CLASSES:
            factor = unit["true_complaint_factor"].to_numpy().copy()
        if name == "供电质量投诉":
            factor[weak] *= AT_WEAK_TRANSFORMER
        # Days on which an account is not open are drawn, too, and thrown away.
        all_days = factor.sum() * plan.n_days / DAYS_A_YEAR
        n = rng.poisson(left * all_days / (factor @ years))
        share = np.cumsum(factor) / factor.sum()
        who = np.minimum(np.searchsorted(share, rng.random(n)), len(people) - 1)
        day = plan.days.to_numpy()[np.searchsorted(season, rng.random(n))]
        words = np.flatnonzero((group == name) & (book["base_weight"] > 0))
        weight = able[who][:, words] * book["base_weight"].to_numpy()[words]
        weight = np.cumsum(weight, axis=1)
        picked = (rng.random(n)[:, None] * weight[:, -1:] >= weight).sum(axis=1)
        frame = {
            "customer": who,
            "ts": day.astype("datetime64[s]") + clock(n, rng),
            "template": words[picked],
            "cause": "base",
        }
        parts.append(pd.DataFrame(frame))
    return _within_region(plan, people, pd.concat(parts, ignore_index=True))


def _rates(intensity: float) -> dict[str, float]:
    """First tickets a customer and year, of each kind and each class of complaints."""
    all_kinds = intensity * PER_HOUSEHOLD / sum(KINDS[kind] for kind in THREE_KINDS)
    rates = {
        kind: all_kinds * share / (1 + REPEATS * (kind in REPEATING))
        for kind, share in KINDS.items()
    }
    complaints = rates.pop("complaint")
    return rates | {name: complaints * share for name, share in CLASSES.items()}


def _able(people: pd.DataFrame) -> np.ndarray:
    """Whether each customer can call with the words of each template."""
    usage = people["usage_class"]
    home = usage.str.startswith("residential").to_numpy()
    farm = usage.str.startswith("agri").to_numpy()
    prepaid = people["pay_system"].str.startswith("prepaid").to_numpy()
    may = {
        "any": np.full(len(people), True),
        "home": home,
        "farm": farm,
        "firm": ~home & ~farm,
        "prepaid": prepaid,
        "postpaid": ~prepaid,
        "irrigation": (usage == "agri_irrigation").to_numpy(),
        "photovoltaic": people["pv_kw"].fillna(0).gt(0).to_numpy(),
        "large": people["voltage"].str.endswith("kV").to_numpy() & ~home,
    }
    return np.column_stack([may[who] for who in catalogue("ticket_templates")["who"]])


def _cases(
    plan: Plan, calls: pd.DataFrame, unit: pd.DataFrame, part: str
) -> pd.DataFrame:
    """Calls as cases of their units, handled."""
    book = catalogue("ticket_templates").iloc[calls["template"]]
    bad = unit["true_complaint_factor"].to_numpy()[calls["customer"]] > 1
    known = {"again": False, "parent": -1, "ref": None}
    missing = {c: value for c, value in known.items() if c not in calls}
    calls = calls.assign(
        type=book["type"].to_numpy(), topic=book["topic"].to_numpy(), bad_unit=bad
    ).assign(**missing)
    return handled(plan, calls, stream(plan.seed, "tickets", "handling", part))


def _tables(
    plan: Plan, cases: pd.DataFrame, people: pd.DataFrame, unit: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The tables and the truth, in the order of time."""
    n = len(cases)
    order = np.argsort(cases["ts"].to_numpy(), kind="stable")
    ids = np.empty(n, dtype=object)
    ids[order] = [f"{plan.start.year}{i + 1:08}" for i in range(n)]
    # Earlier cases stand first and in their own order: a position is a place in `ids`.
    parent = cases["parent"].to_numpy(dtype=np.int64)
    repeat_of = np.where(parent >= 0, ids[parent], None)
    book = catalogue("ticket_templates")
    template = cases["template"].to_numpy()
    who = cases["customer"].to_numpy()
    customer_id = people["customer_id"].to_numpy(dtype=object)[who]
    rng = stream(plan.seed, "tickets", "texts")
    places = unit["name"].to_numpy(dtype=object)[who]
    texts, second = ticket_texts(cases, places, customer_id, rng)
    complaint = (cases["type"] == "complaint").to_numpy()
    handling = cases["type"].map(_HANDLED).fillna("已联系客户核实处理,并告知结果。")
    frame = pd.DataFrame(
        {
            "ticket_id": ids,
            "customer_id": customer_id,
            "ts_created": cases["ts"],
            "type": cases["type"],
            "class_code": book["class_zh"].to_numpy(dtype=object)[template],
            "source": _sources(plan, cases["ts"], complaint),
            "text_zh": texts,
            "handle_text_zh": handling,
            "area_id": people["area_id"].to_numpy(dtype=object)[who],
            "org_unit": unit["org_unit"].to_numpy(dtype=object)[who],
            "post": book["post_zh"].to_numpy(dtype=object)[template],
            "ts_dispatch": cases["ts_dispatch"],
            "ts_contact": cases["ts_contact"],
            "ts_done": cases["ts_done"],
            "ts_visit_back": cases["ts_visit_back"],
            "satisfied": cases["satisfied"].astype("Int8"),
            "repeat_of": repeat_of,
            "urge_count": cases["urge_count"].astype(np.int32),
            "liable": cases["liable"],
        }
    )[_TABLE]
    topic = book["topic"].to_numpy(dtype=object)
    truth = pd.DataFrame(
        {
            "ticket_id": ids,
            "topic": topic[template],
            "second_topic": np.where(second >= 0, topic[second], ""),
            "template_id": book["template_id"].to_numpy(dtype=object)[template],
            "cause": cases["cause"],
            "ref": cases["ref"],
        }
    )
    frame, truth = (f.iloc[order].reset_index(drop=True) for f in (frame, truth))
    last = np.datetime64(plan.days[-1], "ms") + np.timedelta64(1, "D")
    steps = ticket_steps(frame, last, stream(plan.seed, "tickets", "steps"))
    return _until(frame, last), steps, truth


def _sources(plan: Plan, ts: pd.Series, complaint: np.ndarray) -> np.ndarray:
    """Where each ticket came in; the telephone gives way to the app."""
    rng = stream(plan.seed, "tickets", "sources")
    names = np.array(list(SOURCES), dtype=object)
    of_complaints, of_others = np.array(list(SOURCES.values())).T
    source = np.where(
        complaint,
        rng.choice(names, len(ts), p=of_complaints / of_complaints.sum()),
        rng.choice(names, len(ts), p=of_others / of_others.sum()),
    )
    years = (ts - plan.start).dt.days.to_numpy() / DAYS_A_YEAR
    moved = (source == "95598") & (rng.random(len(ts)) < TO_APP * years)
    source[moved] = "app"
    return source


def _until(tickets: pd.DataFrame, last: np.datetime64) -> pd.DataFrame:
    """What was known at the end of the region: later times and answers are empty."""
    columns = ["ts_dispatch", "ts_contact", "ts_done", "ts_visit_back"]
    known = tickets[columns] < last
    tickets[columns] = tickets[columns].where(known)
    tickets["satisfied"] = tickets["satisfied"].where(known["ts_visit_back"])
    tickets["liable"] = tickets["liable"].where(known["ts_done"])
    return tickets
