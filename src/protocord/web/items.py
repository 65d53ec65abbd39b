"""A form as it is drawn: sections, rows and items as plain values, made from the protocol's form and the answers so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from protocord import words
from protocord.forms import Answers, Asked, FormProblem, ItemAnswer, NullFlavour, asked, key_of, normalise, rows_of
from protocord.forms.layout import holds, refer
from protocord.protocol import Protocol
from protocord.protocol.document import Form, Item, Section, ShowWhen
from protocord.values.text import Text
from protocord.web.frame import language
from protocord.web.saying import unit_of

RADIOS_AT_MOST = 6
LONG_TEXT = 300
PATTERN_ROW = 9999  # the row number in the pattern that "add a row" copies


def anchor(key: str) -> str:
    """This will return the id of an item on the page: dots of the key would read as classes."""
    return "item-" + key.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose: its code, its words, the keys that choose it."""

    code: str
    label: str
    keys: str = ""


@dataclass(frozen=True, slots=True)
class ProblemView:
    """What is wrong or unusual at an item. `open` says that nothing is wrong yet: it is still to be answered."""

    level: str
    text: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item. `saved` is the value on record, so that a change shows; `low`, `high` and `for_child` stand on its line."""

    key: str
    number: str
    kind: str
    label: Text
    help: Text | None
    required: bool
    value: str
    unit: str
    null: str
    note: str
    saved: str
    saved_unit: str
    units: tuple[Option, ...] = ()
    options: tuple[Option, ...] = ()
    shown: bool = True
    show_item: str = ""
    show_is: str = ""
    problems: tuple[ProblemView, ...] = ()
    has_history: bool = False
    was_answered: bool = False
    echo: str = ""
    reason: str = ""
    low: ItemView | None = None
    high: ItemView | None = None
    for_child: ItemView | None = None

    @property
    def beside(self) -> tuple[ItemView, ...]:
        """The items on the same line: the limits of normal, and whether they are for this child."""
        return tuple(item for item in (self.low, self.high, self.for_child) if item is not None)

    @property
    def anchor(self) -> str:
        """The id of the item on the page."""
        return anchor(self.key)

    @property
    def level(self) -> str:
        """The worst level of its problems: hard, soft, or none."""
        levels = {problem.level for item in (self, *self.beside) for problem in item.problems if not problem.open}
        return "hard" if "hard" in levels else "soft" if "soft" in levels else ""

    @property
    def asks_note(self) -> bool:
        """Whether an explanation is asked for: there is none to give for an ordinary answer."""
        return bool(self.null or self.note) or self.level == "soft"


@dataclass(frozen=True, slots=True)
class RowView:
    """The items of one row; number None where the section does not repeat."""

    number: int | None
    items: tuple[ItemView, ...]


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section with its rows, and the empty row that "add a row" copies."""

    id: str
    title: Text
    help: Text | None
    repeating: bool
    rows: tuple[RowView, ...]
    pattern: RowView | None
    answered: int
    total: int
    shown: bool
    show_item: str = ""
    show_is: str = ""


@dataclass(frozen=True, slots=True)
class Filling:
    """What a form is drawn from."""

    protocol: Protocol
    form: Form
    answers: Answers
    saved: Answers
    today: date
    problems: Sequence[FormProblem] = ()
    changed: frozenset[str] = frozenset()
    reasons: Mapping[str, str] = field(default_factory=dict)
    tried: bool = False  # a save was tried: what is still to be answered is then wrong

    def problems_at(self, key: str) -> tuple[ProblemView, ...]:
        """This will say the problems of one item."""
        return tuple(problem_view(problem, tried=self.tried) for problem in self.problems if problem.item == key)


def problem_view(problem: FormProblem, *, tried: bool) -> ProblemView:
    """This will say a problem; a required item that nobody reached yet is not held against anybody."""
    return ProblemView(problem.level, words.say(problem.reason, language()), problem.reason.kind == "form_required" and not tried)


