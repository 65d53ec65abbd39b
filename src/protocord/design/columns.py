"""The tables that `protocord.design` reads."""

from __future__ import annotations

from protocord.tables import Column, Table

SITES = Table(
    "sites",
    "One row a site: when it opens, and what it has enrolled by the data cut.",
    (
        Column("site", "text", "The site's code."),
        Column("opened", "date", "Day on which the site opens or opened."),
        Column("enrolled", "integer", "Subjects enrolled there by the data cut.", unit="1", low=0),
        Column("closed", "date", "Day on which it closes to enrolment.", required=False, empty=True),
    ),
    key=("site",),
)

TABLES = (SITES,)
