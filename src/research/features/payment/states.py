"""What became of each bill by a day: payments matched to bills, in SQL."""

import datetime as dt
from collections.abc import Iterable
from numbers import Number

import duckdb
import pandas as pd

from research.region import NotApplicable
from research.region.tables import connect

_ASKED = ("bills", "payments")
# Every step is a temporary table, so that the next one, and the counts of what was
# left out, read it once. `as_of` is a variable of the connection.
_ISSUED = """
create temp table issued as
select bill_id, customer_id, ym, status, corrects_bill_id, kwh,
  round(total_yuan * 100)::bigint as cents,
  coalesce(issue_date, last_day((ym || '-01')::date) + 1)::date as issued,
  coalesce(due_date, {due})::date as due
from bills
where coalesce(issue_date, last_day((ym || '-01')::date) + 1)
  <= getvariable('as_of')
"""
# The day of the month after the billed one on which its payment is due.
_DUE_DAY = (
    "least(last_day((ym || '-01')::date + interval 1 month), "
    "((ym || '-01')::date + interval 1 month + interval {days} day)::date)"
)
_FAMILIES = """
create temp table families as
with recursive family(root, bill_id, depth) as (
  select bill_id, bill_id, 0 from issued
  where corrects_bill_id is null
    or corrects_bill_id not in (select bill_id from issued)
  union all
  select f.root, b.bill_id, f.depth + 1
  from family f join issued b on b.corrects_bill_id = f.bill_id
)
select f.*, b.* exclude (bill_id, corrects_bill_id),
  min(b.issued) over (partition by root) as first_issued,
from family f join issued b using (bill_id)
"""
_IN_FORCE = """
create temp table in_force as
select * exclude (depth, status) from families
where (status is null or status not in ({void}))
  and bill_id not in (select bill_id from without)
qualify row_number() over (
  partition by root order by depth desc, issued desc, bill_id desc) = 1
"""
# A refund goes where the payment went that it takes back. `root` is null where no bill
# is named, or one that is not there.
_PAID = """
create temp table paid as
select p.customer_id, p.ts::date as day, p.kind,
  round(p.amount_yuan * 100)::bigint as cents,
  coalesce(p.bill_id, o.bill_id) as names, f.root
from payments p left join payments o on p.refund_of = o.payment_id
left join families f on f.bill_id = coalesce(p.bill_id, o.bill_id)
where p.ts < getvariable('as_of') + interval 1 day
"""
# `for_good`: the least that was paid from that day on; refunds lower it before them.
_NAMED = """
create temp table named as
with days as (
  select root, day, sum(cents) as cents from paid
  where root is not null group by all),
running as (
  select *, sum(cents) over (partition by root order by day) as upto from days)
select root, day, upto, min(upto) over (
  partition by root order by day rows between current row and unbounded following
) as for_good from running
"""
# Where the table of bills begins, who paid before the first bill paid an older one.
_OLDER = """
create temp table older as
select p.rowid as paid_row from paid p
join (select customer_id, min(first_issued) as since, min(ym) as first_ym
      from in_force group by all) f using (customer_id)
where p.root is null and p.day < f.since and p.kind is distinct from 'prepay'
  and f.first_ym = (select min(ym) from in_force)
"""
_POOL = """
create temp table pool as
with money as (
  select customer_id, day, cents from paid
  where root is null and rowid not in (select paid_row from older)
  union all
  select customer_id, issued, -cents from in_force where cents < 0),
days as (select customer_id, day, sum(cents) as cents from money group by all),
running as (
  select *, sum(cents) over (partition by customer_id order by day) as upto
  from days)
select customer_id, day, upto, min(upto) over (
  partition by customer_id order by day
  rows between current row and unbounded following) as for_good from running
"""
_STATES = """
with named_by as (
  select root, greatest(arg_max(upto, day), 0) as cents from named group by root),
pool_by as (
  select customer_id, greatest(arg_max(upto, day), 0) as cents
  from pool group by customer_id),
first as (
  select b.*, coalesce(n.cents, 0) as by_name,
    greatest(b.cents - coalesce(n.cents, 0), 0) as rest
  from in_force b left join named_by n using (root)),
queue as (
  select f.*, coalesce(p.cents, 0) as in_pool,
    sum(rest) over (partition by customer_id
      order by coalesce(due, issued), ym, bill_id) as up_to
  from first f left join pool_by p using (customer_id)),
matched as (
  select *, least(greatest(in_pool - (up_to - rest), 0), rest) as by_pool from queue),
name_day as (
  select m.root, min(n.day) as day from matched m join named n
    on n.root = m.root and n.for_good >= least(m.cents, m.by_name)
  where m.cents > 0 and m.by_name > 0 group by all),
steps as (
  select customer_id, for_good, min(day) as day from pool group by all),
pool_day as (
  select m.root, s.day from (select * from matched where rest > 0) m asof join steps s
    on s.customer_id = m.customer_id and s.for_good >= m.up_to)
select m.customer_id, m.bill_id, m.ym, m.due as due_date,
  m.cents / 100 as total_yuan,
  greatest(least(m.cents, m.by_name) + m.by_pool, 0) / 100 as paid_yuan,
  case when m.cents <= 0 then m.first_issued
    when by_name + by_pool >= m.cents
    then greatest(n.day, p.day, m.first_issued) end as paid_on,
  m.cents > 0 and by_name + by_pool < m.cents as open,
  greatest(by_name - greatest(m.cents, 0), 0) / 100 as credit_yuan,
  m.kwh, m.issued as issue_date
from matched m left join name_day n using (root) left join pool_day p using (root)
where m.due <= getvariable('as_of')
order by customer_id, due_date, ym, bill_id
"""
_MATCHED = {
    "payments that name no bill": (
        "select count(*) from paid where names is null "
        "and customer_id in (select customer_id from in_force)"
    ),
    "payments of a bill that is not there": (
        "select count(*) from paid where names is not null and root is null"
    ),
}
_LEFT_OUT = {
    "bills without a due date": "select count(*) from in_force where due is null",
    "bills that correct each other in a circle": (
        "select count(*) from issued where bill_id not in "
        "(select bill_id from families)"
    ),
    "payments before the first bill of the table": "select count(*) from older",
}


