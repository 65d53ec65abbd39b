"""Say a change of the criteria in a reader's language, from its row of the results: what is switched off, read otherwise, or moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from protocord.criteria import parse, tree
from protocord.statistics import Results
from protocord.statistics.results import Scalar
from protocord.values import Language, Quantity, Reason
from protocord.words import say, shown, term

KINDS = ("limit", "off", "reading", "unknown_good")
_SIGNS = {">=": "≥", "<=": "≤", "!=": "≠"}
_UCUM = {"day": "d", "week": "wk", "month": "mo", "year": "a"}
_COMPARED = ("result", "score", "span")
_LENGTHS = ("washout", "lookback", "before")
_MANY = 3  # things asked of that a label still names; more, and the parameter's name says it


def change_in_words(where: Mapping[str, Scalar], language: Language) -> str:
    """This will say a change, such as `I12a Absolute neutrophil count ≥ 1.0 → 0.75 ×10⁹/L`, from the context of its statistic."""
    change, criterion = str(where["change"]), str(where.get("criterion", ""))
    if change == "unknown_good" and criterion == "all":
        return term("cohort_change_unknown_good_all", language)
    if change == "limit":
        return _placed(where, limit_in_words(where, language), language)
    return say(Reason.of(f"cohort_change_{change}", criterion=criterion, reading=str(where.get("reading", ""))), language)


def limit_in_words(where: Mapping[str, Scalar], language: Language, *, moved: bool = True) -> str:
    """This will say a limit alone, with where it is moved to or (not `moved`) as it is written."""
    kind, count = str(where["limit_kind"]), int(str(where["asked"]))
    asked = str(where[f"asked_{language}"])
    said = {"asked": asked, "operator": _operator(where), "moved": _moved(where, language, moved=moved)}
    if where["parameter"] and count > (1 if where["everywhere"] else _MANY):
        key, said = "parameter", {"parameter": str(where["parameter"]), "moved": said["moved"]}
    elif kind == "age" and not asked:
        key = "age_today"
    else:
        key = "compared" if kind in _COMPARED else kind
    text = say(Reason.of(f"cohort_limit_{key}", **said), language)
    return say(Reason.of("cohort_limit_review", limit=text), language) if where["review_only"] else text


def _placed(where: Mapping[str, Scalar], limit: str, language: Language) -> str:
    key = "cohort_change_limit_everywhere" if where["everywhere"] and ", " in str(where["criterion"]) else "cohort_change_limit"
    return say(Reason.of(key, criterion=str(where["criterion"]), limit=limit), language)


def _operator(where: Mapping[str, Scalar]) -> str:
    written = str(where["operator"]) or ("<=" if where["limit_kind"] == "grade" else "")
    return _SIGNS.get(written, written)


def _moved(where: Mapping[str, Scalar], language: Language, *, moved: bool) -> str:
    """`1.0 → 0.75 ×10⁹/L`; with other units on both sides, both are said."""
    before, after = _quantity(str(where["limit"])), _quantity(str(where["to"]))
    if not moved:
        return shown(before, language)
    first = f"{before.value:f}" if before.unit == after.unit else shown(before, language)
    return f"{first} → {shown(after, language)}"


def _quantity(text: str) -> Quantity:
    match parse(text):
        case tree.Measure(value, unit):
            return Quantity(value, unit)
        case tree.Duration(count, unit):
            return Quantity(Decimal(count), _UCUM[unit])
        case tree.Number(value):
            return Quantity(value, None)
        case other:
            message = f"no limit: {other}"
            raise ValueError(message)


def limit_at(where: Mapping[str, Scalar], language: Language) -> str:
    """This will say where a limit is moved to."""
    return shown(_quantity(str(where["to"])), language)


def limit_unit(where: Mapping[str, Scalar], language: Language) -> str:
    """This will name the unit of a limit's axis: its unit, or what its numbers are."""
    kind, unit = str(where["limit_kind"]), _quantity(str(where["limit"])).unit
    if kind in _LENGTHS:  # on an axis, weeks are days and years are months
        unit = {"wk": "d", "a": "mo"}.get(str(unit), unit)
    if kind in ("multiple", "age", "grade", "score"):
        return term(f"figure_curve_x_{kind}", language)
    if unit is None:
        return ""
    return shown(Quantity(Decimal(2), unit), language).removeprefix("2").strip()


@dataclass(frozen=True)
class Gain:
    """A change, from the row of its statistics, and how many more are eligible, not kept out (`possible`), and undecided (`incomplete`).

    `wanted`: somebody asked for it.
    """

    where: Mapping[str, Scalar]
    wanted: bool
    eligible: int
    possible: int
    incomplete: int

    @property
    def admits(self) -> bool:
        """Whether it admits anybody: more eligible, or more who are not kept out."""
        return self.eligible > 0 or self.possible > 0

    @property
    def forgets(self) -> bool:
        """Whether it is a shorter look-back that makes nobody eligible: whom it does not keep out, it only knows less of."""
        return self.where.get("limit_kind") == "lookback" and self.where["direction"] == -1 and self.eligible <= 0

    @property
    def more(self) -> tuple[int, int, int]:
        """The three counts."""
        return self.eligible, self.possible, self.incomplete


def gains(results: Results) -> list[Gain]:
    """This will return what each change of a what-if brings, those that admit most first, of equals the smaller change."""
    found: dict[tuple[bool, tuple[tuple[str, Scalar], ...]], dict[str, int]] = {}
    for item in results.select("what_if"):
        name = item.name.removesuffix("_more")
        if name != item.name:
            found.setdefault((item.method == "asked", tuple(item.context.items())), {})[name] = int(str(item.value))
    made = [Gain(dict(where), wanted, **more) for (wanted, where), more in found.items()]
    return sorted(made, key=lambda one: (-one.eligible, -one.possible, int(str(one.where.get("asked", 0))), _distance(one.where)))


def telling(found: Iterable[Gain]) -> list[Gain]:
    """This will return those that admit anybody, without a limit's further steps that bring no more than a nearer or narrower one.

    A shorter look-back that only leaves more open is none of them. What somebody asked for is there in any case.
    """
    kept: list[Gain] = []
    for gain in found:
        admits = gain.admits and not gain.forgets and not any(_covers(nearer, gain) for nearer in kept)
        if gain.wanted or admits:
            kept.append(gain)
    return kept


_ONE_LIMIT = ("change", "criterion", "limit_kind", "limit", "parameter", "everywhere", "direction")


def _covers(nearer: Gain, further: Gain) -> bool:
    """Whether both move one limit the same way to the same end, the first no further and for nothing else."""
    if further.where["change"] != "limit" or nearer.more != further.more:
        return False
    if any(nearer.where.get(name) != further.where[name] for name in _ONE_LIMIT):
        return False
    asked, wider = (set(str(one.where["asked_en"]).split(", ")) for one in (nearer, further))
    return asked <= wider and _distance(nearer.where) <= _distance(further.where)


def _distance(where: Mapping[str, Scalar]) -> Decimal:
    if where["change"] != "limit":
        return Decimal(0)
    return abs(_quantity(str(where["to"])).value - _quantity(str(where["limit"])).value)
