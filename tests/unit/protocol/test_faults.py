"""Documents of the right types that cannot work: calendars, forms, limits, draws, value sets, rules."""

from protocord.concepts.units import ucum_fault
from protocord.errors import Place
from protocord.protocol.faults.units import COMMON


def test_a_visit_has_one_target_that_exists_on_the_calendar(told):
    """
    # in schedule.yaml: visits
    visits:
      - { id: SCR, name: { en: a, zh: 一 }, epoch: screening, day: -7, window: { after: 7 }, source: convention }  # <--
      - { id: D0, name: { en: a, zh: 一 }, epoch: screening, day: 0, source: convention }  # <--
      - { id: D1, name: { en: a, zh: 一 }, epoch: treatment, day: 1, offset: 3, infusion: 1, source: convention }  # <--
      - { id: D8, name: { en: a, zh: 一 }, epoch: treatment, source: convention }  # <--
      - { id: D43, name: { en: a, zh: 一 }, epoch: treatment, anchor: D1, day: 8, source: convention }  # <--
    """
    assert told == [
        "visits.SCR.window: the window of a visit before day 1 reaches past it: day -7 and 7 days after. Write `after: 6` at most.",
        "visits.D0.day: there is no study day 0. The day before day 1 is day -1.",
        "visits.D1.offset: the visit counts from day 1 and has an offset. Write `day`, or name the visit it counts from in `anchor`.",
        "visits.D8: the visit has no day. Write `day` (study day), or `anchor` and `offset`.",
        "visits.D43: the visit has no offset. Write `offset`: days after D1.",
        "visits.D43.day: the visit counts from D1 and has a study day. Write `offset` (days after the anchor), or take the anchor away.",
    ]


def test_anchors_that_lead_in_a_circle_are_a_problem(told):
    """
    # in schedule.yaml: visits
    visits:
      - { id: D1, name: { en: a, zh: 一 }, epoch: treatment, day: 1, infusion: 1, source: convention }
      - { id: A, name: { en: a, zh: 一 }, epoch: treatment, anchor: C, offset: 1, source: convention }  # <--
      - { id: B, name: { en: a, zh: 一 }, epoch: treatment, anchor: A, offset: 1, source: convention }
      - { id: C, name: { en: a, zh: 一 }, epoch: treatment, anchor: B, offset: 1, source: convention }
      - { id: D43, name: { en: a, zh: 一 }, epoch: treatment, day: 43, source: convention }
    """
    assert told == ["visits.A.anchor: the anchors lead in a circle: A > C > B > A. Anchor one of them to day 1."]


def test_visits_stand_in_order_of_time_and_their_windows_do_not_cross(told):
    """
    # in schedule.yaml: visits
    visits:
      - { id: SCR, name: { en: a, zh: 一 }, epoch: screening, day: -14, window: { before: 14, after: 13 }, source: convention }
      - { id: LAB, name: { en: a, zh: 一 }, epoch: screening, day: -4, window: { before: 3, after: 3 }, source: convention }
      - { id: D1, name: { en: a, zh: 一 }, epoch: treatment, day: 1, infusion: 1, source: convention }
      - { id: D43, name: { en: a, zh: 一 }, epoch: treatment, day: 43, source: convention }
      - { id: D8, name: { en: a, zh: 一 }, epoch: treatment, day: 8, window: { after: 9 }, source: convention }  # <--
      - { id: D15, name: { en: a, zh: 一 }, epoch: treatment, day: 15, window: { after: 1 }, source: convention }  # <--
      - { id: LATE, name: { en: a, zh: 一 }, epoch: screening, day: 60, source: convention }  # <--
    """
    assert told == [
        "visits.D8: its target lies 35 days before that of D43, which stands above it. List the visits in order of time.",
        (
            "visits.D15.window: its window crosses that of D8: in one way of using them the later visit is over first. "
            "Narrow one of the two windows."
        ),
        (
            "visits.LATE.epoch: a visit of the epoch 'screening' stands after one of 'treatment'. "
            "Epochs follow one another in the order of study.yaml."
        ),
    ]