def bill_states(region, as_of, *, without: Iterable[str] = ()) -> pd.DataFrame:
    """What became of every bill due by a day, as it was known on that day.

    Payments are matched in two steps. One that names its bill pays that bill or the
    one that corrects it; what it brings beyond the total is `credit_yuan` (paid
    twice, or a late fee) and pays no other bill. One that names none pays the oldest
    open bill, first in, first out 先欠先缴; what remains waits for the bills to come.
    Refunds go the way of the payment that they take back; a bill below zero is money
    for the oldest open one. Before the first bill of the table, payments without a
    bill belong to bills older than it and are left out, unless of the kind `prepay`.

    Of a bill and its corrections 更正 the last one issued by `as_of` is in force. A
    cancelled bill is none, from the start: no table says when it was cancelled. The
    column `status` says no more than that, for it tells what became of a bill later.

    Parameters
    ----------
    region : Region
        With `bills` and `payments`.
    as_of : date-like
        Nothing dated later has any influence.
    without : iterable of str
        Bills to leave out as if there were none; of payments that name them, too.

    Returns
    -------
    states : DataFrame
        One row a bill in force and due by `as_of`, by customer and due date:

        - `customer_id`, `bill_id`, `ym`, `due_date` (where the bill has none, the
          `late_fee.due_day` of region.yaml in the month after `ym`);
        - `total_yuan`, `paid_yuan` by `as_of`, at most the total [yuan];
        - `paid_on`: day from which on the bill was paid in full, not before it was
          issued; NaT while it is open;
        - `days_late`: from the due date to `paid_on`, or to `as_of` while the bill is
          open; below zero early; NaN for a bill that asks for nothing;
        - `open`: whether any of it is unpaid;
        - `credit_yuan`: paid beyond the total [yuan]; `kwh`; `issue_date` (the first
          day after `ym` where the table has none).

        ``attrs``: `as_of`; `left_out`: what could not be used, counted; `by_age`: how
        many payments were matched to the oldest open bill, and why.

    Raises
    ------
    NotApplicable
        If the region lacks one of the tables, or the due dates of all bills.

    Examples
    --------
    ``bill_states(read_region("data/minjiang"), "2025-06-30")``
    """
    day = to_day(as_of)
    for table in ("bills", "payments"):
        if not region.has(table):
            raise NotApplicable(
                f"{region.name}: whether bills were paid is told by the tables bills "
                f"and payments; {table} is missing."
            )
    with connect(region.path, whole=True, names=_ASKED) as connection:
        _prepare(connection, region, day, list(without))
        states = connection.execute(_STATES).df()
        by_age, left_out = (
            {what: connection.execute(sql).fetchone()[0] for what, sql in some.items()}
            for some in (_MATCHED, _LEFT_OUT)
        )
        dated = connection.execute("select count(due), count(*) from issued").fetchone()
    if dated[1] and not dated[0]:
        raise NotApplicable(
            f"{region.name}: no bill has a due_date; import the column 缴费截止日 or "
            "declare late_fee.due_day in region.yaml."
        )
    late = states["paid_on"].fillna(pd.Timestamp(day)) - states["due_date"]
    states.insert(
        7, "days_late", late.dt.days.where(states["total_yuan"] > 0).astype(float)
    )
    states["open"] = states["open"].astype(bool)
    states.attrs = {"as_of": str(day), "left_out": left_out, "by_age": by_age}
    return states


