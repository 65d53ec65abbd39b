"""A protocol described to people, in both languages."""

import re

import pytest

from protocord.protocol import STUDIES, describe, load, synopsis_data
from protocord.words import slots, table, term

SHIPPED = sorted(path.name for path in STUDIES.iterdir() if (path / "study.yaml").exists())
RICH = """\
criteria:
  - id: I01
    type: inclusion
    text: { en: Enough neutrophils, zh: 中性粒细胞足够 }
    as_of: planned_infusion
    rule: Latest("ANC", lab_window) >= 1.0 '10*9/L'
    reading: { en: As written, zh: 按原文 }
    review_when: Latest("ANC", lab_window) < 1.2 '10*9/L'
    advisories:
      - { id: low, when: "Latest(\\"ANC\\", lab_window) < 1.5 '10*9/L'", text: { en: Rather low, zh: 偏低 }, source: convention }
    readings:
      - { id: strict, rule: "Latest(\\"ANC\\", lab_window) >= 1.5 '10*9/L'", text: { en: Stricter, zh: 更严 }, source: convention }
    source: registry"""


def test_the_synopsis_says_what_the_documents_say_with_its_sources(small):
    protocol = small.load()

    described = synopsis_data(protocol, "en")
    lines = {line.label: line for line in described.lines}

    assert (described.study, described.version, described.hash) == ("small", "1.0.0", protocol.hash)
    assert lines["Who may take part"].statements == ("all sexes; no lower age stated; up to 18 years; no healthy volunteers",)
    assert lines["Design"].statements == ("no allocation; single group; open label; treatment",)
    assert lines["Dose"].statements == ("3 ×10⁷/kg (plausible range 1 ×10⁷/kg to 10 ×10⁷/kg)",)
    assert lines["Dose"].sources == ("convention",)
    assert lines["Infusions"].statements == (
        "1 planned; at least 5 days apart; 80 to 120 % of the target accepted",
        "more than 14 days late, an infusion is skipped, not moved",
    )
    assert "Premedication" not in lines  # nothing to say


def test_the_schedule_is_a_table_of_visits_and_activities(small):
    """
    # in schedule.yaml: visits
    visits:
      - { id: SCR, name: { en: S, zh: 筛 }, epoch: screening, day: -7, window: { before: 7 }, activities: [blood], source: convention }
      - { id: D1, name: { en: I, zh: 输 }, epoch: treatment, day: 1, infusion: 1, source: convention }
      - { id: D43, name: { en: A, zh: 评 }, epoch: treatment, day: 43, window: { before: 3, after: 3 }, forms: [blood], source: convention }
      - { id: FU, name: { en: F, zh: 随 }, epoch: treatment, anchor: D43, offset: 91, activities: [blood], source: convention }
    """
    schedule = synopsis_data(small.load(), "en").schedule

    assert [(row.id, row.target, row.window, row.infusion) for row in schedule.visits] == [
        ("SCR", "Day -7", "−7/+0", None),
        ("D1", "Day 1", "0", 1),
        ("D43", "Day 43", "±3", None),
        ("FU", "D43 + 91 d", "0", None),
    ]
    assert schedule.activities == ("Blood count",)
    assert schedule.marks == ((True, False, False, True),)


def test_a_criterion_is_said_in_its_own_words_our_reading_and_the_rule_in_words(small):
    small.key("eligibility.yaml", "criteria", RICH)
    protocol = small.load()

    (criterion,) = synopsis_data(protocol, "zh").criteria

    assert (criterion.id, criterion.type, criterion.text) == ("I01", "入选", "中性粒细胞足够")
    assert criterion.translated_by_us
    assert criterion.as_of == "以计划首次输注日为基准"
    assert criterion.reading.text == "按原文"
    assert (criterion.source, criterion.reading.source) == (
        term("protocol_source_registry", "zh"),
        term("protocol_source_convention", "zh"),
    )
    assert criterion.reading.rule == "Latest(\"ANC\", lab_window) >= 1.0 '10*9/L'"
    assert "中性粒细胞" in criterion.reading.rule_in_words
    assert "7" in criterion.reading.rule_in_words  # the parameter is said by its value
    assert "lab_window" not in criterion.reading.rule_in_words
    assert criterion.reading.review_in_words
    assert criterion.advisories == ("偏低",)
    assert [reading.id for reading in criterion.others] == ["strict"]


def test_the_reading_chosen_is_shown_as_the_one_in_force(small):
    small.key("eligibility.yaml", "criteria", RICH)
    protocol = small.load().with_reading("I01", "strict")

    (criterion,) = synopsis_data(protocol, "en").criteria

    assert (criterion.reading.id, criterion.reading.text) == ("strict", "Stricter")
    assert criterion.reading.review_in_words == ""
    assert [reading.id for reading in criterion.others] == ["default"]
    assert "**Reading chosen by the sponsor:** Stricter" in describe(protocol, "en")


def test_exclusion_criteria_that_were_not_retrieved_are_said_to_be(small):
    protocol = small.load()

    assert "The exclusion criteria of this study were not retrieved." in describe(protocol, "en")
    assert "本研究的排除标准未能获取" in describe(protocol, "zh")


@pytest.mark.parametrize("study", SHIPPED)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_shipped_study_is_described_whole_and_as_well_formed_tables(study, language):
    protocol = load(STUDIES / study)

    said = describe(protocol, language)

    for visit in protocol.schedule.visits:
        assert f"| {visit.id} |" in said
    for criterion in protocol.eligibility.criteria:
        assert criterion.text.say(language) in said
    tables = re.findall(r"(?:^\|.*\n)+", said, re.MULTILINE)
    assert len(tables) >= 3
    for rows in tables:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows.splitlines()}) == 1
    assert not re.search(r"\{[a-z_]+\}", re.sub(r"`[^`]*`", "", said))


def test_the_words_of_the_protocol_are_the_same_in_both_languages():
    english, chinese = table("protocol", "en"), table("protocol", "zh")

    assert list(english) == list(chinese)
    for key, words in english.items():
        assert slots(words) == slots(chinese[key]), key