def test_infusions_are_numbered_without_gaps_from_day_1_on(told):
    """
    # in schedule.yaml: visits
    visits:
      - { id: D2, name: { en: a, zh: 一 }, epoch: treatment, day: 2, infusion: 1, source: convention }  # <--
      - { id: D43, name: { en: a, zh: 一 }, epoch: treatment, day: 43, infusion: 3, source: convention }  # <--
    """
    assert told == [
        "visits.D2.infusion: the first infusion does not fall on day 1. Day 1 is the day of the first infusion.",
        "visits.D43.infusion: infusion 3 stands where infusion 2 should. Number them 1, 2, 3 … in order of time.",
    ]


def test_an_item_asks_in_units_that_its_concept_accepts(told):
    """
    # in forms/blood.yaml: sections
    sections:
      - id: count
        title: { en: Count, zh: 计数 }
        items:
          - { id: day, type: date, label: { en: Date, zh: 日期 } }
          - id: anc
            type: number
            label: { en: ANC, zh: 中性粒细胞 }
            concept: ANC
            units: [10*9/L, 10*9/l]  # <--
          - { id: plt, type: number, label: { en: Platelets, zh: 血小板 }, concept: Platelet count }  # <--
          - { id: sign, type: number, label: { en: Signed, zh: 签署 }, concept: Guardian consent }  # <--
    """
    assert told[0].startswith("sections.count.items.anc.units[2]: 'ANC' does not accept the unit '10*9/l'; it accepts: 10*9/L, ")
    assert told[0].endswith("Did you mean '10*9/L'?")
    assert told[1].startswith("sections.count.items.plt: the number has no units. Write `units`: 10*9/L, ")
    assert told[2].startswith(
        "sections.count.items.sign.concept: 'Guardian consent' is of kind attestation, which holds no number."
    )


def test_an_item_has_only_the_keys_of_its_type_and_refers_to_items_that_exist(told):
    """
    # in forms/blood.yaml: sections
    sections:
      - id: count
        title: { en: Count, zh: 计数 }
        items:
          - { id: day, type: date, label: { en: Date, zh: 日期 }, not_before: brith }  # <--
          - { id: done, type: yes_no, label: { en: Done, zh: 已做 }, max_length: 3 }  # <--
          - { id: kind, type: choice, label: { en: Kind, zh: 种类 } }  # <--
          - id: why
            type: text
            label: { en: Why, zh: 原因 }
            show_when: { item: done, is: [no, never] }  # <--
          - { id: n, type: integer, label: { en: N, zh: 数 }, low: 5, high: 3 }  # <--
    """
    assert told == [
        "sections.count.items.day.not_before: there is no item 'brith'. The items here are: day, done, kind, why, n.",
        "sections.count.items.done.max_length: an item of type yes_no has no max_length. It goes with: text.",
        "sections.count.items.kind: a choice has no answers. Give it `choices`, or a `value_set`.",
        "sections.count.items.why.show_when.is[2]: 'never' is no answer of 'done'. Its answers are: no, yes.",
        "sections.count.items.n.low: the limits are contradictory: 5 is above 3. Exchange them.",
    ]


