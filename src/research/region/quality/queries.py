"""The table rules as queries: each names the rows it finds, once, in SQL.

A query sees every table of the schema with every column: what a region lacks is empty
or null there. `needs` says what must be there for the question to make sense.
"""

from typing import NamedTuple

from research.region.schema import TABLES


class Query(NamedTuple):
    """How a rule looks at one table.

    Attributes
    ----------
    rule, table : str
    needs : tuple of str
        Tables, and columns as ``bills.kwh``, without which nothing is looked for.
    hits : str
        Rows found: `row` (its key), `customer_id`, `col`, `value`.
    looked_at : str
        Where the rows looked at stand; their count is what the share is of.
    """

    rule: str
    table: str
    needs: tuple[str, ...]
    hits: str
    looked_at: str


# Divisions of GB/T 4754-2017 by section letter.
_DIVISIONS = {
    "A": (1, 5),
    "B": (6, 12),
    "C": (13, 43),
    "D": (44, 46),
    "E": (47, 50),
    "F": (51, 52),
    "G": (53, 60),
    "H": (61, 62),
    "I": (63, 65),
    "J": (66, 69),
    "K": (70, 70),
    "L": (71, 72),
    "M": (73, 75),
    "N": (76, 79),
    "O": (80, 82),
    "P": (83, 83),
    "Q": (84, 85),
    "R": (86, 90),
    "S": (91, 96),
    "T": (97, 97),
}
# A lot is posted together when it holds ten payments and five usual days.
_LOT, _TIMES_A_DAY = 10, 5


def _row(table: str, alias: str = "") -> str:
    """The key of a row as text."""
    name = f"{alias}." if alias else ""
    return f"concat_ws(' ', {', '.join(name + c for c in TABLES[table].key)})"


def orphans() -> list[Query]:
    """Rows whose parent row is missing: a query a child column of the schema."""
    found = []
    for name, table in TABLES.items():
        for column in table.columns.values():
            if not column.parent:
                continue
            parent, _, key = column.parent.partition(".")
            customer = "t.customer_id" if "customer_id" in table.columns else "null"
            hits = (
                f"select {_row(name, 't')} as row, {customer} as customer_id, "
                f"'{column.name}' as col, t.{column.name} as value from {name} t "
                f"anti join {parent} p on t.{column.name} = p.{key} "
                f"where t.{column.name} is not null"
            )
            needs = f"{name}.{column.name}", parent
            found.append(Query("orphan", name, needs, hits, name))
    return found


def _readings_of_closed_accounts() -> list[Query]:
    found = []
    for table, when in (("readings", "started"), ("energy_daily", "date")):
        source = "(select *, {ts} as started from readings)"
        source = source if table == "readings" else table
        for rule, column, outside in (
            ("before_open", "open_date", f"{when} < c.open_date"),
            ("after_close", "close_date", f"{when} >= c.close_date + interval 1 day"),
        ):
            hits = (
                f"select {_row(table, 't')} as row, t.customer_id, 'kwh' as col, "
                f"t.kwh::varchar as value from {source} t "
                "join (select customer_id, open_date, close_date from customers "
                f"where {column} is not null) c using (customer_id) where {outside}"
            )
            found.append(
                Query(rule, table, (table, f"customers.{column}"), hits, table)
            )
    return found