def sections_of(filling: Filling) -> tuple[SectionView, ...]:
    """This will lay a form out."""
    places = asked(filling.form, filling.answers)
    return tuple(_section(filling, number, section, places) for number, section in enumerate(filling.form.sections, start=1))


def _section(filling: Filling, number: int, section: Section, places: Iterable[Asked]) -> SectionView:
    here = [place for place in places if place.section.id == section.id]
    rows: tuple[int | None, ...] = rows_of(section, filling.answers) if section.repeating else (None,)
    row_views = tuple(RowView(row, _items(filling, number, section, row)) for row in rows)
    pattern = RowView(PATTERN_ROW, _items(filling, number, section, PATTERN_ROW)) if section.repeating else None
    shown = [place for place in here if place.shown]
    answered = sum(not filling.answers.get(place.key, ItemAnswer()).is_empty for place in shown)
    show_item, show_is = _condition(section, None, section.show_when)
    return SectionView(
        id=section.id,
        title=section.title,
        help=section.help,
        repeating=section.repeating,
        rows=row_views,
        pattern=pattern,
        answered=answered,
        total=len(shown),
        shown=any(place.shown for place in here) or section.show_when is None,
        show_item=show_item,
        show_is=show_is,
    )


def _items(filling: Filling, number: int, section: Section, row: int | None) -> tuple[ItemView, ...]:
    """This will lay out a row; limits of normal stand beside the result that they belong to."""
    # Whether the section is asked is the section's matter: an item hides for its own condition only.
    views = {
        item.id: _item(
            filling, f"{number}.{place}", section, row, item, shown=holds(item.show_when, section, row, filling.answers)
        )
        for place, item in enumerate(section.items, start=1)
    }
    for fact in section.facts:
        if fact.value not in views:
            continue
        low, high, for_child = (views.get(name or "") for name in (fact.low, fact.high, fact.range_for_child))
        if (low or high) and views[fact.value].kind == "number":
            views[fact.value] = replace(views[fact.value], low=low, high=high, for_child=for_child)
            for beside in (fact.low, fact.high, fact.range_for_child):
                views.pop(beside or "", None)
    return tuple(views.values())


def _item(filling: Filling, number: str, section: Section, row: int | None, item: Item, *, shown: bool) -> ItemView:
    key = key_of(section.id, item.id, row)
    answer, saved = filling.answers.get(key, ItemAnswer()), filling.saved.get(key, ItemAnswer())
    show_item, show_is = _condition(section, row, item.show_when)
    options = options_of(filling.protocol, item)
    kind = kind_of(item, options)
    return ItemView(
        key=key,
        number=number,
        kind=kind,
        label=item.label,
        help=item.help,
        required=item.required,
        value=_typed(kind, options, answer.value),
        unit=answer.unit or (item.units[0] if item.units else ""),
        null=answer.null.value if answer.null else "",
        note=answer.note,
        saved=_typed(kind, options, saved.value) or (saved.null.value if saved.null else ""),
        saved_unit=saved.unit or (item.units[0] if item.units else ""),
        units=tuple(Option(unit, unit_of(unit)) for unit in item.units),
        options=options,
        shown=shown,
        show_item=show_item,
        show_is=show_is,
        problems=filling.problems_at(key),
        has_history=key in filling.changed,
        was_answered=not saved.is_empty,
        echo=echo_of(filling, key, answer) if kind == "date" else "",
        reason=filling.reasons.get(key, ""),
    )


def _typed(kind: str, options: Sequence[Option], value: str | None) -> str:
    """This will return what stands in the box: for a long list the words of the code, else the value itself."""
    if kind == "list" and value:
        return next((option.label for option in options if option.code == value), value)
    return value or ""


def _condition(section: Section, row: int | None, condition: ShowWhen | None) -> tuple[str, str]:
    return (refer(section, row, condition.item), "|".join(condition.equals)) if condition else ("", "")