def test_a_fact_takes_its_value_and_dates_from_answers_of_the_right_kind(told):
    """
    # in forms/blood.yaml: sections
    sections:
      - id: count
        title: { en: Count, zh: 计数 }
        items:
          - { id: day, type: date, label: { en: Date, zh: 日期 } }
          - { id: anc, type: number, label: { en: ANC, zh: 中性粒细胞 }, concept: ANC, units: [10*9/L] }
          - { id: agent, type: choice, label: { en: Agent, zh: 药物 }, choices: [{ code: a, label: { en: A, zh: 甲 } }] }
          - { id: marrow, type: choice, label: { en: Marrow, zh: 骨髓 }, choices: [{ code: y, label: { en: Y, zh: 是 } }] }
        facts:
          - { concept: ANC, value: day, date: anc }  # <--
          - { value: anc, date: day }  # <--
          - { concept_from: agent, start: day }  # <--
          - { concept: Bone marrow involvement, value: marrow, date: day }  # <--
          - { concept: Bone marrow involvement, value: marrow, true_when: [yes], date: day }  # <--
          - { concept: Chemotherapy, value: agent }  # <--
          - { concept: Platelet count, date: day }  # <--
    """
    assert [line.removeprefix("sections.count.facts") for line in told] == [
        ".ANC.date: item 'anc' is of type number. Needed: date or datetime or partial_date.",
        ".ANC.value: 'ANC' is of kind measurement, and item 'day' is of type date. Needed: integer or number.",
        "[2]: the fact names no concept. Write `concept`, or `concept_from` (a choice whose answer names it).",
        "[3].concept_from: no answer of 'agent' names a concept. Give its choices a `concept`.",
        ".Bone marrow involvement: nothing says which answers of 'marrow' mean yes. Write `true_when` and `false_when`.",
        ".Bone marrow involvement.true_when[1]: 'yes' is no answer of 'marrow'. Its answers are: y.",
        ".Chemotherapy: nothing dates the exposure 'Chemotherapy'. Write `date`, or `start` and `end`.",
        ".Chemotherapy.value: 'Chemotherapy' is of kind exposure, which holds no value. Write `date`, or `start` and `end`.",
        ".Platelet count: the fact has no value; 'Platelet count' is of kind measurement. Name an item in `value`: integer or number.",
    ]


def test_a_form_has_the_name_of_its_file(told):
    """
    # in forms/blood.yaml: id
    id: bloods  # <--
    """
    assert told == ["id: the form's id 'bloods' is not the name of its file. Write `id: blood`."]


def test_limits_and_ranges_and_ages_are_not_contradictory(told):
    """
    # in study.yaml: population
    population:
      condition: { en: Sarcoma, zh: 肉瘤 }
      sex: all
      age_min: 20  # <--
      age_max: 18
      healthy_volunteers: no
      enrolment: 10
    # in dosing.yaml: infusions
    infusions:
      planned: 1
      min_gap_days: 5
      tolerance_percent:
        low: 120  # <--
        high: 80
      courses: [{ id: c1, name: { en: Course, zh: 疗程 }, infusions: [1, 2], source: convention }]  # <--
      source: convention
    # in dosing.yaml: dose
    dose: { unit: 10*7/kg, basis: actual_body_weight, target: 30, low: 1, high: 10, source: convention }  # <--
    # in safety.yaml: limits
    limits:
      - id: dlt_rate
        text: { en: Stop, zh: 停 }
        purpose: safety
        counts: dlt
        direction: at_least
        rule: { kind: posterior, prior: { a: 0.5, b: 1.5 }, rate: 0.25, certainty: 0.9 }
        looks: { first: 40, last: 3 }  # <--
        bounds: [{ subjects: 3, events: 3 }, { subjects: 6, events: 2 }]  # <--
        action: stop
        in_words: { en: At least the bound, zh: 不低于界限 }
        source: convention
    """
    assert told == [
        "dose.target: the target 30 lies outside the plausible range. Mend the target or the range.",
        "infusions.tolerance_percent.low: the range is empty: 120 is above 80. Exchange the two.",
        "infusions.courses.c1.infusions: there is no infusion 2; 1 are planned. Mend the number.",
        "limits.dlt_rate.looks: the last look stands before the first. Exchange the two.",
        (
            "limits.dlt_rate.bounds[2]: the bound from 6 subjects does not follow that from 3. "
            "List the bounds by subjects; events never go down."
        ),
        "population.age_min: the youngest age, 20 years, is above the oldest, 18 years. Exchange the two.",
    ]


