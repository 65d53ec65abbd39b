"""Each criterion as people read it: the registry's words, our reading, and the rule in words."""

from __future__ import annotations

from dataclasses import dataclass

from protocord.criteria import in_words
from protocord.protocol.document import Origin
from protocord.protocol.model import DEFAULT_READING, CriterionRules, Protocol
from protocord.values.text import Language
from protocord.words import term


@dataclass(frozen=True, slots=True)
class ReadingWords:
    """A reading of a criterion: why, and its rule."""

    id: str
    text: str
    rule: str
    rule_in_words: str
    review_in_words: str
    source: str


@dataclass(frozen=True, slots=True)
class CriterionWords:
    """A criterion said in one language; `reading` is the one in force, `others` those a sponsor may choose instead."""

    id: str
    type: str
    text: str
    translated_by_us: bool
    as_of: str
    source: str
    citation: str
    reading: ReadingWords
    others: tuple[ReadingWords, ...]
    advisories: tuple[str, ...]


def criteria_words(protocol: Protocol, language: Language) -> tuple[CriterionWords, ...]:
    """This will return every criterion said in `language`."""
    return tuple(_criterion(protocol, criterion_id, language) for criterion_id in protocol.readings)


def _criterion(protocol: Protocol, criterion_id: str, language: Language) -> CriterionWords:
    criterion = protocol.criterion(criterion_id)
    # The sentence may be the registry's; how we read it, and the rule that follows, is never more than our convention.
    texts = {DEFAULT_READING: (criterion.reading, Origin.CONVENTION)}
    texts.update({reading.id: (reading.text, reading.source) for reading in criterion.readings})
    chosen = protocol.rules[criterion_id].reading_id

    def reading(rules: CriterionRules) -> ReadingWords:
        text, source = texts[rules.reading_id]
        review = rules.review_when
        return ReadingWords(
            id=rules.reading_id,
            text=text.say(language),
            rule=rules.rule.text,
            rule_in_words=in_words(rules.rule.expression, protocol.concepts, language),
            review_in_words="" if review is None else in_words(review.expression, protocol.concepts, language),
            source=term(f"protocol_source_{source}", language),
        )

    readings = {name: reading(rules) for name, rules in protocol.readings[criterion_id].items()}
    return CriterionWords(
        id=criterion_id,
        type=term(f"protocol_{criterion.type}", language),
        text=criterion.text.say(language),
        translated_by_us=language == "zh" and criterion.translation == "ours",
        as_of=term(f"protocol_as_of_{criterion.as_of}", language),
        source=term(f"protocol_source_{criterion.source}", language),
        citation=criterion.citation,
        reading=readings.pop(chosen),
        others=tuple(readings.values()),
        advisories=tuple(advisory.text.say(language) for advisory in criterion.advisories),
    )
