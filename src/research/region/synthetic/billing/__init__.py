"""From energy to bills: bands of the tariff, meter registers, bills as issued."""

from research.region.synthetic.billing.bands import band_shares
from research.region.synthetic.billing.bills import bills
from research.region.synthetic.billing.registers import (
    PanelMonths,
    as_exported,
    panel_months,
    registers,
)

__all__ = [
    "PanelMonths",
    "as_exported",
    "band_shares",
    "bills",
    "panel_months",
    "registers",
]