def test_the_ctcae_version_is_one(told):
    """
    # in safety.yaml: grading
    grading:
      scales:
        - { scale: ctcae, version: "6.0", source: standard }  # <--
      baseline: screening
      source: convention
    """
    assert told == [
        "grading.scales.ctcae.version: grades are CTCAE 6.0 here and 5.0 in study.yaml. One protocol version has one CTCAE version."
    ]


def test_a_condition_on_a_value_has_one_limit_in_a_unit_that_the_concept_accepts(told):
    """
    # in safety.yaml: dlt
    dlt:
      window: { first_day: 28, last_day: 1 }  # <--
      attribution: [possible]
      evaluable: { text: { en: All, zh: 全部 } }
      events:
        - id: low
          text: { en: Low, zh: 低 }
          category: haematological
          any_of:
            - { concept: ANC, below: 0.5, unit: g/L }  # <--
            - { concept: ANC, unit: 10*9/L }  # <--
            - {}  # <--
          source: convention
      source: convention
    """
    assert told[0] == "dlt.window: the window ends before it begins. Exchange the two days."
    assert told[1].startswith("dlt.events.low.any_of.ANC.unit: 'ANC' does not accept the unit 'g/L'; it accepts: 10*9/L")
    assert told[2] == "dlt.events.low.any_of.ANC: a condition on a value needs one limit. Write `below` or `above`."
    assert told[3] == "dlt.events.low.any_of[3]: the condition is empty. State a grade, a duration, or a value."


def test_a_draw_has_one_time_and_an_interval_one_origin(told):
    """
    # in kinetics.yaml: analytes
    analytes: [{ id: nk, name: { en: NK, zh: NK }, role: kinetics, matrix: blood, assay: flow, unit: /uL, source: convention }]
    # in kinetics.yaml: panels
    panels: [{ id: pk, name: { en: PK, zh: PK }, analytes: [nk], volume_ml: 2, source: convention }]
    # in kinetics.yaml: samples
    samples:
      - { id: s1, panels: [pk], source: convention }  # <--
      - { id: s2, visit: D1, timing: after_start, panels: [pk], source: convention }  # <--
    # in kinetics.yaml: intervals
    intervals:
      - { id: week, name: { en: Week, zh: 周 }, start: 0 days, end: 7 days, source: convention }  # <--
    """
    assert told == [
        "samples.s1: a draw needs a visit or a study day, and not both. Write `visit` or `day`.",
        "samples.s2.timing: `after` goes with `timing: after_start` or `after_end`, and they with it. Write both, or neither.",
        "intervals.week: an interval begins with an infusion or with a course, and not both. Write `infusion` or `course`.",
    ]


def test_weights_of_an_assumption_sum_to_one(told):
    """
    # file: assumptions.yaml
    assumptions:
      - id: grade
        text: { en: Grade, zh: 级 }
        area: safety
        distribution:
          kind: categories
          weights: { "1": 0.7, "2": 0.27, "3": 0.04 }  # <--
        source: convention
    """
    assert told == ["assumptions.grade.distribution.weights: the weights sum to 1.01. They must sum to 1."]


def test_a_rule_is_wrong_at_its_own_line_however_it_is_folded(small):
    """
    # in eligibility.yaml: criteria
    criteria:
      - id: I01
        type: inclusion
        text: { en: Enough neutrophils, zh: 中性粒细胞足够 }
        rule: >
          Latest("ANC", lab_window) >= 1.0 '10*9/L'
          and Latest("Platelet count",
            lab_windo) >= 75 '10*9/L'
        review_when: |
          Latest("ANC", lab_window) < 1.5 '10*9/L'
          and Latest("ANC", lab_windw) > 1.2 '10*9/L'
        reading: { en: As written, zh: 按原文 }
        source: registry
    """
    problems = small.problems()

    text = (small.folder / "eligibility.yaml").read_text("utf-8").splitlines()
    assert [text[problem.place.line - 1].strip() for problem in problems] == [
        "lab_windo) >= 75 '10*9/L'",
        "and Latest(\"ANC\", lab_windw) > 1.2 '10*9/L'",
    ]
    assert [problem.place.item for problem in problems] == ["criteria.I01.rule", "criteria.I01.review_when"]


