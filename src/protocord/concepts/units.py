"""Ask ucumvert whether a text is a UCUM unit. Import this only when an unlisted unit turns up: it is slow to load."""

from __future__ import annotations

from functools import cache
from typing import Any

import ucumvert  # type: ignore[import-untyped]
from lark.exceptions import LarkError, UnexpectedInput


@cache
def _parser() -> Any:
    return ucumvert.get_ucum_parser()


def ucum_fault(unit: str) -> str:
    """This will return what is wrong with `unit` as a case-sensitive UCUM unit, or an empty string when nothing is."""
    try:
        _parser().parse(unit)
    except UnexpectedInput as wrong:
        where = wrong.column if isinstance(wrong.column, int) and wrong.column > 0 else len(unit)
        return f"it cannot be read from character {where} on"
    except LarkError as wrong:
        return str(wrong).splitlines()[0]
    return ""
