"""What makes customers call 95598: outages, trips, voltage, bills, failed top-ups.

Each function turns events of one kind into calls. The chances are those of section 7
of the specification of synthetic regions; shares of topics are assumptions.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from research.region.synthetic.grid.outages import customers_off
from research.region.synthetic.plan import Plan
from research.region.synthetic.voices.catalogue import catalogue

AFTER_TRIP, ON_LOW_VOLTAGE, ON_HIGH_BILL = 0.02, 0.01, 0.03
# Frequent outages make customers call this much likelier.
WHEN_FREQUENT = 0.08
AFTER_FAILED_TOPUP = 0.05
# Assumptions: announced work is taken calmly; a bill of the last day of issue, and
# money that was paid back instead of delivered, make some call.
WHEN_ANNOUNCED, ON_LATE_BILL, ON_REFUND = 0.3, 0.01, 0.03
# A bill is high from this growth over the month before, and this sum on. [CNY]
HIGH_GROWTH, HIGH_LEAST = 0.6, 30.0
LATE_ISSUE_DAY = 5
LONG_HOURS = 6.0
# Chance of each hour that a call comes (assumption: the hotline's day).
_HOURS = np.array(
    [1, 1, 1, 1, 1, 1, 2, 4, 8, 10, 10, 8, 6, 6, 8, 9, 8, 7, 7, 7, 6, 5, 3, 2],
    dtype=float,
)
# Columns that fill the slots of a text; those left out are made up.
SLOTS = ("amt", "bal", "n", "kwh", "dur", "channel", "event", "month", "off_until")


def templates_by_id() -> Mapping[str, int]:
    """Position of each template in the catalogue of tickets."""
    ids = catalogue("ticket_templates")["template_id"]
    return dict(zip(ids, range(len(ids)), strict=True))


def clock(n: int, rng: np.random.Generator) -> np.ndarray:
    """Times of day of `n` calls, as timedeltas in seconds."""
    cumulated = np.cumsum(_HOURS) / _HOURS.sum()
    hour = np.searchsorted(cumulated, rng.random(n)) + rng.random(n)
    return np.minimum(hour * 3600, 86399).astype("timedelta64[s]")


def calls(
    customer: np.ndarray, ts: np.ndarray, templates: np.ndarray, cause: str, **more
) -> pd.DataFrame:
    """Calls, one a row; `templates` are ids, `more` is `ref` or a name of `SLOTS`."""
    place = pd.Index(templates_by_id())
    frame = {
        "customer": np.asarray(customer, dtype=np.int64),
        "ts": np.asarray(ts).astype("datetime64[s]"),
        "template": place.get_indexer(np.asarray(templates, dtype=object)),
        "cause": np.full(len(customer), cause, dtype=object),
    }
    return pd.DataFrame(frame | more)


def after_outages(
    plan: Plan,
    people: pd.DataFrame,
    transformers: pd.DataFrame,
    outages: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Calls of customers whom outages left without supply.

    Chance: the customer's own sensitivity, more when outages are frequent.
    """
    outage, who = customers_off(people, transformers, outages)
    start = outages["ts_start"].to_numpy().astype("datetime64[s]")
    end = outages["ts_end"].to_numpy().astype("datetime64[s]")
    rule = plan.settings.tickets.frequent_outage
    frequent = _within(who, start[outage], rule.days) >= rule.count
    planned = outages["planned"].to_numpy()
    told = (planned & outages["notice_ts"].notna().to_numpy())[outage]
    chance = people["true_outage_sensitivity"].to_numpy()[who]
    chance = (chance + WHEN_FREQUENT * frequent) * np.where(told, WHEN_ANNOUNCED, 1.0)
    called = rng.random(len(who)) < chance
    outage, who, frequent = outage[called], who[called], frequent[called]
    n = len(who)
    lasts = (end - start)[outage]
    hours = lasts / np.timedelta64(3600, "s")
    u, v = rng.random((2, n))
    watering = (people["usage_class"] == "agri_irrigation").to_numpy()[who]
    unannounced = planned[outage] & ~told[called]
    pump, several = np.array(["T036"]), np.where(v < 0.5, "T015", "T016")
    kind = np.select(
        [
            watering & (u < 0.6),
            unannounced & (u < 0.5),
            frequent & (u < 0.35),
            ~planned[outage] & (hours > LONG_HOURS) & (u < 0.3),
            ~planned[outage] & (u > 0.97),
        ],
        [np.repeat(pump, n), "T017", several, "T018", "T024"],
        default="T021",
    )
    # Whoever complains of the length calls late, whoever lost a machine afterwards.
    part = np.select([kind == "T018", kind == "T024"], [0.6 + 0.4 * v, 1.0 + v], v)
    ts = start[outage] + (part * lasts).astype("timedelta64[s]")
    counted = np.maximum(_within(who, start[outage], rule.days), 1)
    return calls(
        who,
        ts,
        kind,
        "outage",
        ref=outages["outage_id"].to_numpy()[outage],
        n=np.where(kind == "T036", counted + 1, np.maximum(counted, rule.count)),
        dur=np.maximum(np.round(part * hours), 1),
        event=start[outage],
        off_until=np.where(kind == "T021", end[outage], np.datetime64("NaT", "s")),
    )


