"""What is known of each customer as numbers: from tables to one row a customer."""

from research.features import later, load, overview, payment

__all__ = ["later", "load", "overview", "payment"]
