"""The table that a position is computed from."""

from __future__ import annotations

from protocord.tables import Column, Table

EVENTS = Table(
    "monitoring_events",
    "One row for each subject and limit: whether the subject is evaluable for it yet, and whether the event has happened.",
    (
        Column("subject", "text", "Subject code."),
        Column(
            "limit",
            "text",
            "Id of the limit in safety.yaml, or of what it counts, such as dlt; left out: every limit.",
            required=False,
            empty=True,
        ),
        Column(
            "evaluable",
            "choice",
            "Whether the subject can be counted: yes, no (never will be), or pending (the window is still open).",
            choices=("yes", "no", "pending"),
        ),
        Column(
            "event",
            "choice",
            "Whether the event has happened; empty reads as unknown.",
            choices=("yes", "no", "unknown"),
            empty=True,
        ),
        Column(
            "passed",
            "number",
            "Share of the window that a pending subject has passed without event.",
            required=False,
            empty=True,
            unit="1",
            low=0,
            high=1,
        ),
        Column(
            "infusion", "integer", "Number of the infusion, for limits that count infusions.", required=False, empty=True, low=1
        ),
    ),
    key=("subject", "limit", "infusion"),
    open=True,
)

TABLES = (EVENTS,)