def _within(who: np.ndarray, ts: np.ndarray, days: int) -> np.ndarray:
    """How many rows of the same customer lie in the `days` up to each row."""
    day = ts.astype("datetime64[D]").astype(np.int64)
    # A customer's days lie far from those of the next.
    key = who * 10_000_000 + day
    order = np.argsort(key, kind="stable")
    place = np.empty(len(key), dtype=np.int64)
    place[order] = np.searchsorted(key[order], key[order], side="right")
    before = np.empty(len(key), dtype=np.int64)
    before[order] = np.searchsorted(key[order], key[order] - days)
    return place - before


def after_trips(
    people: pd.DataFrame, trips: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Calls of customers whose balance ran out."""
    some = trips[(rng.random(len(trips)) < AFTER_TRIP)]
    who = pd.Index(people["customer_id"]).get_indexer(some["customer_id"])
    off = some["ts_off"].to_numpy().astype("datetime64[s]")
    ts = off + rng.integers(300, 6 * 3600, len(some)).astype("timedelta64[s]")
    old = people["elderly_flag"].fillna(False).to_numpy(dtype=bool)[who]
    kind = np.where(old & (rng.random(len(some)) < 0.7), "T007", "T006")
    kind = np.where((some["reason"] == "arrears").to_numpy(), "T042", kind)
    return calls(who, ts, kind, "trip", bal=10.0, event=off)


def on_low_voltage(
    people: pd.DataFrame, load: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Calls of customers at the end of the line on days of low voltage."""
    low = load[load["low_voltage_customers"] > 0]
    number = rng.binomial(low["low_voltage_customers"], ON_LOW_VOLTAGE)
    low = low.loc[low.index.repeat(number)]
    ids = pd.Index(people["transformer_id"].unique())
    of = ids.get_indexer(people["transformer_id"])
    from_the_end = np.lexsort((-people["true_line_position"].to_numpy(), of))
    first = np.searchsorted(of[from_the_end], np.arange(len(ids)))
    pick = rng.random(len(low)) * low["low_voltage_customers"].to_numpy()
    at = first[ids.get_indexer(low["transformer_id"])] + pick.astype(int)
    who = from_the_end[at]
    day = low["date"].to_numpy().astype("datetime64[s]")
    late = day + rng.integers(19 * 3600, 23 * 3600, len(low)).astype("timedelta64[s]")
    watering = (people["usage_class"] == "agri_irrigation").to_numpy()[who]
    kind = np.where(rng.random(len(low)) < 0.6, "T022", "T023")
    return calls(who, late, np.where(watering, "T036", kind), "low_voltage")


def about_bills(
    people: pd.DataFrame, bills: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Calls about bills much above the month before, and bills that come late."""
    bills = bills.sort_values(["customer_id", "ym"], ignore_index=True)
    same = bills["customer_id"].eq(bills["customer_id"].shift()).to_numpy()
    before = bills["total_yuan"].shift().to_numpy()
    total = bills["total_yuan"].to_numpy()
    grown = same & (before > 0) & (total > (1 + HIGH_GROWTH) * before)
    high = grown & (total >= HIGH_LEAST) & (rng.random(len(bills)) < ON_HIGH_BILL)
    issued = bills["issue_date"]
    late = (issued.dt.day >= LATE_ISSUE_DAY).to_numpy()
    late = late & (rng.random(len(bills)) < ON_LATE_BILL)
    who = pd.Index(people["customer_id"]).get_indexer(bills["customer_id"])
    month = (bills["ym"] + "-01").to_numpy().astype("datetime64[s]")
    more = (bills["kwh"] - bills["kwh"].shift()).clip(lower=1).to_numpy().round()
    found = []
    for chosen, cause in ((high, "high_bill"), (late, "late_bill")):
        n = int(chosen.sum())
        day = issued.to_numpy()[chosen].astype("datetime64[D]")
        # A late bill is missed before it comes.
        wait = rng.integers(0, 6, n) if cause == "high_bill" else rng.integers(-2, 1, n)
        ts = (day + wait).astype("datetime64[s]") + clock(n, rng)
        u = rng.random(n)
        kind = np.select([u < 0.45, u < 0.8], ["T008", "T009"], default="T013")
        if cause == "late_bill":
            kind = np.full(n, "T014")
        found.append(
            calls(
                who[chosen],
                ts,
                kind,
                cause,
                ref=bills["bill_id"].to_numpy()[chosen],
                amt=total[chosen].round(),
                kwh=more[chosen],
                month=month[chosen],
            )
        )
    return pd.concat(found, ignore_index=True)


def about_topups(
    people: pd.DataFrame, topups: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Calls about money that does not arrive.

    Returns
    -------
    failed : DataFrame
        One call for each failed attempt, in random order: first those who would call
        (a chance of `AFTER_FAILED_TOPUP` each), then the others.
    refunded : DataFrame
        Complaints about orders that were paid and never delivered.
    """
    topups = topups.assign(tries=topups.groupby("order_id").cumcount() + 1)
    lost = topups[topups["outcome"].ne("delivered").to_numpy()]
    willing = rng.random(len(lost)) < AFTER_FAILED_TOPUP
    lost = lost.iloc[np.lexsort((rng.random(len(lost)), ~willing))]
    kinds = np.array(["T001", "T002", "T003", "T004"], dtype=object)
    kind = kinds[rng.choice(4, len(lost), p=[0.3, 0.35, 0.2, 0.15])]
    failed = _topup_calls(people, lost, kind, "failed_topup", rng)
    back = lost[lost["outcome"].eq("refunded").to_numpy()]
    back = back[rng.random(len(back)) < ON_REFUND]
    kind = np.full(len(back), "T005", dtype=object)
    return failed, _topup_calls(people, back, kind, "refunded_topup", rng)


def _topup_calls(
    people: pd.DataFrame,
    topups: pd.DataFrame,
    kind: np.ndarray,
    cause: str,
    rng: np.random.Generator,
) -> pd.DataFrame:
    who = pd.Index(people["customer_id"]).get_indexer(topups["customer_id"])
    ordered = topups["ts_order"].to_numpy().astype("datetime64[s]")
    wait = rng.exponential(8 * 3600, len(topups)) + 600
    return calls(
        who,
        ordered + wait.astype("timedelta64[s]"),
        kind,
        cause,
        ref=topups["attempt_id"].to_numpy(),
        amt=topups["amount"].to_numpy(),
        n=np.maximum(topups["tries"].to_numpy(), 2),
        channel=topups["channel"].to_numpy(dtype=object),
        event=ordered,
    )
