"""The answers of `protocord design` as lines: each analysis one table, its contexts the rows; bounds as sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from protocord.design.results.rows import bound_said
from protocord.statistics.results import Results, Scalar, Statistic
from protocord.statistics.rounding import p_value, shown
from protocord.values import Language
from protocord.words import WordsMissing, say, term
from protocord.words.layout import hanging, table

Shows = Callable[[Statistic], bool]

_DIGITS = {
    "expected_n": 2,
    "expected_n_null": 2,
    "expected_n_alternative": 2,
    "expected_n_largest_null": 2,
    "expected_toxicities": 2,
    "mean": 1,
    "rate_mean": 3,
    "rate_shape": 1,
    "rate_per_month": 2,
    "q_low": 3,
    "q_high": 3,
}


def lines(results: Results, language: Language, *, shows: Shows = lambda _: True) -> list[str]:
    """This will return the results as tables with headings; rows that `shows` refuses are counted, not shown."""
    order: dict[str, list[Statistic]] = {}
    hidden = 0
    for item in results:
        if not shows(item):
            hidden += 1
            continue
        order.setdefault(item.analysis, []).append(item)
    told: list[str] = []
    for analysis, items in order.items():
        told += ["", label(f"design_table_{analysis}", language)]
        told += _bounds(items, language) if analysis == "bounds" else _table(items, language)
    if hidden:
        told += ["", term("design_more_rows", language).format(count=hidden)]
    return told[1:]


def _bounds(items: Iterable[Statistic], language: Language) -> list[str]:
    items = list(items)
    names = {
        str(item.context["design"]): label(f"design_value_{item.context['design']}", language, item.context["design"])
        for item in items
    }
    found: list[str] = []
    for design, name in names.items():
        mine = [item for item in items if item.context["design"] == design]
        short = mine if len(mine) <= 8 else [*mine[:3], *mine[-3:]]
        if len(names) > 1:
            found.append(f"  {name}")
        for at, item in enumerate(short):
            if len(short) < len(mine) and at == 3:
                found.append("    ...")
            found += hanging(say(bound_said(item), language), first="    " if len(names) > 1 else "  ")
    return found


def _table(items: list[Statistic], language: Language) -> list[str]:
    keys = list(dict.fromkeys(key for item in items for key in item.context))
    names = list(dict.fromkeys(item.name for item in items))
    groups: dict[tuple[Scalar | None, ...], dict[str, Statistic]] = {}
    for item in items:
        groups.setdefault(tuple(item.context.get(key) for key in keys), {})[item.name] = item
    notes = [
        line
        for note in dict.fromkeys(say(item.reason, language) for item in items if item.reason is not None)
        for line in hanging(note, first="  - ")
    ]
    if len(groups) == 1 and len(names) > 3:
        (context,), (values,) = groups.keys(), groups.values()
        told = [
            [label(f"design_label_{key}", language, key), _shown(value, key, language)]
            for key, value in zip(keys, context, strict=True)
        ]
        told += [[_label(values[name], language), _value(values[name], language)] for name in names]
        return [*table(told, indent="  "), *notes]
    header = [label(f"design_label_{key}", language, key) for key in keys]
    header += [_label(next(item for item in items if item.name == name), language) for name in names]
    body = [
        [_shown(value, key, language) for key, value in zip(keys, context, strict=True)]
        + [_value(values[name], language) if name in values else "" for name in names]
        for context, values in groups.items()
    ]
    return [*table([header, *body], indent="  "), *notes]


def _label(item: Statistic, language: Language) -> str:
    name = label(f"design_label_{item.name}", language, item.name)
    return name if item.level is None else f"{name} ({shown(100 * item.level, 0)} %)"


def _value(item: Statistic, language: Language) -> str:
    if item.value is None:
        return "-"
    if item.name == "p_value" and isinstance(item.value, float):
        return p_value(item.value)
    if isinstance(item.value, float) and item.name not in _DIGITS:
        return _probability(item.value)
    return _shown(item.value, item.name, language)


def _probability(value: float) -> str:
    if value in {0.0, 1.0}:
        return f"{value:g}"
    return "<0.0001" if 0 < value < 0.00005 else shown(value, 4)


def _shown(value: Scalar | None, name: str, language: Language) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return term("design_yes" if value else "design_no", language)
    if isinstance(value, float):
        if name in _DIGITS:
            return shown(value, _DIGITS[name])
        return shown(value, 4) if len(f"{value:g}") > 6 else f"{value:g}"
    if isinstance(value, (int, date)):
        return str(value)
    return label(f"design_value_{value}", language, value)


def label(key: str, language: Language, otherwise: Scalar | None = None) -> str:
    """This will return the words of a key, or `otherwise` (a design's numbers, a site) where the tables have none."""
    try:
        return term(key, language)
    except WordsMissing:
        if otherwise is None:
            raise
        return str(otherwise)
