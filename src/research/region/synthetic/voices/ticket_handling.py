"""How tickets are worked off: times, call-backs, urging, steps, calls that come again.

Limits are those that the region's settings state; how often they are kept is assumed.
"""

import numpy as np
import pandas as pd

from research.region.calendar import day_calendar
from research.region.synthetic.plan import Plan
from research.region.synthetic.voices.calls import SLOTS

# Median share of the limit that a case takes and spread of its log: about 7 % of the
# cases are late; in units of worse service about 20 % (assumptions).
PACE, BAD_PACE, PACE_SPREAD = 0.55, 0.72, 0.40
# First contact: median hours and spread of the log, about 4 % after 24 h (assumption).
CONTACT_HOURS, CONTACT_SPREAD = 5.0, 0.9
# Crews: hours until they are there and until the fault is mended, medians and spreads
# of the log; late after five hours (assumptions).
CREW_HOURS, CREW_SPREAD, MEND_HOURS, MEND_SPREAD = 0.6, 0.4, 1.1, 0.6
FAULT_LATE = np.timedelta64(5, "h")
# Called back within two days: share of cases; of plain inquiries (assumptions).
CALLED_BACK, INQUIRY_CALLED_BACK = 0.85, 0.08
# Chance of a satisfied answer and what lowers it (assumptions).
CONTENT, LATE, COMPLAINT, BAD_UNIT, AGAIN = 0.94, 0.35, 0.12, 0.10, 0.10
# Chance that a case comes again within the region's days of repetition, and how much
# more after a late or unsatisfying one (assumptions).
REPEATED, REPEATED_WHEN_BAD = 0.05, 0.15
REPEATING = ("complaint", "opinion", "service_request", "fault_repair")
URGED, URGED_WHEN_LATE = 0.06, 0.9
LIABLE, LIABLE_WHEN_BAD = 0.42, 0.60
HANDED_ON = 0.12
CENTRE, EXPERTS = "客户服务中心", ("运维检修部", "营销部", "发展建设部")
_METER = ("meter_fault", "meter_reading_wrong")
_READING = ("bill_dispute_high", "late_bill")