ACCOUNTS = (
    Query(
        "hierarchy_cycle",
        "areas",
        ("areas.parent_id",),
        """
        with recursive up as (
          select area_id, parent_id as above from areas where parent_id is not null
          union
          select up.area_id, a.parent_id from up join areas a on a.area_id = up.above
          where a.parent_id is not null)
        select area_id as row, null::varchar as customer_id, 'parent_id' as col,
          parent_id as value from areas
        where area_id in (select area_id from up where area_id = above)
        """,
        "areas",
    ),
    *_readings_of_closed_accounts(),
    Query(
        "open_after_close",
        "customers",
        ("customers.open_date", "customers.close_date"),
        """
        select customer_id as row, customer_id, 'close_date' as col,
          close_date::varchar as value from customers where close_date < open_date
        """,
        "customers",
    ),
    Query(
        "area_mismatch",
        "customers",
        ("customers.area_id", "customers.transformer_id", "transformers.area_id"),
        """
        select c.customer_id as row, c.customer_id, 'transformer_id' as col,
          c.transformer_id as value from customers c
        join transformers t using (transformer_id) where c.area_id <> t.area_id
        """,
        "customers where transformer_id is not null",
    ),
    Query(
        "unknown_industry",
        "customers",
        ("customers.industry_code",),
        f"""
        with coded as (
          select customer_id, industry_code,
            regexp_extract(upper(industry_code),
              '^([A-T]?)([0-9][0-9])[0-9]?[0-9]?$', ['letter', 'division']) as part
          from customers where industry_code <> ''),
        known(letter, low, high) as (values {
            ", ".join(f"('{k}', {a}, {b})" for k, (a, b) in _DIVISIONS.items())
        })
        select customer_id as row, customer_id, 'industry_code' as col,
          industry_code as value from coded where not exists (
            select 1 from known where try_cast(part.division as int)
              between low and high and part.letter in ('', known.letter))
        """,
        "customers where industry_code <> ''",
    ),
    Query(
        "no_customer",
        "tickets",
        ("tickets",),
        """
        select ticket_id as row, null::varchar as customer_id, 'customer_id' as col,
          '' as value from tickets where coalesce(customer_id, '') = ''
        """,
        "tickets",
    ),
)
ENERGY = (
    Query(
        "interval_sum",
        "readings",
        ("interval_days", "energy_daily"),
        """
        select customer_id || ' ' || date as row, customer_id, 'kwh' as col,
          round(kwh, 3) || ' against ' || round(daily, 3) as value
        from compared_days d where abs(kwh - daily) > greatest(0.02 * abs(daily), 0.05)
          and not exists (
            select 1 from shifted_months s where s.customer_id = d.customer_id
              and s.month = date_trunc('month', d.date))
        """,
        "compared_days",
    ),
    Query(
        "stamp_shift",
        "readings",
        ("interval_days", "energy_daily"),
        """
        select customer_id || ' ' || year(month) || '-' ||
            lpad(month(month)::varchar, 2, '0') as row,
          customer_id, 'ts' as col, case when back < forth then 'one interval late'
            else 'one interval early' end as value from shifted_months
        """,
        "compared_months",
    ),
    Query(
        "month_sum",
        "bills",
        ("bills.kwh", "days_of_months"),
        """
        select bill_id as row, customer_id, 'kwh' as col,
          round(billed, 2) || ' against ' || round(kwh, 2) as value
        from billed_months
        where abs(billed - kwh) > greatest(0.01 * kwh, 1)
          and abs(billed - coalesce(two_back, kwh)) > greatest(0.01 * billed, 1)
          and abs(billed - coalesce(two_on, kwh)) > greatest(0.01 * billed, 1)
        """,
        "billed_months",
    ),
    Query(
        "ct_ratio",
        "bills",
        ("bills.kwh", "days_of_months"),
        """
        select customer_id as row, customer_id, 'kwh' as col,
          round(ratio)::int || ' times the readings' as value
        from (select customer_id, median(billed / kwh) as ratio,
            min(billed / kwh) as low, max(billed / kwh) as high
          from billed_months where kwh > 1 and billed > 0 group by customer_id)
        where ratio >= 9.8 and abs(ratio - round(ratio)) <= 0.02 * ratio
          and high <= 1.1 * low
        """,
        "(select distinct customer_id from billed_months)",
    ),
)
MONEY = (
    Query(
        "bill_total",
        "bills",
        ("bills.energy_charge",),
        """
        select bill_id as row, customer_id, 'total_yuan' as col,
          total_yuan::varchar as value from bills
        where energy_charge is not null and abs(total_yuan - energy_charge
          - coalesce(basic_charge, 0) - coalesce(pf_adjust, 0) - coalesce(funds, 0)
          - coalesce(other, 0)) > 0.02 + 1e-6
        """,
        "bills where energy_charge is not null",
    ),
    Query(
        "balance_identity",
        "balance_daily",
        ("balance_daily.cost_yuan", "balance_daily.topup_yuan"),
        """
        select customer_id || ' ' || date as row, customer_id, 'balance_yuan' as col,
          balance_yuan || ' after ' || was as value from balances
        where abs(balance_yuan - was + coalesce(cost_yuan, 0)
          - coalesce(topup_yuan, 0)) > 2
        """,
        "balances",
    ),
    Query(
        "corrected_bill",
        "bills",
        ("bills.corrects_bill_id",),
        """
        select bill_id as row, customer_id, 'corrects_bill_id' as col,
          corrects_bill_id as value from bills where corrects_bill_id <> ''
        """,
        "bills",
    ),
    Query(
        "refund",
        "payments",
        ("payments",),
        """
        select concat_ws(' ', payment_id, ts) as row, customer_id,
          'amount_yuan' as col, amount_yuan::varchar as value from payments
        where amount_yuan < 0
        """,
        "payments",
    ),
    Query(
        "paid_twice",
        "payments",
        ("payments.bill_id",),
        """
        with paid as (
          select p.*, sum(amount_yuan) over (partition by bill_id) as sum,
            row_number() over (partition by bill_id, amount_yuan
              order by ts, payment_id) as time
          from payments p where bill_id <> '' and amount_yuan > 0
            and not exists (
              select 1 from payments r where r.refund_of = p.payment_id))
        select concat_ws(' ', payment_id, paid.ts) as row, paid.customer_id,
          'bill_id' as col, bill_id as value from paid
        left join bills using (bill_id)
        where time > 1 and (total_yuan is null or sum > total_yuan
          + coalesce(late_fee, 0) + 0.01)
        """,
        "payments where bill_id <> ''",
    ),
    Query(
        "paid_twice",
        "topups",
        ("topups.order_id",),
        """
        with paid as (
          select *, row_number() over (partition by order_id, amount
            order by ts_order, attempt_id) as time
          from topups where order_id <> '' and outcome = 'delivered')
        select attempt_id as row, customer_id, 'order_id' as col, order_id as value
        from paid where time > 1
        """,
        "topups where order_id <> ''",
    ),
    Query(
        "date_only",
        "payments",
        ("payments",),
        """
        select concat_ws(' ', payment_id, customer_id) as row, customer_id,
          'ts' as col, ts::varchar as value from payments
        where ts = date_trunc('day', ts)
        """,
        "payments",
    ),
    Query(
        "month_end_batch",
        "payments",
        ("payments.channel",),
        f"""
        with lots as (
          select channel, ts, count(*) as n from payments group by channel, ts),
        usual as (
          select channel, median(n) as a_day
          from (select channel, count(*) as n from payments group by channel, ts::date)
          group by channel)
        select concat_ws(' ', payment_id, customer_id) as row, customer_id,
          'ts' as col, channel || ' ' || ts as value from payments
        join lots using (channel, ts) join usual using (channel)
        where ts::date = last_day(ts) and n >= {_LOT} and n >= {_TIMES_A_DAY} * a_day
        """,
        "payments",
    ),
    Query(
        "paid_before_bill",
        "payments",
        ("payments.bill_id", "bills"),
        """
        select concat_ws(' ', payment_id, p.ts) as row, p.customer_id,
          'bill_id' as col, bill_id as value from payments p
        join bills b using (bill_id) where p.amount_yuan > 0
          and p.ts < try_cast(b.ym || '-01' as timestamp)
        """,
        "payments where bill_id <> ''",
    ),
)
HISTORY = (
    Query(
        "paid_too_much",
        "payment_history",
        ("payment_history.billed_yuan",),
        """
        select customer_id || ' ' || ym as row, customer_id, 'billed_yuan' as col,
          billed_yuan::varchar as value from payment_history where billed_yuan < 0
        """,
        "payment_history where billed_yuan is not null",
    ),
    Query(
        "below_zero_overdue",
        "payment_history",
        ("payment_history",),
        """
        select customer_id || ' ' || ym as row, customer_id, 'months_overdue' as col,
          months_overdue::varchar as value from payment_history
        where months_overdue < 0
        """,
        "payment_history",
    ),
    Query(
        "overdue_jump",
        "payment_history",
        ("payment_history",),
        """
        with months as (
          select *, greatest(months_overdue, 0) as late, left(ym, 4)::int * 12
            + right(ym, 2)::int as month from payment_history)
        select a.customer_id || ' ' || a.ym as row, a.customer_id,
          'months_overdue' as col, a.late || ' after ' || b.late as value
        from months a join months b
          on b.customer_id = a.customer_id and b.month = a.month - 1
        where a.late > b.late + 1
        """,
        "payment_history",
    ),
)


def queries() -> list[Query]:
    """All queries of all table rules, in the order of the rules."""
    return [*orphans(), *ACCOUNTS, *ENERGY, *MONEY, *HISTORY]
