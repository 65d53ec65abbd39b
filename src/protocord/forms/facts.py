"""Facts: what the answers to a form say of the subject, as rules see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from protocord.concepts import Concept, Concepts
from protocord.forms.answers import Answers, ItemAnswer, NullFlavour
from protocord.forms.entry import read_date
from protocord.forms.layout import holds, refer, rows_of
from protocord.forms.numbers import read_number
from protocord.protocol.document import Form, FormFact, FormHistory, Item, Section, ValueSet
from protocord.values import Fact, FactStatus, History, PartialDate, Quantity, ReferenceRange, Source


@dataclass(frozen=True, slots=True)
class _Row:
    """One section of a form, or one row of it, with its answers."""

    form: Form
    section: Section
    row: int | None
    answers: Answers
    record_id: str
    concepts: Concepts | None
    value_sets: Mapping[str, ValueSet]

    def key(self, reference: str) -> str:
        return refer(self.section, self.row, reference)

    def answer(self, reference: str | None) -> ItemAnswer | None:
        return None if reference is None else self.answers.get(self.key(reference))

    def day(self, reference: str | None) -> PartialDate | None:
        return read_date(self.answer(reference))

    def says_yes(self, reference: str | None) -> bool:
        answer = self.answer(reference)
        return answer is not None and answer.null is None and answer.value == "yes"

    def text(self, reference: str | None) -> str | None:
        answer = self.answer(reference)
        return answer.value if answer is not None and answer.null is None and answer.value else None

    def item(self, reference: str) -> Item | None:
        section, _, name = reference.rpartition(".")
        found = next((s for s in self.form.sections if s.id == (section or self.section.id)), None)
        return next((item for item in found.items if item.id == name), None) if found else None


def facts(
    form: Form,
    answers: Answers,
    *,
    visit: str,
    record_id: str = "",
    concepts: Concepts | None = None,
    value_sets: Mapping[str, ValueSet] | None = None,
) -> tuple[tuple[Fact, ...], tuple[History, ...]]:
    """This will return the facts and histories that normalised answers state.

    `record_id` names the record (default `visit/form`); a fact's id is the record's and the key of the item that gives its value, so
    it stays the same when the answer is corrected. Give `concepts` (units of pure numbers, one-day events) and `value_sets`
    (concepts that a chosen code names); without them those facts are poorer.
    """
    found: list[Fact] = []
    histories: list[History] = []
    for section in form.sections:
        rows: tuple[int | None, ...] = rows_of(section, answers) if section.repeating else (None,)
        for number in rows:
            row = _Row(form, section, number, answers, record_id or f"{visit}/{form.id}", concepts, value_sets or {})
            if holds(section.show_when, section, number, answers):
                found += _row_facts(row)
        first = _Row(form, section, rows[0] if rows else None, answers, record_id or f"{visit}/{form.id}", concepts, {})
        histories += [history for stated in section.history if (history := _history(stated, first)) is not None]
    return tuple(found), tuple(histories)


def _row_facts(row: _Row) -> Iterator[Fact]:
    taken: Counter[str] = Counter()
    for stated in row.section.facts:
        reference = stated.value or stated.concept_from or stated.date or stated.start or ""
        key = row.key(reference)
        taken[key] += 1
        name = f"{row.record_id}:{key}" + (f"#{taken[key]}" if taken[key] > 1 else "")
        fact = _fact(stated, row, name, key)
        if fact is not None:
            yield fact


def _fact(stated: FormFact, row: _Row, name: str, key: str) -> Fact | None:
    concept_id = _concept(stated, row)
    if concept_id is None or not holds(stated.when, row.section, row.row, row.answers):
        return None
    concept = row.concepts.get(concept_id) if row.concepts is not None else None
    start, end = _days(stated, row, concept)
    ongoing = row.says_yes(stated.ongoing)
    source = Source(kind="form", record=row.record_id, item=key)
    status = FactStatus.RECORDED
    value: Quantity | bool | str | None = None
    if stated.value is not None:
        answer = row.answer(stated.value)
        if answer is not None and answer.null is NullFlavour.NOT_DONE:
            return Fact(name, concept_id, None, start, end, status=FactStatus.NOT_DONE, source=source)
        value = _value(stated, row, answer, concept)
        if value is None or (stated.date is not None and start is None):
            return None
    elif start is None and end is None and not ongoing:
        return None
    if stated.excluded_when is not None and holds(stated.excluded_when, row.section, row.row, row.answers):
        status = FactStatus.EXCLUDED
    limits = _range(stated, row, value) if isinstance(value, Quantity) else None
    return Fact(name, concept_id, value, start, end, ongoing, status, limits, source=source)


def _concept(stated: FormFact, row: _Row) -> str | None:
    """The concept that the form names, or the one that the chosen answer names."""
    if stated.concept is not None:
        return stated.concept
    code = row.text(stated.concept_from)
    item = row.item(stated.concept_from) if stated.concept_from else None
    if code is None or item is None:
        return None
    for choice in item.choices:
        if choice.code == code:
            return choice.concept
    value_set = row.value_sets.get(item.value_set or "")
    member = value_set.get(code) if value_set else None
    return member.concept or None if member else None


def _days(stated: FormFact, row: _Row, concept: Concept | None) -> tuple[PartialDate | None, PartialDate | None]:
    """A `date` is the day of a result; of an event that takes one day, its first and its last."""
    day = row.day(stated.date)
    start, end = row.day(stated.start), row.day(stated.end)
    if day is not None and start is None:
        return day, day if concept is not None and concept.kind.is_event and stated.end is None else end
    return start, end


def _value(stated: FormFact, row: _Row, answer: ItemAnswer | None, concept: Concept | None) -> Quantity | bool | str | None:
    if answer is None or answer.null is not None or not answer.value:
        return None
    if answer.value in stated.true_when:
        return True
    if answer.value in stated.false_when:
        return False
    if stated.true_when or stated.false_when:
        return None
    item = row.item(stated.value or "")
    if item is not None and item.type in ("number", "integer"):
        number = read_number(answer)
        if number is not None and number.unit is None and concept is not None and concept.is_pure_number:
            return Quantity(number.value, concept.unit, number.comparator)
        return number
    if item is not None and item.type == "yes_no":
        return answer.value == "yes"
    return answer.value


def _range(stated: FormFact, row: _Row, value: Quantity) -> ReferenceRange | None:
    """The laboratory's limits, in the unit of the value; whether they are a child's own must have been said."""
    low, high = (read_number(answer) if (answer := row.answer(end)) is not None else None for end in (stated.low, stated.high))
    if low is None and high is None:
        return None
    return ReferenceRange(
        low=None if low is None else Quantity(low.value, value.unit),
        high=None if high is None else Quantity(high.value, value.unit),
        age_specific=row.says_yes(stated.range_for_child),
        sex=row.text(stated.sex),
        laboratory=row.text(stated.laboratory) or "",
    )


def _history(stated: FormHistory, row: _Row) -> History | None:
    """A list is complete only when somebody said so; a limit that was asked for and not given leaves it unstated."""
    since, until = row.day(stated.since), row.day(stated.until)
    if not row.says_yes(stated.complete) or (stated.since and since is None) or (stated.until and until is None):
        return None
    return History(stated.concept, since, until, Source(kind="form", record=row.record_id, item=row.key(stated.complete)))
