"""What loading a study folder gives, and how it says that a document cannot be read or does not fit its type."""

import gc
from decimal import Decimal
from pathlib import Path

import pytest

from protocord.errors import DocumentProblems
from protocord.protocol import STUDIES, load
from protocord.protocol.document import Origin, Span


def test_a_right_study_loads(small):
    protocol = small.load()

    assert protocol.version == "1.0.0"
    assert protocol.study.population.age_max == Span(18, "year")
    assert protocol.study.sponsor.source is Origin.REGISTRY
    assert protocol.dosing.dose.target == Decimal(3)
    assert protocol.rules["I01"].reading_id == "default"
    assert [visit.id for visit in protocol.schedule.visits] == ["SCR", "D1", "D43"]


def test_lookups_find_parts_by_their_ids(small):
    protocol = small.load()

    assert protocol.visit("D1").infusion == 1
    assert protocol.form("blood").version == 1
    assert protocol.item("blood", "count", "anc").units == ("10*9/L",)
    assert protocol.site("north").code == "01"
    assert protocol.criterion("I01").type == "inclusion"
    with pytest.raises(KeyError):
        protocol.visit("D2")


def test_a_folder_that_is_not_there_is_a_problem_with_the_nearest_name(small):
    with pytest.raises(DocumentProblems) as caught:
        load(small.folder.parent / "smal")

    (problem,) = caught.value.problems
    assert problem.what == "there is no such study folder."
    assert problem.remedy == "Did you mean 'small'?"
    assert caught.value.exit_code == 3


def test_a_file_in_place_of_a_folder_is_a_problem(small):
    with pytest.raises(DocumentProblems) as caught:
        load(small.folder / "study.yaml")

    assert caught.value.problems[0].what == "this is a file, not a study folder."


def test_an_empty_folder_lacks_every_needed_document_and_says_so_in_one_go(tmp_path):
    with pytest.raises(DocumentProblems) as caught:
        load(tmp_path)

    files = [Path(problem.place.file).name for problem in caught.value.problems]
    assert files == [f"{name}.yaml" for name in ("dosing", "efficacy", "eligibility", "kinetics", "safety", "schedule", "study")]
    assert {problem.what for problem in caught.value.problems} == {"there is no such file."}


def test_a_file_that_is_not_utf_8_is_a_problem(small):
    (small.folder / "safety.yaml").write_bytes("grading: 等级".encode("gb18030"))

    (problem,) = small.problems()

    assert problem.what.startswith("this is not UTF-8 text")
    assert problem.remedy == "Save the file with the encoding UTF-8."


def test_a_file_that_is_not_yaml_is_a_problem_at_its_line(told):
    """
    # file: kinetics.yaml
    rules: { source: convention }
    panels: [a, b
    samples: []  # <--
    """
    assert told[0].startswith(": this is not well-formed: did not find expected ',' or ']'")


def test_an_empty_document_is_a_problem(small):
    small.write("kinetics.yaml", "# nothing yet\n")

    (problem,) = small.problems()

    assert (problem.place.line, problem.what) == (1, "the document is empty.")


def test_a_misspelt_file_name_is_a_problem_with_the_nearest_name(small):
    small.write("assumption.yaml", "assumptions: []\n")

    (problem,) = small.problems()

    assert problem.what == "no document of a study has this name."
    assert problem.remedy == "Did you mean 'assumptions.yaml'?"


def test_an_unknown_key_is_named_with_the_nearest_known_one(told):
    """
    # in schedule.yaml: visits
    visits:
      - { id: SCR, name: { en: a, zh: 一 }, epoch: screening, day: -7, activities: [blood], forms: [blood], source: convention }
      - id: D1
        name: { en: Infusion, zh: 输注 }
        epcoh: treatment  # <--
        epoch: treatment
        day: 1
        infusion: 1
        window: { before: 1, aftr: 2 }  # <--
        source: convention
      - { id: D43, name: { en: a, zh: 一 }, epoch: treatment, day: 43, forms: [blood], source: convention }
    """
    assert told == [
        "visits.D1: the key 'epcoh' is not known here. Did you mean 'epoch'?",
        "visits.D1.window: the key 'aftr' is not known here. Did you mean 'after'?",
    ]


def test_an_unknown_language_of_words_is_named_with_the_known_ones(told):
    """
    # in schedule.yaml: activities
    activities:
      - { id: blood, name: { en: Blood, zh: 血, fr: Sang }, source: convention }  # <--
    """
    assert told == ["activities.blood.name: the key 'fr' is not known here. The keys here are: en, zh."]