def kind_of(item: Item, options: Sequence[Option]) -> str:
    """This will choose the control: radios up to six answers, beyond that a list that one types into."""
    match item.type:
        case "number" | "integer":
            return "select" if item.allowed else "number"
        case "date" | "partial_date":
            return "date"
        case "datetime":
            return "datetime"
        case "yes_no":
            return "radio"
        case "choice":
            return "radio" if len(options) <= RADIOS_AT_MOST else "list"
        case _:
            return "text" if item.max_length is not None and item.max_length <= LONG_TEXT else "textarea"


def options_of(protocol: Protocol, item: Item) -> tuple[Option, ...]:
    """This will return the answers of a choice, with the keys that choose them: digits, and the first letter of each word's language."""
    if item.type == "yes_no":
        return (Option("yes", words.shown(True, language()), "y1是"), Option("no", words.shown(False, language()), "n2否"))
    if item.allowed:
        return tuple(Option(str(number), str(number)) for number in item.allowed)
    found = [(choice.code, choice.label) for choice in item.choices]
    if item.value_set is not None:
        found += [(member.code, member.name) for member in protocol.value_sets[item.value_set].members]
    if len(found) > RADIOS_AT_MOST:
        # Both languages stand in the entry, so that typing matches either, or the code.
        return tuple(
            Option(code, f"{code} · {name.say(language())} · {name.zh if language() == 'en' else name.en}")
            for code, name in found
        )
    return tuple(Option(code, name.say(language()), str(number)) for number, (code, name) in enumerate(found, start=1))


def echo_of(filling: Filling, key: str, answer: ItemAnswer) -> str:
    """This will return the ISO date that a typed date is read as; empty while it cannot be read."""
    if not answer.value:
        return ""
    read, _ = normalise(filling.form, {**filling.answers, key: answer}, today=filling.today)
    found = read.get(key)
    return found.value or "" if found and not any(problem.item == key for problem in filling.problems) else ""


# --- what was sent ------------------------------------------------------------------------------------------------------


def answers_sent(protocol: Protocol, form: Form, sent: Mapping[str, str]) -> dict[str, ItemAnswer]:
    """This will read the answers off a sent form: `v:` values, `u:` units, `n:` why there is no value, `m:` notes, by item key."""
    keys = dict.fromkeys(name[2:] for name in sent if name[:2] in {"v:", "n:"})
    items = {(section.id, item.id): item for section in form.sections for item in section.items}
    answers: dict[str, ItemAnswer] = {}
    for key in keys:
        parts = key.split(".")
        item = items.get((parts[0], parts[-1]))
        if item is None or str(PATTERN_ROW) in parts:
            continue
        null = sent.get(f"n:{key}", "")
        value = code_of(protocol, item, sent.get(f"v:{key}", "").strip())
        note = " ".join(sent.get(f"m:{key}", "").split())
        if null in set(NullFlavour):
            answer = ItemAnswer(None, None, NullFlavour(null), note)
        else:
            unit = sent.get(f"u:{key}") or (item.units[0] if item.units else None)
            answer = ItemAnswer(value or None, unit if value and item.units else None, None, note if value else "")
        if not answer.is_empty:
            answers[key] = answer
    return answers


def code_of(protocol: Protocol, item: Item, typed: str) -> str:
    """This will turn what was typed into a long list back into its code; anything else stays, for the checks to refuse."""
    if item.type != "choice" or not typed:
        return typed
    options = options_of(protocol, item)
    wanted = typed.casefold()
    if any(option.code.casefold() == wanted for option in options):
        return next(option.code for option in options if option.code.casefold() == wanted)
    fitting = [
        option.code for option in options if wanted == option.label.casefold() or wanted in option.label.casefold().split(" · ")
    ]
    return fitting[0] if len(fitting) == 1 else typed
