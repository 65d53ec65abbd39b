"""Say a screening in lines of text: outcome, each criterion with its reasons and facts, and the days that stay open.

Every answer is a mark and a word; colour repeats what they say and adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from protocord.criteria import UsedFact
from protocord.eligibility import Answer, Calculation, Finding, Outcome, Screening, Segment, Timeline
from protocord.exchange.fhir import Unmapped
from protocord.protocol import DEFAULT_READING, Protocol
from protocord.values.facts import FactStatus
from protocord.values.reasons import Reason
from protocord.values.text import Language
from protocord.words import say, shown, term
from protocord.words.layout import WIDTH, hanging, pad, table, width

Thing = TypeVar("Thing")

MARKS = {Answer.MET: "✓", Answer.NOT_MET: "✗", Answer.UNKNOWN: "?", Answer.REVIEW: "!"}
OUTCOME_MARKS = {Outcome.ELIGIBLE: "✓", Outcome.INELIGIBLE: "✗", Outcome.INCOMPLETE: "?", Outcome.REVIEW: "!"}
_COLOURS = {"✓": "green", "✗": "red", "?": "yellow", "!": "magenta"}
_LABELS = ("cli_why", "cli_missing", "cli_asked", "cli_facts", "cli_beside", "cli_note", "cli_as_of", "cli_reading")
_DETAIL = " " * 6  # the details of a criterion stand under its text, a little to the left to leave room


@dataclass(frozen=True, slots=True)
class Spoken:
    """A screening about to be said in one language."""

    protocol: Protocol
    screening: Screening
    timeline: Timeline
    language: Language

    def lines(self) -> list[str]:
        """This will return the whole answer, without unmapped items."""
        return [*self.head(), "", *self.criteria(), "", *self.days(), *self.notices()]

    def head(self) -> list[str]:
        """Which child, which protocol, which days; and the outcome with its counts."""
        told, language = self.screening, self.language
        infusion = told.planned_infusion or told.on
        counts = {answer: sum(finding.answer is answer for finding in told.findings) for answer in Answer}
        outcome = f"{OUTCOME_MARKS[told.outcome]} {term(f'cli_outcome_{told.outcome}', language)}"
        tally = " · ".join(f"{counts[answer]} {term(f'cli_answer_{answer}', language)}" for answer in Answer)
        heading = hanging(self.protocol.study.title.brief.say(language), first=f"{told.subject}  ")
        return [
            click.style(told.subject, bold=True) + heading[0][len(told.subject) :],
            *heading[1:],
            say(
                Reason.of("cli_protocol", study=told.study, version=told.protocol_version, hash=told.protocol_hash[:12]),
                language,
            ),
            say(Reason.of("cli_assessed", on=told.on, infusion=infusion), language),
            "",
            _coloured(outcome, OUTCOME_MARKS[told.outcome]) + f"   {tally}",
        ]

    def criteria(self) -> list[str]:
        """Every criterion in the protocol's order, an empty line between."""
        word_width = max(width(term(f"cli_answer_{answer}", self.language)) for answer in Answer)
        id_width = max((width(finding.criterion_id) for finding in self.screening.findings), default=0)
        blocks = [self._criterion(finding, word_width, id_width) for finding in self.screening.findings]
        return [line for block in blocks for line in ["", *block]][1:]

    def _criterion(self, finding: Finding, word_width: int, id_width: int) -> list[str]:
        mark, language = MARKS[finding.answer], self.language
        word = pad(term(f"cli_answer_{finding.answer}", language), word_width)
        first = f"{mark} {word}  {pad(finding.criterion_id, id_width)}  "
        heading = hanging(self.protocol.criterion(finding.criterion_id).text.say(language), first=first)
        heading[0] = _coloured(first, mark) + heading[0][len(first) :]
        return [*heading, *table(self._details(finding), indent=_DETAIL, columns=WIDTH)]

    def _details(self, finding: Finding) -> list[tuple[str, str]]:
        """What stands under a criterion: label and line; a label is not repeated."""
        language = self.language
        missing = _unique(finding.missing)
        reasons = [reason for reason in _unique(finding.reasons) if reason not in missing]
        return [
            *self._labelled("cli_why", (say(reason, language) for reason in reasons)),
            *self._labelled("cli_missing", (say(reason, language) for reason in missing)),
            *self._labelled("cli_asked", _joined(say(reason, language) for reason in _unique(finding.thresholds))),
            *self._labelled("cli_facts", self.facts(finding.used)),
            *self._labelled(
                "cli_beside", (line for calculation in finding.calculations for line in self._calculation(calculation))
            ),
            *self._labelled("cli_note", (text.say(language) for text in finding.advisory_texts)),
            *self._labelled("cli_as_of", [finding.reference.isoformat()] if finding.reference != self.screening.on else []),
            *self._labelled("cli_reading", [self._reading(finding)] if finding.reading_id not in {None, DEFAULT_READING} else []),
        ]

    def _reading(self, finding: Finding) -> str:
        """What the reading that the sponsor chose says."""
        readings = {reading.id: reading.text for reading in self.protocol.criterion(finding.criterion_id).readings}
        return f"{finding.reading_id}: {readings[str(finding.reading_id)].say(self.language)}"

    def _labelled(self, label: str, lines: Iterable[str]) -> list[tuple[str, str]]:
        """The label stands once, at the first line, in a column as wide for every criterion."""
        return [(pad(term(label, self.language) if at == 0 else "", self._label_width()), line) for at, line in enumerate(lines)]

    def _label_width(self) -> int:
        return max(width(term(label, self.language)) for label in _LABELS)

    def facts(self, used: Sequence[UsedFact]) -> list[str]:
        """Each fact on a line: what, value and unit, date, source; in aligned columns."""
        columns = [column for column in zip(*(self._fact(fact) for fact in _unique(used)), strict=True) if any(column)]
        room = WIDTH - width(_DETAIL) - self._label_width() - 2
        others = sum(2 + min(24, max(map(width, column))) for column in columns[1:])
        return table(zip(*columns, strict=True), columns=room, widest=(max(20, room - others), 24))

    def _fact(self, fact: UsedFact) -> tuple[str, str, str, str]:
        return (fact.name.say(self.language), self._value(fact), self._dates(fact), _source(fact))

    def _value(self, fact: UsedFact) -> str:
        language = self.language
        if fact.status is not FactStatus.RECORDED:
            return term(f"cli_status_{fact.status}", language)
        if fact.value is None:
            return ""
        said = shown(fact.value, language)
        if fact.standard is not None and fact.standard != fact.value:
            said += f" (= {shown(fact.standard, language)})"
        return said

    def _dates(self, fact: UsedFact) -> str:
        start = fact.start.isoformat() if fact.start else "?"
        if fact.ongoing:
            return f"{start} – {term('cli_ongoing', self.language)}"
        if fact.end is None or fact.end == fact.start:
            return start
        return f"{start} – {fact.end.isoformat()}"

    def _calculation(self, calculation: Calculation) -> list[str]:
        label = say(calculation.label, self.language)
        if calculation.value is None:
            return [label, *(f"  {say(reason, self.language)}" for reason in calculation.missing)]
        return [f"{shown(calculation.value, self.language)}  {label}"]

    def days(self) -> list[str]:
        """Each stretch of days on which the child could enter, and what blocks each of the others."""
        line, language = self.timeline, self.language
        told = [click.style(term("cli_days", language), bold=True)]
        if line.eligible:
            for first, last in line.eligible:  # one line each: between two of them the child could not enter
                kind = "cli_window" if last is not None else "cli_window_open"
                told += hanging(say(Reason.of(kind, first=first, last=last), language), first="  ")
        elif line.first_possible is not None:
            kind = "cli_possible" if line.last_possible is not None else "cli_possible_open"
            told += hanging(say(Reason.of(kind, first=line.first_possible, last=line.last_possible), language), first="  ")
        else:
            told += hanging(term("cli_no_day", language), first="  ")
        return told + table([self._stretch(segment) for segment in line.segments], indent="  ")

    def _stretch(self, segment: Segment) -> tuple[str, str, str]:
        days = f"{segment.start.isoformat()} – {segment.end.isoformat() if segment.end else ''}"
        if segment.end == segment.start:
            days = segment.start.isoformat()
        mark = OUTCOME_MARKS[segment.outcome]
        return (days.rstrip(), f"{mark} {term(f'cli_outcome_{segment.outcome}', self.language)}", _blocking(segment))

    def notices(self) -> list[str]:
        """What every reader of this screening must know, such as criteria that nobody could retrieve."""
        said = [say(notice, self.language) for notice in self.screening.notices]
        return ["", *(line for text in said for line in hanging(text, first="• "))] if said else []