def test_a_missing_key_is_named_with_its_meaning(told):
    """
    # in study.yaml: sites
    sites:
      - id: north  # <--
        code: "01"
        name: { en: North }  # <--
        city: { en: North City, zh: 北市 }
        source: registry
    """
    assert told == [
        "sites.north: the key 'country' is missing. Add `country: …`. Country, ISO 3166-1 two-letter code.",
        "sites.north.name: the key 'zh' is missing. Add `zh: …`.",
    ]


def test_a_key_without_a_value_counts_as_missing(told):
    """
    # in study.yaml: sponsor
    sponsor:  # <--
      name: { en: A university, zh: 大学 }
      class:
    """
    assert told[0].startswith("sponsor: the key 'class' is missing.")


def test_a_key_that_stands_twice_is_a_problem(told):
    """
    # in dosing.yaml: weight
    weight:
      max_age_days: 7
      recalculate_percent: 10
      max_age_days: 8  # <--
      source: convention
    """
    assert told == [": the key 'max_age_days' stands twice. Keep one of the two."]


def test_an_id_that_stands_twice_is_a_problem(told):
    """
    # in schedule.yaml: activities
    activities:
      - { id: blood, name: { en: Blood, zh: 血 }, source: convention }
      - { id: blood, name: { en: Again, zh: 又 }, source: convention }  # <--
    """
    assert told == ["activities.blood.id: the id 'blood' stands already in line 2. Give each its own."]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("planned: eight", "'eight' is not a whole number. Write digits only."),
        ("planned: 0", "0 is too small: it must be greater than 0."),
        ("planned: [1]", "a whole number is needed here, not a list."),
        ("planned: 1.5", "'1.5' is not a whole number. Write digits only."),
    ],
)
def test_a_wrong_number_is_said_in_plain_words(small, text, said):
    small.key(
        "dosing.yaml", "infusions", f"infusions:\n  min_gap_days: 5\n  {text}\n  tolerance_percent: {{}}\n  source: convention"
    )

    (problem,) = small.problems()

    assert (problem.place.item, f"{problem.what} {problem.remedy}".strip()) == ("infusions.planned", said)


def test_wrong_kinds_of_value_are_said_in_plain_words(told):
    """
    # in dosing.yaml: dose
    dose: { unit: 10*7/kg, basis: actual_body_weight, target: NaN, source: convention }  # <--
    # in dosing.yaml: observation
    observation:
      signs: Body temperature  # <--
      minutes: [0]
      reaction_window: four hours  # <--
      source: conventoin  # <--
    # in dosing.yaml: lymphodepletion
    lymphodepletion: { used: perhaps, text: none, source: convention }  # <--
    """
    assert told == [
        "dose.target: 'NaN' is not a finite number. Write a decimal number such as 0.5.",
        "observation.signs: a list is needed here, not 'Body temperature'. Begin each item with a dash, or write [a, b].",
        (
            "observation.reaction_window: 'four hours' is not a length of time. "
            "Write a number and a unit, such as `5 days`, `12 weeks`, `36 months` or `30 minutes`."
        ),
        "observation.source: 'conventoin' is not one of the values here. Did you mean 'convention'?",
        "lymphodepletion.text: a mapping with the keys en and zh is needed here, not 'none'.",
        "lymphodepletion.used: 'perhaps' is neither yes nor no. Write true or false.",
    ]


def test_dates_and_versions_and_codes_are_exact(told):
    """
    # in study.yaml: version
    version: 1.0  # <--
    # in study.yaml: date
    date: 1 January 2026  # <--
    # in study.yaml: sites
    sites:
      - id: north hospital  # <--
        code: "01"
        name: { en: North, zh: 北院 }
        city: { en: North City, zh: 北市 }
        country: China  # <--
        source: registry
    """
    assert told == [
        "version: '1.0' is not a version. Write three numbers in quotes, such as \"1.0.0\".",
        "date: '1 January 2026' is not a date. Write the full date as year-month-day, such as 2026-11-22.",
        "sites.north hospital.id: 'north hospital' is not an identifier. Use letters, digits, hyphens and underscores, no spaces.",
        "sites.north hospital.country: 'China' is not a country code. Write two capital letters (ISO 3166-1), such as CN.",
    ]


def test_a_kind_of_rule_that_does_not_exist_is_said_with_the_kinds_there_are(told):
    """
    # in safety.yaml: limits
    limits:
      - id: dlt_rate
        text: { en: Stop, zh: 停 }
        purpose: safety
        counts: dlt
        direction: at_least
        rule: { kind: posteror }  # <--
        action: stop
        in_words: { en: At least the bound, zh: 不低于界限 }
        source: convention
    """
    assert told == ["limits.dlt_rate.rule: 'posteror' is not one of the values here. Did you mean 'posterior'?"]


