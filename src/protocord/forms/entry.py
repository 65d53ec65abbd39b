"""Entry: what people type, read into what is stored; ambiguity is refused, never guessed."""

from __future__ import annotations

from datetime import date

from protocord.forms.answers import Answers, FormProblem
from protocord.protocol.document import Form
from protocord.values import PartialDate, Reason


class UnreadableDate(ValueError):
    """A text that is not one date; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.kind)
        self.reason = reason


def parse_date(text: str, today: date) -> PartialDate:
    """This will read a date as people type it: `15mar26`, `15-MAR-2026`, `UN-MAR-2026`, `2026`, `20260315`, `t-1`, `2026年3月15日`.

    Raises UnreadableDate, with the reason, for anything that is not a date or can be read as two.
    """
    raise NotImplementedError


def normalise(form: Form, answers: Answers, *, today: date) -> tuple[Answers, tuple[FormProblem, ...]]:
    """This will return the answers as they are stored, and a hard problem for each that cannot be read (it stays as typed).

    Dates become ISO 8601, numbers lose blanks and full-width digits but keep every digit typed, yes/no becomes `yes` or `no`. Empty
    answers and answers to items that are not asked are left out.
    """
    raise NotImplementedError