def test_rules_of_readings_advisories_and_hold_criteria_are_checked_too(told):
    """
    # in eligibility.yaml: criteria
    criteria:
      - id: I01
        type: inclusion
        text: { en: Enough neutrophils, zh: 中性粒细胞足够 }
        rule: Latest("ANC", lab_window) >= 1.0 '10*9/L'
        reading: { en: As written, zh: 按原文 }
        advisories:
          - { id: low, when: Recorded("ANCs"), text: { en: Low, zh: 低 }, source: convention }  # <--
        readings:
          - id: strict
            rule: Latest("ANC", lab_window) >=  # <--
            text: { en: Strict, zh: 严格 }
            source: convention
        source: registry
    # in dosing.yaml: hold_criteria
    hold_criteria:
      - { id: fever, text: { en: Fever, zh: 发热 }, rule: "Latest(\\"ANC\\", 1 day) >= 38.5 'Cel'", source: convention }  # <--
    # in eligibility.yaml: parameters
    parameters:
      - { id: lab_window, value: 7 days, text: { en: Window, zh: 窗 }, source: convention }
      - { id: odd, value: 7 dayz of, text: { en: Odd, zh: 怪 }, source: convention }  # <--
    """
    assert [line.partition(":")[0] for line in told] == [
        "hold_criteria.fever.rule",
        "parameters.odd.value",
        "criteria.I01.advisories.low.when",
        "criteria.I01.readings.strict.rule",
    ]


def test_a_rule_that_is_constant_or_contradicts_itself_is_a_problem(told):
    """
    # in eligibility.yaml: criteria
    criteria:
      - id: I01
        type: inclusion
        text: { en: Enough neutrophils, zh: 中性粒细胞足够 }
        rule: Latest("ANC", lab_window) >= 1.0 '10*9/L' or true  # <--
        reading: { en: As written, zh: 按原文 }
        source: registry
      - id: I02
        type: inclusion
        text: { en: Neutrophils, zh: 中性粒细胞 }
        rule: Latest("ANC", lab_window) >= 2 '10*9/L' and Latest("ANC", lab_window) < 1 '10*9/L'  # <--
        reading: { en: As written, zh: 按原文 }
        source: registry
    """
    assert [line.partition(":")[0] for line in told] == ["criteria.I01.rule", "criteria.I02.rule"]


def test_a_unit_that_ucum_does_not_know_is_a_problem_where_no_concept_says_which_units_there_are(told):
    """
    # in dosing.yaml: dose
    dose:
      unit: 10*7/Kg  # <--
      basis: actual_body_weight
      target: 3
      source: convention
    # file: assumptions.yaml
    assumptions:
      - { id: a, text: { en: A, zh: 甲 }, area: data, unit: 10*10/kg, distribution: { kind: fixed, value: 1 }, source: convention }
      - { id: b, text: { en: B, zh: 乙 }, area: data, unit: cells, distribution: { kind: fixed, value: 1 }, source: convention }  # <--
    """
    assert told[0].startswith("assumptions.b.unit: 'cells' is not a UCUM unit: ")
    assert told[1].startswith("dose.unit: '10*7/Kg' is not a UCUM unit: ")
    assert told[1].endswith("Did you mean '10*7/kg'?")


def test_the_units_known_beforehand_are_ucum():
    assert {unit: fault for unit in COMMON if (fault := ucum_fault(unit))} == {}


def test_a_key_that_is_no_word_is_a_problem(told):
    """
    # in kinetics.yaml: rules
    rules:
      [a, b]: c  # <--
      source: convention
    """
    assert told == [": a key must be a word. Write `key: value`; put text with brackets in it in quotes."]


