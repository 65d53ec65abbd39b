"""What the eligibility board shows, worked out from the store's answer: rows, the date line's picture, and its table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from protocord import words
from protocord.criteria import UsedFact, in_words
from protocord.eligibility import Answer, Calculation, Finding, Outcome, Segment, Timeline
from protocord.protocol import DEFAULT_READING
from protocord.protocol.document import Criterion
from protocord.store.answers import Board
from protocord.values.facts import FactStatus
from protocord.values.text import Text
from protocord.web.charts import DateMark, DateRow, DateStretch, date_line, swatch
from protocord.web.frame import language
from protocord.web.items import anchor
from protocord.web.labels import label_of
from protocord.web.saying import value_of
from protocord.words.showing import shown

TONES = {Answer.MET: "yes", Answer.NOT_MET: "no", Answer.UNKNOWN: "ask", Answer.REVIEW: "judge"}
OUTCOME_TONES = {Outcome.ELIGIBLE: "yes", Outcome.INELIGIBLE: "no", Outcome.INCOMPLETE: "ask", Outcome.REVIEW: "judge"}
ANSWER_OF = {
    Outcome.ELIGIBLE: Answer.MET,
    Outcome.INELIGIBLE: Answer.NOT_MET,
    Outcome.INCOMPLETE: Answer.UNKNOWN,
    Outcome.REVIEW: Answer.REVIEW,
}
DAYS_BEFORE, DAYS_AFTER, DAYS_AT_MOST = 14, 56, 400


@dataclass(frozen=True, slots=True)
class Used:
    """A fact as the board shows it: its name, its value as recorded (and in the standard unit where that differs), its date, its source."""

    name: str
    value: str
    standard: str
    days: str
    status: str
    address: str


@dataclass(frozen=True, slots=True)
class Calculated:
    """A number shown beside a criterion, for information."""

    label: str
    value: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One criterion on the board."""

    id: str
    type: str
    text: Text
    source: str
    answer: str
    tone: str
    rule: str
    rule_text: str
    reading: Text
    is_default_reading: bool
    reference: date
    as_of: str
    reasons: tuple[str, ...]
    thresholds: tuple[str, ...]
    used: tuple[Used, ...]
    missing: tuple[str, ...]
    advisories: tuple[Text, ...]
    calculations: tuple[Calculated, ...]

    @property
    def short(self) -> str:
        """The first thing to say about it: what is missing, or why."""
        said = self.missing or self.reasons if self.answer == Answer.UNKNOWN else self.reasons
        return said[0] if said else ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A line of the date line's table."""

    start: date
    end: date | None
    outcome: str
    blocking: tuple[str, ...]


def board_view(board: Board, today: date) -> dict[str, Any]:
    """This will return everything that the board's template shows, as plain values."""
    rows = tuple(_row(board, finding) for finding in board.screening.findings)
    counts = [(answer.value, sum(row.answer == answer for row in rows)) for answer in Answer]
    since, until = _span(board.timeline, today)
    signature = board.signatures[0] if board.signatures else None
    return {
        "rows": rows,
        "counts": [(answer, count) for answer, count in counts if count],
        "outcome": board.screening.outcome.value,
        "tone": OUTCOME_TONES[board.screening.outcome],
        "icon": label_of("outcome", board.screening.outcome.value).icon,
        "notices": tuple(words.say(reason, language()) for reason in board.screening.notices),
        "blocking": tuple(row for row in rows if row.answer != Answer.MET),
        "judge": tuple(row for row in rows if row.answer == Answer.REVIEW),
        "picture": _picture(board, rows, today, since, until),
        "swatches": [(answer.value, mark_safe(swatch(answer.value))) for answer in Answer],  # our own markup
        "stretches": tuple(_stretches(board.timeline.segments, since, until)),
        "windows": _windows(board.timeline),
        "signature": signature,
        "lead": _lead(board),
        "can_sign": _can_sign(board),
        "can_enrol": _can_enrol(board),
    }


def _can_sign(board: Board) -> bool:
    """This will tell whether the signature's dialogue is offered; whether the signature is taken is for the rules to say."""
    signed = any(
        signature.state == "valid" and board.current is not None and signature.content_hash == board.current.content_hash
        for signature in board.signatures
    )
    wanted = board.is_recorded and board.as_of is None and board.card.status == "screening"
    can = board.screening.outcome in {Outcome.ELIGIBLE, Outcome.REVIEW}
    return wanted and can and not signed and "sign_eligibility" in board.may


def _can_enrol(board: Board) -> bool:
    valid = board.card.signature == "valid" and board.card.status == "screening"
    return valid and board.as_of is None and "enrol" in board.may


def _lead(board: Board) -> int | None:
    planned = board.screening.planned_infusion
    return (planned - board.screening.on).days if planned else None


def _row(board: Board, finding: Finding) -> BoardRow:
    protocol = board.protocol
    criterion = protocol.criterion(finding.criterion_id)
    rules = protocol.rules[criterion.id]
    reading = finding.reading_id or DEFAULT_READING
    return BoardRow(
        id=criterion.id,
        type=criterion.type,
        text=criterion.text,
        source=criterion.source.value,
        answer=finding.answer.value,
        tone=TONES[finding.answer],
        rule=in_words(rules.rule.expression, protocol.concepts, language()),
        rule_text=finding.rule_text,
        reading=_reading(criterion, reading),
        is_default_reading=reading == DEFAULT_READING,
        reference=finding.reference,
        as_of=criterion.as_of,
        reasons=_said(finding.reasons),
        thresholds=_said(finding.thresholds),
        used=tuple(used_fact(board, fact) for fact in finding.used),
        missing=_said(finding.missing),
        advisories=finding.advisory_texts,
        calculations=tuple(_calculated(calculation) for calculation in finding.calculations),
    )


