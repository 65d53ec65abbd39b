"""Rounding: once, at display, half away from zero, as SAS and clinical tables do.

Results keep full precision. Python and NumPy round halves to even, and on binary values: 2.5 becomes 2, and 1.005 (which is
stored a little lower) 1.00. Here the shortest decimal that stands for the number is rounded, as a person reads it.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from math import isfinite

_SMALLEST_P = Decimal("0.001")


def half_up(value: float | Decimal, digits: int) -> Decimal:
    """This will return `value` with `digits` decimals, halves away from zero: 1.25 to one digit is 1.3, -2.5 to none is -3.

    Raises ValueError for what is not finite.
    """
    exact = _decimal(value)
    return exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP) + 0  # `+ 0` turns -0.0 into 0.0


def significant(value: float | Decimal, figures: int) -> Decimal:
    """This will return `value` with `figures` significant figures, halves away from zero; zero stays zero.

    Raises ValueError for what is not finite.
    """
    exact = _decimal(value)
    if not exact:
        return Decimal(0)
    digits = figures - 1 - exact.adjusted()
    rounded = half_up(exact, digits)
    if rounded.adjusted() != exact.adjusted():  # 9.996 to three figures is 10.0, not 10.00
        rounded = half_up(exact, digits - 1)
    return rounded


def shown(value: float | Decimal, digits: int) -> str:
    """This will return `value` with `digits` decimals as a table prints it."""
    return f"{half_up(value, digits):f}"


def percent(share: float | Decimal, digits: int = 1) -> str:
    """This will return a share of one as a percentage: 0.3 is `30.0 %`."""
    return f"{half_up(_decimal(share) * 100, digits):f} %"


def p_value(p: float | Decimal) -> str:
    """This will return a p value with three decimals; below 0.001 it is `<0.001`, and above 0.999 `>0.999`."""
    exact = _decimal(p)
    if exact < _SMALLEST_P:
        return "<0.001"
    if exact > 1 - _SMALLEST_P:
        return ">0.999"
    return shown(exact, 3)


def _decimal(value: float | Decimal) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if not isfinite(value):
        message = f"{value} cannot be rounded: what is not a number has a reason instead"
        raise ValueError(message)
    return Decimal(repr(float(value)))