def unproven_bills(region) -> pd.DataFrame:
    """Bills whose `status` says paid while no payments of the tables pay them.

    A payment was set aside by the import, or taken back and not made again in the
    tables. `status` says what became of a bill by the end of the tables: outcomes may
    ask, features of a day may not.

    Parameters
    ----------
    region : Region
        With `bills` and `payments`.

    Returns
    -------
    unproven : DataFrame
        Rows of `bill_states` at the end of the payments; none where the region has no
        status.

    Examples
    --------
    ``bill_states(area, "2025-12-31", without=unproven_bills(area)["bill_id"])``
    """
    if not region.has("payments"):
        raise NotApplicable(f"{region.name}: the table payments is missing.")
    end = region.query("select max(ts)::date as day from payments")["day"].iloc[0]
    states = bill_states(region, end)
    if "status" not in region.columns("bills"):
        return states.iloc[:0]
    marked = region.query("select bill_id from bills where status = 'paid'")["bill_id"]
    return states[states["open"] & states["bill_id"].isin(marked)]


def _prepare(
    connection: duckdb.DuckDBPyConnection, region, as_of: dt.date, without: list[str]
) -> None:
    """The temporary tables from which states and counts are read."""
    connection.execute(f"set variable as_of = date '{as_of}'")
    connection.execute(
        "create temp table without as select unnest($ids::varchar[]) as bill_id",
        {"ids": without},
    )
    fee = region.settings.late_fee
    due = "null" if fee is None else _DUE_DAY.format(days=fee.due_day - 1)
    # Where no column says which bill a bill corrects, `corrected` is all that is known.
    linked = "corrects_bill_id" in region.columns("bills")
    void = "'cancelled'" if linked else "'cancelled', 'corrected'"
    for step in (
        _ISSUED.format(due=due),
        _FAMILIES,
        _IN_FORCE.format(void=void),
        _PAID,
        _NAMED,
        _OLDER,
        _POOL,
    ):
        connection.execute(step)


def to_day(when) -> dt.date:
    """A day of anything that pandas reads as a time.

    Raises
    ------
    ValueError
        If it is none; a number is none, such as 20250630, which pandas would read as
        a fraction of a second after 1970.

    Examples
    --------
    >>> to_day("2025-06-30 23:00")
    datetime.date(2025, 6, 30)
    """
    try:
        stamp = pd.NaT if isinstance(when, Number) else pd.Timestamp(when)
    except (TypeError, ValueError):
        stamp = pd.NaT
    if pd.isna(stamp):
        raise ValueError(f"as_of: a day such as 2025-06-30 is wanted, found {when!r}.")
    return stamp.date()