def _blocking(segment: Segment) -> str:
    """The criteria in the way, grouped by how: `✗ I07 · ? I12a I12b`."""
    groups = []
    for answer in (Answer.NOT_MET, Answer.UNKNOWN, Answer.REVIEW):
        named = [criterion for criterion in segment.blocking if segment.answers[criterion] is answer]
        if named:
            groups.append(f"{MARKS[answer]} {' '.join(named)}")
    return " · ".join(groups)


def _source(fact: UsedFact) -> str:
    """Where to go and look: `girl.yaml:12`, `Observation/anc-1`, or form and item."""
    if fact.source.kind == "file":
        return Path(fact.source.record).name
    return " ".join(part for part in (fact.source.record, fact.source.item) if part)


def _joined(lines: Iterable[str]) -> list[str]:
    """Short statements side by side: a threshold is a few words."""
    said = " · ".join(lines)
    return [said] if said else []


def _coloured(text: str, mark: str) -> str:
    return click.style(text, fg=_COLOURS[mark], bold=True)


def _unique(things: Iterable[Thing]) -> list[Thing]:
    """The same things in the same order, each once (a reason may be reached by two parts of one rule)."""
    kept: list[Thing] = []
    for thing in things:
        if thing not in kept:
            kept.append(thing)
    return kept


def unmapped_lines(unmapped: Sequence[Unmapped], language: Language) -> list[str]:
    """This will list what a bundle held and no concept took."""
    if not unmapped:
        return []
    heading = say(Reason.of("cli_unmapped", count=len(unmapped)), language)
    return [
        "",
        heading,
        *table([(f"{item.resource} {item.code}".strip(), say(item.reason, language)) for item in unmapped], indent="  "),
    ]
