"""Whether a later assessment confirms a response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from protocord.protocol.document.efficacy import Confirmation

_STABLE_BETWEEN_AT_MOST = 1


class Dated(Protocol):
    """An assessment in a sequence: days after day 1, and the overall response."""

    @property
    def day(self) -> int:
        """Days after day 1."""
        ...

    @property
    def response(self) -> str:
        """The overall response."""
        ...


def confirming(points: Sequence[Dated], first: int, wanted: str, rules: Confirmation) -> int | None:
    """This will return the place of the assessment that confirms the response at `first` as `wanted`, CR or PR; None if none does.

    It lies at least `at_least_days` later and shows CR (for CR), or CR or PR (for PR). In between stand only such responses, at
    most `not_evaluable_between` assessments that were not evaluable and, for PR where the document accepts it, one of stable
    disease. (Eisenhauer 2009, section 4.6 and table 3; the numbers are the document's.) Disease after CR has become a
    progression before this is asked.
    """
    fitting = {"CR", wanted}
    unread = stable = 0
    for place in range(first + 1, len(points)):
        response = points[place].response
        if response in fitting:
            if points[place].day - points[first].day >= rules.at_least_days:
                return place
        elif response == "NE":
            unread += 1
            if unread > rules.not_evaluable_between:
                return None
        elif response == "SD" and wanted == "PR" and rules.stable_between:
            stable += 1
            if stable > _STABLE_BETWEEN_AT_MOST:
                return None
        else:
            return None
    return None
