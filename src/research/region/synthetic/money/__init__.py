"""What customers pay and how: bills, prepaid balances, credit, points."""

from research.region.synthetic.money.tables import MoneyTables, money_tables

__all__ = ["MoneyTables", "money_tables"]
