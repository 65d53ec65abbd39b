"""Which role may make which wish. A table, so that it can be read, shown and tested; what it does not list is refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from protocord.conduct.wishes import (
    AssessEligibility,
    Enrol,
    PlanCalendar,
    RecordForm,
    RecordVisit,
    RegisterSubject,
    Rescreen,
    ScreenFail,
    SignEligibility,
    Wish,
    Withdraw,
)


class Role(StrEnum):
    """The roles of a study's people; each holds at one site or across sites."""

    COORDINATOR = "coordinator"
    INVESTIGATOR = "investigator"
    CELL_LAB = "cell_lab"
    MONITOR = "monitor"
    DATA_MANAGER = "data_manager"
    STATISTICIAN = "statistician"
    SPONSOR = "sponsor"
    ADMINISTRATOR = "administrator"


_SITE = frozenset({Role.COORDINATOR, Role.INVESTIGATOR})
_INVESTIGATOR = frozenset({Role.INVESTIGATOR})

# Only a site's own staff write about its subjects: a sponsor's people cannot edit site data (edc.md 4, item 29).
MAY: Mapping[type[Wish], frozenset[Role]] = MappingProxyType(
    {
        RegisterSubject: _SITE,
        RecordForm: _SITE,
        AssessEligibility: _SITE,
        SignEligibility: _INVESTIGATOR,
        Enrol: _SITE,
        ScreenFail: _SITE,
        Rescreen: _SITE,
        PlanCalendar: _SITE,
        RecordVisit: _SITE,
        Withdraw: _SITE,
    }
)


def may(role: str, wish: type[Wish]) -> bool:
    """This will tell whether a role may make a wish."""
    return role in MAY.get(wish, frozenset())