def test_a_value_set_that_cannot_be_read_does_not_make_the_rules_that_name_it_wrong(small):
    small.write("value_sets/causes.csv", '"code\n')
    text = (small.folder / "eligibility.yaml").read_text("utf-8")
    rule = "Latest(\"ANC\", lab_window) >= 1.0 '10*9/L'"
    assert rule in text
    small.write("eligibility.yaml", text.replace(rule, f'{rule} and CodeIn("Histology", "causes")'))

    problems = small.problems()

    assert [small.name(problem) for problem in problems] == ["value_sets/causes.csv"]


def test_a_value_set_names_each_code_once_with_a_known_system_and_source(small):
    small.write(
        "value_sets/causes.csv",
        "code,system,name_en,name_zh,source,citation,concept\n"
        "1,local,One,一,convention,,\n"
        "1,local,Again,又,convention,,\n"
        "2,lonic,Two,二,convention,,\n"
        "3,local,Three,三,hearsay,,\n"
        "4,local,Four,四,convention,,Vincristin\n"
        ",local,Five,五,convention,,\n"
        "6,local,Six, six,六,convention,,\n",
    )

    problems = small.problems()

    file = str(small.folder / "value_sets" / "causes.csv")
    assert [(problem.place, f"{problem.what} {problem.remedy}") for problem in problems] == [
        (Place(file, 3, "1"), "the code '1' stands already in line 2. Keep one of the two."),
        (Place(file, 4, "2"), "system: there is no code system 'lonic'. Did you mean 'loinc'?"),
        (
            Place(file, 5, "3"),
            "source: 'hearsay' is not one of the values here. Write registry, sibling, standard, convention or not_retrieved.",
        ),
        (Place(file, 6, "4"), "concept: there is no concept 'Vincristin'. Did you mean 'Vincristine'?"),
        (Place(file, 7, ""), "code is empty. Write it."),
        (Place(file, 8, "6"), "the row has not as many cells as the header. Put a cell with a comma in it in quotes."),
    ]


def test_a_value_set_with_an_unknown_column_is_a_problem_of_its_header(small):
    small.write("value_sets/causes.csv", "code,sytem,name_en,name_zh,source\n")

    problems = small.problems()

    assert [problem.what for problem in problems] == ["the column 'system' is missing.", "the column 'sytem' is not known here."]
    assert problems[1].remedy == "Did you mean 'system'?"


def test_a_concept_of_the_study_that_is_wrong_is_a_problem_of_the_study(small):
    small.write(
        "concepts.yaml", "- { id: Hope, kind: feeling, name: { en: Hope, zh: 希望 }, source: convention, citation: none }\n"
    )

    problems = small.problems()

    assert [(small.name(problem), problem.place.line) for problem in problems] == [("concepts.yaml", 1)]
    assert "'feeling' is not a kind of concept" in problems[0].what