def test_a_list_that_must_not_be_empty_is_a_problem(told):
    """
    # in study.yaml: arms
    arms: []  # <--
    """
    assert told[0] == "arms: the list is empty. Write at least 1."


def test_an_alias_inside_what_it_repeats_is_a_problem(told):
    """
    # file: assumptions.yaml
    assumptions: &all  # <--
      - *all
    """
    assert told[0] == ": an alias stands inside what it repeats. Write the content out."


def test_a_no_without_quotes_stays_the_code_that_was_written(small):
    """
    # in forms/blood.yaml: sections
    sections:
      - id: count
        title: { en: Count, zh: 计数 }
        items:
          - { id: day, type: date, label: { en: Date, zh: 日期 } }
          - { id: anc, type: number, label: { en: ANC, zh: 中性粒细胞 }, concept: ANC, units: [10*9/L] }
          - id: country
            type: choice
            label: { en: Country, zh: 国家 }
            choices: [{ code: no, label: { en: Norway, zh: 挪威 } }, { code: 0123, label: { en: Other, zh: 其他 } }]
    """
    protocol = small.load()

    assert [choice.code for choice in protocol.item("blood", "count", "country").choices] == ["no", "0123"]


def test_a_decimal_number_never_passes_through_binary_floating_point(small):
    small.key("dosing.yaml", "dose", "dose: { unit: 10*7/kg, basis: fixed, target: 1.10000000000000000001, source: convention }")

    assert str(small.load().dosing.dose.target) == "1.10000000000000000001"


def test_problems_of_all_documents_come_together_sorted_by_file_and_line(small):
    small.key("study.yaml", "date", "date: soon")
    small.key("safety.yaml", "stagger", "stagger: { subjects: 0, wait: 7 days, source: convention }")
    small.key("kinetics.yaml", "rules", "rule: {}")

    problems = small.problems()

    assert [small.name(problem) for problem in problems] == ["kinetics.yaml", "kinetics.yaml", "safety.yaml", "study.yaml"]
    assert list(problems) == sorted(problems)


@pytest.mark.parametrize("study", sorted(path.name for path in STUDIES.iterdir() if (path / "study.yaml").exists()))
def test_every_shipped_study_loads(study):
    protocol = load(STUDIES / study)

    assert protocol.study.id == study


@pytest.mark.parametrize("running", [True, False])
def test_loading_leaves_the_garbage_collector_as_it_was(small, running):
    before = gc.isenabled()
    (gc.enable if running else gc.disable)()
    try:
        small.load()
        small.write("safety.yaml", "")
        small.problems()

        assert gc.isenabled() is running
    finally:
        (gc.enable if before else gc.disable)()


def test_keys_are_known_in_parts_that_may_be_left_out_in_parts_told_apart_by_kind_and_in_named_parts(told):
    """
    # in safety.yaml: dlt
    dlt:
      window: { first_day: 1, last_day: 28, lastday: 3 }  # <--
      attribution: [possible]
      evaluable: { text: { en: All, zh: 全部 } }
      events: [{ id: d, text: { en: D, zh: 死 }, category: death, any_of: [{ grade_at_least: 5 }], source: convention }]
      source: convention
    # in safety.yaml: limits
    limits:
      - id: dlt_rate
        text: { en: Stop, zh: 停 }
        purpose: safety
        counts: dlt
        direction: at_least
        rule:
          kind: posterior
          prior: { a: 0.5, b: 1.5, c: 1 }  # <--
          rate: 1.25  # <--
          certanty: 0.9  # <--
          certainty: 0.9
        looks: { first: 3, last: 10 }
        action: stop
        in_words: { en: The bound, zh: 界限 }
        source: convention
    # file: examples.yaml
    base:
      healthy:
        facts: []
        historys: []  # <--
    """
    assert told == [
        "base.healthy: the key 'historys' is not known here. Did you mean 'histories'?",
        "dlt.window: the key 'lastday' is not known here. Did you mean 'last_day'?",
        "limits.dlt_rate.rule.prior: the key 'c' is not known here. The keys here are: a, b.",
        "limits.dlt_rate.rule.rate: 1.25 is too large: it must be less than 1.",
        "limits.dlt_rate.rule: the key 'certanty' is not known here. Did you mean 'certainty'?",
    ]


def test_a_list_or_mapping_where_one_word_is_needed_is_said_to_be_one(told):
    """
    # in study.yaml: sponsor
    sponsor:
      name: { en: A university, zh: 大学 }
      class: [academic, industry]  # <--
      source: { registry: yes }  # <--
    """
    assert [line.partition("Write")[0].strip() for line in told] == [
        "sponsor.class: a single value is needed here, not a list.",
        "sponsor.source: a single value is needed here, not a mapping.",
    ]
