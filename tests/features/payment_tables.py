"""Small regions of bills and payments, made by hand or at random, and an oracle.

Nothing here is shared with the library: the oracle is the second opinion.
"""

import numpy as np
import pandas as pd

from research.region import read_region
from research.region.files import write_table

REGION_YAML = """\
name: payers
title: {en: Payers, zh: 缴费}
timezone: Asia/Shanghai
"""
DATES = ("issue_date", "due_date", "open_date", "close_date")


def region_of(folder, yaml=REGION_YAML, **tables):
    """A region of `tables`; its customers are those that the tables name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "region.yaml").write_text(yaml, encoding="utf-8")
    if "customers" not in tables:
        ids = pd.concat([t["customer_id"] for t in tables.values()]).unique()
        tables["customers"] = pd.DataFrame({"customer_id": sorted(ids)})
    for name, table in tables.items():
        dates = {c: pd.to_datetime(table[c]) for c in DATES if c in table}
        if "ts" in table:
            dates["ts"] = pd.to_datetime(table["ts"], format="mixed")
        write_table(table.assign(**dates), folder, name)
    return read_region(folder)


def bill(bill_id, ym, issued, due, total, customer="a", **more):
    """One row of `bills`."""
    row = {"bill_id": bill_id, "customer_id": customer, "ym": ym}
    row |= {"issue_date": issued, "due_date": due, "total_yuan": float(total)}
    return row | {"corrects_bill_id": None, "status": None, "kwh": None} | more


def payment(payment_id, ts, amount, bill_id=None, customer="a", **more):
    """One row of `payments`."""
    row = {"payment_id": payment_id, "customer_id": customer, "ts": ts}
    row |= {"amount_yuan": float(amount), "bill_id": bill_id, "refund_of": None}
    return row | {"kind": "bill", "channel": None} | more


def money(folder, bills, payments, yaml=REGION_YAML, **tables):
    """A region of rows of bills and payments."""
    bills = pd.DataFrame(bills).astype({"kwh": "float64"})
    return region_of(
        folder, yaml, bills=bills, payments=pd.DataFrame(payments), **tables
    )


def random_money(seed, n_customers=12, n_months=8, named=0.7):
    """Bills and payments with every oddity: tables as a utility might hand over."""
    rng = np.random.default_rng(seed)
    bills, payments = [], []
    for c in range(n_customers):
        customer = f"c{c:02}"
        for m in range(n_months):
            month = pd.Timestamp("2024-01-01") + pd.DateOffset(months=m)
            issued = month + pd.DateOffset(months=1, days=int(rng.integers(0, 5)))
            due = issued + pd.Timedelta(days=20)
            total = round(
                float(
                    rng.choice([rng.uniform(5, 90), 0.0, -15.5], p=[0.9, 0.05, 0.05])
                ),
                2,
            )
            key = f"B{c:02}{m:02}"
            status = rng.choice(["paid", "open", "cancelled"], p=[0.7, 0.25, 0.05])
            month_of = month.strftime("%Y-%m")
            bills.append(
                bill(
                    key,
                    month_of,
                    issued,
                    due,
                    total,
                    customer,
                    status=status,
                    kwh=abs(total) * 2,
                )
            )
            if rng.random() < 0.1:
                later = issued + pd.Timedelta(days=int(rng.integers(5, 40)))
                bills.append(
                    bill(
                        f"{key}C",
                        month_of,
                        later,
                        due,
                        round(0.8 * total, 2),
                        customer,
                        corrects_bill_id=key,
                        status="paid",
                        kwh=total,
                    )
                )
            _pay(rng, payments, customer, key, issued, total, named)
    return pd.DataFrame(bills), pd.DataFrame(payments)


def _pay(rng, payments, customer, key, issued, total, named):
    n_parts = int(rng.choice([0, 1, 2, 3], p=[0.1, 0.6, 0.2, 0.1]))
    for _ in range(n_parts if total > 0 else 0):
        when = issued + pd.Timedelta(hours=int(rng.integers(-240, 24 * 70)))
        amount = round(total / n_parts * float(rng.choice([1, 1, 1, 0.5])), 2)
        name = key if rng.random() < named else None
        if rng.random() < 0.05:
            name = "B-unknown"
        number = f"P{len(payments):05}"
        kind = "prepay" if rng.random() < 0.1 else "bill"
        channel = rng.choice(["app", "wechat", "bank_debit"])
        more = {"kind": kind, "channel": channel, "fee_yuan": 0.1}
        row = payment(number, when, amount, name, customer, **more)
        payments.append(row)
        if rng.random() < 0.08:
            payments.append(row | {"payment_id": f"{number}D"})
        if rng.random() < 0.08:
            back = when + pd.Timedelta(days=int(rng.integers(0, 20)))
            taken = {"payment_id": f"{number}R", "ts": back, "amount_yuan": -amount}
            lost = {} if rng.random() < 0.5 else {"bill_id": None}
            payments.append(row | taken | {"refund_of": number} | lost)


def as_known(bills, payments, as_of):
    """The tables as an export of that day would hold them."""
    day = pd.Timestamp(as_of)
    return (
        bills[pd.to_datetime(bills["issue_date"]) <= day],
        payments[pd.to_datetime(payments["ts"]) < day + pd.Timedelta(days=1)],
    )


def plain_states(bills, payments, as_of):
    """`bill_states` by loops over customers, bills and days, in whole cents."""
    bills, payments = as_known(bills, payments, as_of)
    day = pd.Timestamp(as_of)
    parent = bills.dropna(subset=["corrects_bill_id"]).set_index("bill_id")
    parent = parent["corrects_bill_id"]

    def root_of(key):
        while key in parent.index and parent[key] in set(bills["bill_id"]):
            key = parent[key]
        return key

    root = bills["bill_id"].map(root_of)
    families = bills.assign(root=root, cents=(bills["total_yuan"] * 100).round())
    first_issued = families.groupby("root")["issue_date"].min()
    alive = families[families["status"] != "cancelled"]
    depth = alive["bill_id"].str.len()
    alive = alive.assign(depth=depth).sort_values("depth").groupby("root").tail(1)
    original = payments.set_index("payment_id")["bill_id"]
    names = payments["bill_id"].fillna(payments["refund_of"].map(original))
    known = dict(zip(families["bill_id"], families["root"], strict=True))
    paid = payments.assign(
        root=names.map(known),
        day=pd.to_datetime(payments["ts"]).dt.normalize(),
        cents=(payments["amount_yuan"] * 100).round(),
    )
    first_month = alive["ym"].min()
    rows = []
    for customer, mine in alive.groupby("customer_id"):
        since = mine["root"].map(first_issued).min()
        pool = paid[paid["root"].isna() & (paid["customer_id"] == customer)]
        older = (pool["day"] < since) & (pool["kind"] != "prepay")
        if mine["ym"].min() == first_month:
            pool = pool[~older]
        pool = list(zip(pool["day"], pool["cents"], strict=True))
        negative = mine[mine["cents"] < 0]
        pool += list(zip(negative["issue_date"], -negative["cents"], strict=True))
        ahead = 0
        for b in mine.sort_values(["due_date", "ym", "bill_id"]).itertuples():
            own = paid[paid["root"] == b.root]
            own = list(zip(own["day"], own["cents"], strict=True))
            by_name = min(max(_upto(own, day), 0), max(b.cents, 0))
            rest = max(b.cents, 0) - by_name
            by_pool = min(max(_upto(pool, day) - ahead, 0), rest)
            ahead += rest
            is_open = by_name + by_pool < b.cents
            on = pd.NaT
            if not is_open:
                days = [first_issued[b.root]]
                days += _since(own, by_name, day) if by_name and b.cents > 0 else []
                days += _since(pool, ahead, day) if rest else []
                on = max(days)
            if b.due_date <= day:
                rows.append(
                    (
                        customer,
                        b.bill_id,
                        b.total_yuan,
                        (by_name + by_pool) / 100,
                        on,
                        is_open,
                    )
                )
    columns = ["customer_id", "bill_id", "total_yuan", "paid_yuan", "paid_on", "open"]
    return pd.DataFrame(rows, columns=columns)


def _upto(events, day):
    return sum(cents for when, cents in events if when <= day)


def _since(events, wanted, last):
    """First day from which on at least `wanted` was paid, on every day until `last`."""
    found = []
    for when in sorted({when for when, _ in events}, reverse=True):
        if when <= last and _upto(events, when) < wanted:
            break
        found = [when]
    return found
