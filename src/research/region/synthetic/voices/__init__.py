"""What customers say, and who listens: tickets, contacts, surveys, managers."""

from research.region.synthetic.voices.contacts import contacts
from research.region.synthetic.voices.staff import manager_log, products, sla
from research.region.synthetic.voices.surveys import needs_survey, satisfaction
from research.region.synthetic.voices.tickets import tickets

__all__ = [
    "contacts",
    "manager_log",
    "needs_survey",
    "products",
    "satisfaction",
    "sla",
    "tickets",
]