def handled(plan: Plan, calls: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Calls with the times and outcomes of their handling.

    Parameters
    ----------
    plan : Plan
    calls : DataFrame of shape (n, any)
        `ts`, `type`, `topic`, `again`, `bad_unit` and, where an outage has to end
        first, `off_until`.
    rng : Generator

    Returns
    -------
    calls : DataFrame
        With `ts_dispatch`, `ts_contact`, `ts_done`, `ts_visit_back` (NaT where there
        is none), `satisfied` (1, 0, NaN where nobody asked), `late`, `urge_count`,
        `liable` (null but for complaints and reports). What comes after the region's
        last day is there, too.
    """
    ts, kind = calls["ts"].to_numpy().astype("datetime64[s]"), calls["type"].to_numpy()
    inquiry, fault = kind == "inquiry", kind == "fault_repair"
    bad = calls["bad_unit"].to_numpy(dtype=bool)
    n, never = len(calls), np.datetime64("NaT", "s")
    dispatch = ts + _seconds(rng.lognormal(np.log(25), 0.7, n) * np.where(fault, 8, 60))
    contact = dispatch + _until_contact(fault, rng)
    used = rng.lognormal(np.log(np.where(bad, BAD_PACE, PACE)), PACE_SPREAD, n)
    days = used * _limit_days(plan, kind, calls["topic"].to_numpy())
    office = _seconds(rng.uniform(9 * 3600, 17.5 * 3600, n))
    done = np.where(
        fault, _repaired(calls, contact, rng), _working_day(plan, ts, days) + office
    )
    done = np.maximum(done, contact + _seconds(rng.uniform(600, 3600, n)))
    done = np.where(inquiry, ts + _seconds(rng.uniform(90, 900, n)), done)
    late = np.where(fault, done - ts > FAULT_LATE, ~inquiry & (used > 1))
    asked = rng.random(n) < np.where(inquiry, INQUIRY_CALLED_BACK, CALLED_BACK)
    back = done + _seconds(rng.uniform(1, 48, n) * 3600)
    content = CONTENT - LATE * late - COMPLAINT * (kind == "complaint")
    content = content - BAD_UNIT * bad - AGAIN * calls["again"].to_numpy(dtype=bool)
    satisfied = (rng.random(n) < content).astype(float)
    judged = np.isin(kind, ["complaint", "report"])
    liable = rng.random(n) < np.where(bad, LIABLE_WHEN_BAD, LIABLE)
    return calls.assign(
        ts=ts,
        ts_dispatch=np.where(inquiry, never, dispatch),
        ts_contact=np.where(inquiry, never, contact),
        ts_done=done,
        ts_visit_back=np.where(asked, back, never),
        satisfied=np.where(asked, satisfied, np.nan),
        late=late,
        urge_count=rng.poisson(np.where(inquiry, 0, URGED + URGED_WHEN_LATE * late)),
        liable=pd.Series(liable, calls.index, dtype="boolean").where(judged),
    )


def _until_contact(fault: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Time from the dispatch until the customer is spoken to, or the crew is there."""
    n = len(fault)
    spoken = rng.lognormal(np.log(CONTACT_HOURS), CONTACT_SPREAD, n)
    there = rng.lognormal(np.log(CREW_HOURS), CREW_SPREAD, n)
    return _seconds(np.where(fault, there, spoken) * 3600)


def _repaired(
    calls: pd.DataFrame, there: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """When a fault is mended; of an outage, not before the supply is back."""
    n = len(calls)
    mended = there + _seconds(rng.lognormal(np.log(MEND_HOURS), MEND_SPREAD, n) * 3600)
    if "off_until" not in calls:
        return mended
    supplied = calls["off_until"].to_numpy().astype("datetime64[s]")
    return np.fmax(mended, supplied + _seconds(rng.uniform(300, 2400, n)))


def _seconds(values: np.ndarray) -> np.ndarray:
    return np.round(values).astype("timedelta64[s]")


def _limit_days(plan: Plan, kind: np.ndarray, topic: np.ndarray) -> np.ndarray:
    """Working days that the region allows for each case."""
    limits = plan.settings.tickets.limits_workdays
    service = kind == "service_request"
    of = np.select(
        [
            service & np.isin(topic, _METER),
            service & np.isin(topic, _READING),
            service,
            kind == "complaint",
            kind == "report",
        ],
        ["service_meter", "service_reading", "service_other", "complaint", "report"],
        default="opinion",
    )
    # A region that leaves a limit out is given that of opinions, the longest.
    longest = max(limits.values(), default=9.0)
    return pd.Series(of).map(limits).fillna(longest).to_numpy()


def _working_day(plan: Plan, ts: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The working day `after` so many from each time, as a day."""
    days = pd.date_range(plan.days[0], plan.days[-1] + pd.Timedelta(days=120))
    working = day_calendar(days, plan.settings)["working"].to_numpy()
    of_work = days.to_numpy()[working].astype("datetime64[s]")
    today = ts.astype("datetime64[D]").astype("datetime64[s]")
    first = np.searchsorted(of_work, today)
    wanted = first + np.floor(after).astype(int)
    return of_work[np.minimum(wanted, len(of_work) - 1)]


def repeats(plan: Plan, cases: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Calls about a matter that was closed and is not settled.

    Parameters
    ----------
    cases : DataFrame
        As `handled` gives it.

    Returns
    -------
    calls : DataFrame
        `again` is True and `parent` the position of the earlier case.
    """
    unhappy = (cases["satisfied"] == 0) | cases["late"]
    chance = REPEATED + REPEATED_WHEN_BAD * unhappy
    chance = chance.where(cases["type"].isin(REPEATING), 0.0)
    parent = np.flatnonzero(rng.random(len(cases)) < chance)
    earlier = cases.iloc[parent]
    within = plan.settings.tickets.repeat_days
    since = rng.uniform(0.02, 0.8, len(parent)) * within * 86400
    ts = earlier["ts"].to_numpy().astype("datetime64[s]") + _seconds(since)
    closed = earlier["ts_done"].to_numpy().astype("datetime64[s]")
    keep = (ts > closed) & (
        ts < np.datetime64(plan.days[-1], "s") + np.timedelta64(1, "D")
    )
    # The crew of an earlier outage is not waited for again.
    slots = [c for c in SLOTS if c in cases and c != "off_until"]
    again = earlier[["customer", "template", "cause", "ref", *slots]].assign(
        ts=ts, again=True, parent=parent
    )
    return again[keep].reset_index(drop=True)


def ticket_steps(
    tickets: pd.DataFrame, last: np.datetime64, rng: np.random.Generator
) -> pd.DataFrame:
    """Where each ticket lay and how long.

    Parameters
    ----------
    tickets : DataFrame
        The table `tickets`, all times there.
    last : datetime64
        End of the region: what begins later is left out, what ends later is open.
    rng : Generator

    Returns
    -------
    steps : DataFrame
        The table `ticket_steps`: taken by the centre, worked on by the unit, in some
        cases handed on to a department, called back by the centre.
    """
    n = len(tickets)
    created, dispatch, done, back = (
        tickets[c].to_numpy().astype("datetime64[ms]")
        for c in ("ts_created", "ts_dispatch", "ts_done", "ts_visit_back")
    )
    sent = ~np.isnat(dispatch)
    contact = tickets["ts_contact"].to_numpy().astype("datetime64[ms]")
    handed_on = sent & (rng.random(n) < HANDED_ON)
    part = rng.uniform(0.2, 0.7, n)
    handover = contact + ((done - contact) * part).astype("timedelta64[ms]")
    department = rng.choice(np.array(EXPERTS, dtype=object), n)
    unit = tickets["org_unit"].to_numpy(dtype=object)
    centre = np.full(n, CENTRE, dtype=object)
    stretches = [
        (np.full(n, True), centre, created, np.where(sent, dispatch, done)),
        (sent, unit, dispatch, np.where(handed_on, handover, done)),
        (handed_on, department, handover, done),
        (~np.isnat(back), centre, done, back),
    ]
    rows = np.concatenate([np.flatnonzero(mask) for mask, *_ in stretches])
    dept, ts_in, ts_out = (
        np.concatenate([s[i][s[0]] for s in stretches]) for i in (1, 2, 3)
    )
    order = np.argsort(rows, kind="stable")
    order = order[ts_in[order] < last]
    rows = rows[order]
    first = np.searchsorted(rows, rows)
    ts_out = ts_out[order]
    ts_out[ts_out >= last] = np.datetime64("NaT")
    return pd.DataFrame(
        {
            "ticket_id": tickets["ticket_id"].to_numpy(dtype=object)[rows],
            "step": (np.arange(len(rows)) - first + 1).astype(np.int32),
            "dept": dept[order],
            "ts_in": ts_in[order],
            "ts_out": ts_out,
        }
    )
