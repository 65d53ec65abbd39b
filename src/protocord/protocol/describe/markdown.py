"""A description as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from protocord.protocol.describe.criteria import CriterionWords, ReadingWords
from protocord.protocol.describe.schedule import ScheduleTable
from protocord.protocol.describe.synopsis import Description, SynopsisLine, synopsis_data
from protocord.protocol.model import DEFAULT_READING, Protocol
from protocord.values.text import Language
from protocord.words import term


def describe(protocol: Protocol, language: Language = "en") -> str:
    """This will return the protocol described in Markdown: synopsis, schedule of activities, criteria in words."""
    return "\n".join(_document(synopsis_data(protocol, language))) + "\n"


def _document(description: Description) -> Iterator[str]:
    language = description.language
    yield f"# {description.title}"
    yield ""
    yield f"{term('protocol_version', language)}: {description.study} {description.version} ({description.hash})"
    yield ""
    yield term("protocol_source_note", language)
    yield ""
    yield f"## {term('protocol_synopsis', language)}"
    for line in description.lines:
        yield ""
        yield from _line(line)
    yield ""
    yield f"## {term('protocol_schedule', language)}"
    yield ""
    yield from _schedule(description.schedule, language)
    yield f"## {term('protocol_criteria', language)}"
    yield ""
    if description.exclusion_notice:
        yield f"**{description.exclusion_notice}**"
        yield ""
    for criterion in description.criteria:
        yield from _criterion(criterion, language)
    if description.parameters:
        yield f"### {term('protocol_parameters', language)}"
        yield ""
        yield from _table(
            [term(key, language) for key in ("protocol_name", "protocol_rule", "protocol_rule_in_words", "protocol_source")],
            [(f"`{name}`", value, meaning, source) for name, value, meaning, source in description.parameters],
        )


def _line(line: SynopsisLine) -> Iterator[str]:
    marked = [f"{said} [{source}]" if source else said for said, source in zip(line.statements, line.sources, strict=True)]
    if len(marked) == 1:
        yield f"**{line.label}:** {marked[0]}"
    else:
        yield f"**{line.label}:**"
        yield ""
        yield from (f"- {said}" for said in marked)


def _schedule(table: ScheduleTable, language: Language) -> Iterator[str]:
    columns = (
        "protocol_visit",
        "protocol_name",
        "protocol_epoch",
        "protocol_day",
        "protocol_window",
        "protocol_infusion",
        "protocol_forms",
    )
    yield f"### {term('protocol_visits', language)}"
    yield ""
    separator = "、" if language == "zh" else ", "
    yield from _table(
        [term(key, language) for key in columns],
        [
            (row.id, row.name, row.epoch, row.target, row.window, str(row.infusion or ""), separator.join(row.forms))
            for row in table.visits
        ],
    )
    if table.running_forms:
        yield f"{term('protocol_running_forms', language)}: {separator.join(table.running_forms)}"
        yield ""
    yield f"### {term('protocol_activities', language)}"
    yield ""
    yield from _table(
        [term("protocol_activity", language), *(row.id for row in table.visits)],
        [
            (activity, *("×" if done else "" for done in marks))
            for activity, marks in zip(table.activities, table.marks, strict=True)
        ],
    )


def _criterion(criterion: CriterionWords, language: Language) -> Iterator[str]:
    separator = "；" if language == "zh" else "; "
    note = f"{separator}{term('protocol_our_translation', language)}" if criterion.translated_by_us else ""
    yield f"### {criterion.id}"
    yield ""
    yield f"> {criterion.text}"
    yield ""
    yield f"{criterion.type}{separator}{criterion.as_of} [{criterion.source}{note}]"
    yield ""
    yield from _reading(criterion.reading, language)
    yield from (f"- {said}" for said in criterion.advisories)
    if criterion.advisories:
        yield ""
    if criterion.others:
        yield f"**{term('protocol_other_readings', language)}:**"
        yield ""
        for reading in criterion.others:
            yield f"- `{reading.id}`: {reading.text} [{reading.source}]: {reading.rule_in_words}"
        yield ""


def _reading(reading: ReadingWords, language: Language) -> Iterator[str]:
    label = "protocol_our_reading" if reading.id == DEFAULT_READING else "protocol_chosen_reading"
    yield f"- **{term(label, language)}:** {reading.text}"
    yield f"- **{term('protocol_rule_in_words', language)}:** {reading.rule_in_words}"
    if reading.review_in_words:
        yield f"- **{term('protocol_review_when', language)}:** {reading.review_in_words}"
    yield f"- **{term('protocol_rule', language)}:** `{reading.rule}`"
    yield ""


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + " --- |" * len(header)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""