def test_ages_numbers_and_times_of_a_study_go_together(told):
    """
    # in study.yaml: regulation
    regulation:
      profile: cn_iit_cell
      sae_report_hours: 24
      retention_years: 30
      ctcae: "5.0"
      cdisc_ct: 2025-03-28
      assent_age: 19  # <--
      majority_age: 18
      source: convention
    # in study.yaml: design
    design:
      allocation: na
      model: single_group
      masking: none
      purpose: treatment
      planned_subjects: 11  # <--
      analysis_sets:
        - { id: treated, name: { en: T, zh: 治 }, definition: { en: All, zh: 全 }, requires: [treated], source: convention }
      interim:
        - id: futility  # <--
          text: { en: Stop, zh: 停 }
          purpose: futility
          counts: dlt
          direction: at_most
          rule: { kind: stages, null_rate: 0.1, alternative_rate: 0.3 }
          action: stop
          in_words: { en: At most, zh: 至多 }
          source: convention
      source: registry
    # in safety.yaml: limits
    limits:
      - id: deaths
        text: { en: Deaths, zh: 死亡 }
        purpose: safety
        counts: dlt
        direction: at_least
        rule: { kind: each_event }
        bounds: [{ subjects: 1, events: 1 }]  # <--
        action: pause
        in_words: { en: Every death, zh: 每例死亡 }
        source: convention
    # in dosing.yaml: infusions
    infusions:
      planned: 1
      min_gap_days: 5
      tolerance_percent: { low: 80, high: 120 }
      courses:
        - { id: c1, name: { en: Course, zh: 疗程 }, infusions: [1], source: convention }
        - { id: c2, name: { en: Course, zh: 疗程 }, infusions: [1], source: convention }  # <--
      source: convention
    # in dosing.yaml: administration
    administration:
      route: intravenous
      shortest: 2 hours  # <--
      longest: 60 minutes
      text: { en: No filter, zh: 不用滤器 }
      source: convention
    """
    assert told == [
        "infusions.courses.c2.infusions: infusion 1 belongs to two courses. Leave it in one.",
        "administration.shortest: the shortest infusion is longer than the longest. Exchange the two.",
        "limits.deaths.bounds: every event crosses, so there are no bounds. Take the bounds away.",
        "design.planned_subjects: 11 subjects are planned, and only 10 enrolled. Mend one of the two numbers.",
        "design.interim.futility: the limit is never looked at. Write `looks`.",
        "regulation.assent_age: assent is asked from an age above majority. Mend one of the two ages.",
    ]


def test_a_section_without_rows_counts_none_and_no_item_waits_for_itself(told):
    """
    # in forms/blood.yaml: sections
    sections:
      - id: count  # <--
        title: { en: Count, zh: 计数 }
        max_rows: 3
        show_when: { item: other.done, is: ["yes"] }  # <--
        items:
          - { id: day, type: date, label: { en: Date, zh: 日期 } }
          - { id: anc, type: number, label: { en: ANC, zh: 中性粒细胞 }, concept: ANC, units: [10*9/L] }
          - { id: why, type: text, label: { en: Why, zh: 原因 }, show_when: { item: why, is: [x] } }  # <--
        facts: [{ concept: ANC, value: anc, date: day }]
    """
    assert told == [
        "sections.count: a section without rows has a number of rows. Write `repeating: true`, or take the number away.",
        "sections.count.show_when.item: there is no item 'other.done'. The items here are: day, anc, why.",
        "sections.count.items.why.show_when: the item is asked depending on its own answer. Name another item.",
    ]


def test_answers_of_a_value_set_may_name_concepts(small):
    """
    # in forms/blood.yaml: sections
    sections:
      - id: count
        title: { en: Count, zh: 计数 }
        items:
          - { id: day, type: date, label: { en: Date, zh: 日期 } }
          - { id: anc, type: number, label: { en: ANC, zh: 中性粒细胞 }, concept: ANC, units: [10*9/L] }
          - { id: agent, type: choice, label: { en: Agent, zh: 药物 }, value_set: agents }
          - { id: dose, type: text, label: { en: Dose, zh: 剂量 }, show_when: { item: agent, is: [L01XX] } }
        facts: [{ concept: ANC, value: anc, date: day }, { concept_from: agent, start: day }]
    """
    small.write(
        "value_sets/agents.csv", "code,system,name_en,name_zh,source,concept\nL01AD02,atc,Lomustine,洛莫司汀,standard,Lomustine\n"
    )

    assert [problem.what for problem in small.problems()] == ["'L01XX' is no answer of 'agent'."]
    small.write("value_sets/agents.csv", "code,system,name_en,name_zh,source\nL01XX,atc,Other,其他,standard\n")
    assert [problem.what for problem in small.problems()] == ["no answer of 'agent' names a concept."]


def test_a_row_of_a_value_set_that_is_no_csv_is_a_problem_at_its_line(small):
    small.write(
        "value_sets/causes.csv", 'code,system,name_en,name_zh,source\n1,local,One,一,convention\n2,local,"Two"x,二,convention\n'
    )

    (problem,) = small.problems()

    assert problem.place.line == 3
    assert problem.what.startswith("this is not well-formed CSV: ")