def _reading(criterion: Criterion, reading: str) -> Text:
    return next((other.text for other in criterion.readings if other.id == reading), criterion.reading)


def _said(reasons: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words.say(reason, language()) for reason in reasons))


def _calculated(calculation: Calculation) -> Calculated:
    value = shown(calculation.value, language()) if calculation.value is not None else ""
    return Calculated(words.say(calculation.label, language()), value, _said(calculation.missing))


def used_fact(board: Board, fact: UsedFact) -> Used:
    """This will say a fact: what, how much, when, and on which form it stands."""
    return Used(
        name=fact.name.say(language()),
        value=value_of(board.protocol, fact.value),
        standard=shown(fact.standard, language()) if fact.standard is not None and fact.standard != fact.value else "",
        days=days_of(fact),
        status=str(label_of("fact_status", fact.status.value).words) if fact.status is not FactStatus.RECORDED else "",
        address=address_of(board, fact),
    )


def days_of(fact: UsedFact) -> str:
    """This will write a fact's day or stretch of days at the precision that is known."""
    start = fact.start.isoformat() if fact.start else ""
    if fact.ongoing:
        return f"{start} – {gettext('ongoing')}"
    end = fact.end.isoformat() if fact.end else ""
    return start if end in {"", start} else f"{start} – {end}"


def address_of(board: Board, fact: UsedFact) -> str:
    """This will return the place on the form where the fact was entered; empty for what came from elsewhere."""
    if fact.source.kind != "form":
        return ""
    parts = fact.source.record.split("/")
    if len(parts) < 2:
        return ""
    visit, form = parts[0], parts[1]
    repeat = f"?repeat={parts[2]}" if len(parts) > 2 and parts[2] != "1" else ""
    return (
        reverse("form", args=[board.card.study, board.card.subject, visit, form])
        + repeat
        + (f"#{anchor(fact.source.item)}" if fact.source.item else "")
    )


# --- the date line ------------------------------------------------------------------------------------------------------


def _span(timeline: Timeline, today: date) -> tuple[date, date]:
    """This will choose the days to show: around the day asked, far enough to hold what changes soon, never more than a year or so."""
    since = min(timeline.since, timeline.on)
    since = max(since, timeline.on - timedelta(days=DAYS_BEFORE)) if since < timeline.on else timeline.on
    steps = [segment.start for segment in timeline.segments if segment.start <= timeline.on + timedelta(days=DAYS_AT_MOST)]
    wanted = [timeline.on + timedelta(days=DAYS_AFTER), *steps]
    if timeline.planned_infusion:
        wanted.append(timeline.planned_infusion + timedelta(days=7))
    if 0 <= (today - timeline.on).days <= DAYS_AT_MOST:
        wanted.append(today)
    until = max(wanted) + timedelta(days=7)
    if timeline.until is not None:
        until = min(until, timeline.until)
    return since, max(until, since + timedelta(days=28))


def _windows(timeline: Timeline) -> tuple[tuple[date, date | None], ...]:
    """This will join neighbouring eligible segments to windows."""
    windows: list[tuple[date, date | None]] = []
    for segment in timeline.segments:
        if segment.outcome is not Outcome.ELIGIBLE:
            continue
        if windows and windows[-1][1] is not None and segment.start == windows[-1][1] + timedelta(days=1):
            windows[-1] = (windows[-1][0], segment.end)
        else:
            windows.append((segment.start, segment.end))
    return tuple(windows)


def _stretches(segments: Iterable[Segment], since: date, until: date) -> Iterable[Stretch]:
    """This will join neighbouring segments that look the same in the table, from `since` to `until`."""
    before: Stretch | None = None
    for segment in segments:
        if segment.start > until or (segment.end is not None and segment.end < since):
            continue
        now = Stretch(segment.start, segment.end, segment.outcome.value, tuple(segment.blocking))
        if before and (before.outcome, before.blocking) == (now.outcome, now.blocking):
            before = Stretch(before.start, now.end, now.outcome, now.blocking)
            continue
        if before:
            yield before
        before = now
    if before:
        yield before


def _picture(board: Board, rows: Iterable[BoardRow], today: date, since: date, until: date) -> SafeString:
    timeline = board.timeline
    overall = tuple(
        _hinted(segment.start, segment.end, ANSWER_OF[segment.outcome].value, gettext("All"), segment.outcome.value, "outcome")
        for segment in timeline.segments
    )
    lines = [DateRow(gettext("All"), gettext("All criteria together"), overall)]
    for row in rows:
        stretches = timeline.by_criterion.get(row.id, ())
        drawn = tuple(_hinted(s.start, s.end, s.answer.value, row.id, s.answer.value, "answer") for s in stretches)
        lines.append(DateRow(row.id, row.text.say(language()), drawn, f"#criterion-{row.id}"))
    marks = [DateMark(timeline.on, gettext("assessed"), "today")]
    if today != timeline.on:
        marks.append(DateMark(today, gettext("today"), "today"))
    if timeline.planned_infusion:
        marks.append(DateMark(timeline.planned_infusion, gettext("infusion"), "planned"))
    drawn_line = date_line(
        lines,
        since=since,
        until=until,
        title=gettext("When each criterion is met"),
        description=gettext("One line a criterion, from %(since)s to %(until)s; the table below says the same.")
        % {"since": since, "until": until},
        windows=_windows(timeline),
        window_name=gettext("eligible"),
        marks=marks,
    )
    return mark_safe(drawn_line)  # charts escape every word


def _hinted(start: date, end: date | None, state: str, name: str, code: str, family: str) -> DateStretch:
    until = end.isoformat() if end else "…"
    return DateStretch(start, end, state, f"{name}: {label_of(family, code).words}, {start.isoformat()} – {until}")
