"""Every question that a page, a command or the interface may ask. Each takes the viewer; each filters in the database.

A subject, site or study that the viewer may not know of raises `access.NotThere`, exactly as one that does not exist.
"""

from protocord.store.reads.audit import audit, audit_lines, chain_status
from protocord.store.reads.board import eligibility_board
from protocord.store.reads.lists import home, other_sites, protocol, studies, subject_matrix
from protocord.store.reads.people import people
from protocord.store.reads.scope import card as subject_card
from protocord.store.reads.subjects import calendar, form_page, item_history, subject

__all__ = [
    "audit",
    "audit_lines",
    "calendar",
    "chain_status",
    "eligibility_board",
    "form_page",
    "home",
    "item_history",
    "other_sites",
    "people",
    "protocol",
    "studies",
    "subject",
    "subject_card",
    "subject_matrix",
]
