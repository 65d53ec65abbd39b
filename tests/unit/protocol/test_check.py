"""Design slips: for each check a study that has the slip, and one beside it that has not."""

from pathlib import Path

import pytest

from protocord.protocol import STUDIES, check_design, load, to_confirm
from protocord.protocol.check import CHECKS
from protocord.protocol.check.limits import beta_tail, crossing
from protocord.protocol.document import Origin
from protocord.protocol.document.limits import PosteriorRule


def test_the_small_study_has_no_slip(slips):
    assert slips == {}


def test_every_check_says_what_it_finds_and_is_shown_to_find_it():
    shown = Path(__file__).read_text("utf-8")

    for name, function in CHECKS.items():
        assert function.__doc__
        assert f'"{name}"' in shown


def test_a_form_that_no_visit_asks_for_is_unused(slips, small):
    """
    # file: forms/spare.yaml
    id: spare  # <--
    version: 1
    title: { en: Spare, zh: 备用 }
    source: convention
    sections: [{ id: s, title: { en: S, zh: 节 }, items: [{ id: t, type: text, label: { en: T, zh: 文 } }] }]
    """
    small.key("schedule.yaml", "running_forms", "running_forms: [{ form: spare, first: SCR, source: convention }]")

    assert slips == {
        "unused_form": [": the form is asked at no visit. Add it to a visit or to `running_forms`, or take it away."]
    }
    assert check_design(small.load()) == ()


def test_a_concept_of_the_study_that_nothing_names_is_unused(slips):
    """
    # file: concepts.yaml
    - { id: Hope, kind: condition, name: { en: Hope, zh: 希望 }, source: convention, citation: none }  # <--
    - id: Neutrophils by hand
      kind: measurement
      name: { en: Neutrophils by hand, zh: 手工中性粒细胞 }
      is_a: [ANC]
      unit: 10*9/L
      source: convention
      citation: none
    """
    assert slips == {"unused_concept": ["Hope: no rule, form or document uses the concept. Use it, or take it away."]}


def test_a_value_set_that_nothing_offers_or_asks_about_is_unused(small):
    for name in ("offered", "asked", "spare"):
        small.write(f"value_sets/{name}.csv", "code,system,name_en,name_zh,source\n8910/3,icd_o_3,One,一,convention\n")
    items = (
        "sections:\n  - id: count\n    title: { en: Count, zh: 计数 }\n    items:\n"
        "      - { id: day, type: date, label: { en: Date, zh: 日期 } }\n"
        "      - { id: anc, type: number, label: { en: ANC, zh: 中性粒细胞 }, concept: ANC, units: [10*9/L] }\n"
        "      - { id: kind, type: choice, label: { en: Kind, zh: 类 }, value_set: offered }\n"
        "    facts:\n      - { concept: ANC, value: anc, date: day }\n      - { concept: Histology, value: kind, date: day }"
    )
    small.key("forms/blood.yaml", "sections", items)
    rule = 'Latest("ANC", lab_window) >= 1.0 \'10*9/L\' and CodeIn("Histology", "asked")'
    text = (small.folder / "eligibility.yaml").read_text("utf-8")
    small.write("eligibility.yaml", text.replace("Latest(\"ANC\", lab_window) >= 1.0 '10*9/L'", rule))

    found = list(CHECKS["unused_value_set"](small.load()))

    assert [Path(problem.place.file).name for problem in found] == ["spare.csv"]


def test_a_parameter_and_an_activity_that_nothing_uses_are_slips(slips):
    """
    # in eligibility.yaml: parameters
    parameters:
      - { id: lab_window, value: 7 days, text: { en: Window, zh: 窗 }, source: convention }
      - { id: gap, value: 21 days, text: { en: Gap, zh: 间隔 }, source: convention }  # <--
    # in schedule.yaml: activities
    activities:
      - { id: blood, name: { en: Blood count, zh: 血常规 }, source: convention }
      - { id: biopsy, name: { en: Biopsy, zh: 活检 }, source: convention }  # <--
    """
    assert slips == {
        "unused_parameter": ["parameters.gap: no rule uses the parameter. Use it, or take it away."],
        "unused_activity": ["activities.biopsy: the activity is done at no visit. Add it to a visit, or take it away."],
    }


def test_an_analyte_in_no_panel_and_a_panel_never_drawn_are_slips(slips):
    """
    # in kinetics.yaml: analytes
    analytes:
      - { id: nk, name: { en: NK, zh: NK }, role: kinetics, matrix: blood, assay: flow, unit: /uL, source: convention }
      - { id: il6, name: { en: IL6, zh: IL6 }, role: dynamics, matrix: plasma, assay: ELISA, unit: pg/mL, source: convention }  # <--
      - { id: cd8, name: { en: CD8, zh: CD8 }, role: dynamics, matrix: tumour, assay: IHC, unit: "%", source: convention }
    # in kinetics.yaml: panels
    panels:
      - { id: pk, name: { en: PK, zh: PK }, analytes: [nk], volume_ml: 2, source: convention }
      - { id: pk2, name: { en: PK2, zh: PK2 }, analytes: [nk], volume_ml: 2, source: convention }  # <--
    # in kinetics.yaml: samples
    samples: [{ id: s1, visit: D1, timing: before_infusion, panels: [pk], source: convention }]
    # in kinetics.yaml: blood_volume_guard
    blood_volume_guard:
      per_occasion_percent: 1
      per_period_percent: 3
      period_days: 28
      blood_volume: [{ ml_per_kg: 75 }]
      smallest_child: { age_months: 12, weight_kg: 8.5 }
      on_breach: refuse
      source: convention
    """
    assert slips == {
        "unused_analyte": [
            "analytes.il6: the analyte is in no panel, so it is never measured. Add it to a panel, or take it away.",
            "panels.pk2: the panel is never drawn. Add it to a sample, or take it away.",
        ]
    }


def test_an_objective_without_an_endpoint_is_a_slip(slips):
    """
    # in study.yaml: objectives
    objectives:
      - { id: safety, level: primary, text: { en: Safety, zh: 安全 }, source: registry }
      - { id: efficacy, level: primary, text: { en: Efficacy, zh: 疗效 }, source: registry }  # <--
    """
    assert slips == {
        "unmeasured_objective": ["objectives.efficacy: no endpoint answers the objective. Add an endpoint, or take it away."]
    }


def test_a_choice_with_one_answer_asks_nothing(slips):
    """
    # in forms/blood.yaml: sections
    sections:
      - id: count
        title: { en: Count, zh: 计数 }
        items:
          - { id: day, type: date, label: { en: Date, zh: 日期 } }
          - { id: anc, type: number, label: { en: ANC, zh: 中性粒细胞 }, concept: ANC, units: [10*9/L] }
          - { id: where, type: choice, label: { en: W, zh: 何 }, choices: [{ code: a, label: { en: A, zh: 甲 } }] }  # <--
          - id: who
            type: choice
            label: { en: Who, zh: 谁 }
            choices: [{ code: a, label: { en: A, zh: 甲 } }, { code: b, label: { en: B, zh: 乙 } }]
        facts: [{ concept: ANC, value: anc, date: day }]
    """
    assert slips == {
        "choice_with_one_answer": [
            "sections.count.items.where: the choice has one answer only. Add answers, or make it a yes/no item."
        ]
    }


def test_a_criterion_that_no_form_of_screening_can_answer_is_a_slip(slips):
    """
    # in eligibility.yaml: criteria
    criteria:
      - id: I01
        type: inclusion
        text: { en: Enough neutrophils, zh: 中性粒细胞足够 }
        rule: Latest("ANC", lab_window) >= 1.0 '10*9/L'
        reading: { en: As written, zh: 按原文 }
        readings:
          - id: platelets
            rule: Latest("Platelet count", lab_window) >= 75 '10*9/L'  # <--
            text: { en: Other, zh: 其他 }
            source: convention
        source: registry
      - id: I02
        type: inclusion
        text: { en: Age, zh: 年龄 }
        rule: AgeInYears() <= 18  # <--
        reading: { en: As written, zh: 按原文 }
        source: registry
      - id: I07
        type: inclusion
        text: { en: Washout, zh: 洗脱 }
        rule: Washout("Myelosuppressive chemotherapy", 21 days)  # <--
        reading: { en: As written, zh: 按原文 }
        source: registry
    """
    remedy = "so the answer would always be unknown. Add an item and a fact to a form of screening."
    assert slips == {
        "criterion_that_no_form_can_answer": [
            f"criteria.I01.readings.platelets.rule: no form up to day 1 asks for 'Platelet count', {remedy}",
            f"criteria.I02.rule: no form up to day 1 asks for 'Birth date', {remedy}",
            f"criteria.I07.rule: no form up to day 1 asks for 'Myelosuppressive chemotherapy', {remedy}",
        ],
        "criterion_without_a_history": [
            (
                "criteria.I07.rule: no form up to day 1 can state that the list of 'Myelosuppressive chemotherapy' is complete, "
                "so a child without any would be unknown. Add a `history` to the form's section."
            )
        ],
    }


def test_a_form_that_lists_the_medicines_and_says_that_the_list_is_complete_can_answer_a_washout(slips):
    """
    # in eligibility.yaml: criteria
    criteria:
      - id: I01
        type: inclusion
        text: { en: Enough neutrophils, zh: 中性粒细胞足够 }
        rule: Latest("ANC", lab_window) >= 1.0 '10*9/L' and Washout("Myelosuppressive chemotherapy", 21 days)
        reading: { en: As written, zh: 按原文 }
        source: registry
    # in forms/blood.yaml: sections
    sections:
      - id: count
        title: { en: Count, zh: 计数 }
        items:
          - { id: day, type: date, label: { en: Date, zh: 日期 } }
          - { id: anc, type: number, label: { en: ANC, zh: 中性粒细胞 }, concept: ANC, units: [10*9/L] }
        facts: [{ concept: ANC, value: anc, date: day }]
      - id: chemotherapy
        title: { en: Chemotherapy, zh: 化疗 }
        repeating: yes
        items:
          - id: agent
            type: choice
            label: { en: Agent, zh: 药物 }
            choices:
              - { code: a, label: { en: Vincristine, zh: 长春新碱 }, concept: Doxorubicin }
              - { code: b, label: { en: Lomustine, zh: 洛莫司汀 }, concept: Lomustine }
          - { id: last, type: partial_date, label: { en: Last dose, zh: 末次 } }
        facts: [{ concept_from: agent, start: last, end: last }]
      - id: complete
        title: { en: Complete, zh: 完整 }
        items: [{ id: all, type: yes_no, label: { en: Complete, zh: 完整 } }]
        history: { concept: Chemotherapy, complete: all }
    """
    assert slips == {}


def test_a_multiple_of_the_upper_limit_needs_a_form_that_asks_for_the_limit(slips, small):
    """
    # in eligibility.yaml: criteria
    criteria:
      - id: I12
        type: inclusion
        text: { en: ALT, zh: 丙氨酸氨基转移酶 }
        rule: TimesULN("ALT", lab_window) <= 3  # <--
        reading: { en: As written, zh: 按原文 }
        source: registry
    # in forms/blood.yaml: sections
    sections:
      - id: count
        title: { en: Count, zh: 计数 }
        items:
          - { id: day, type: date, label: { en: Date, zh: 日期 } }
          - { id: alt, type: number, label: { en: ALT, zh: ALT }, concept: ALT, units: [U/L] }
          - { id: high, type: number, label: { en: Upper limit, zh: 上限 } }
        facts:
          - { concept: ALT, value: alt, date: day }
    """
    assert list(slips) == ["ratio_without_an_upper_limit"]
    form = small.folder / "forms" / "blood.yaml"
    form.write_text(form.read_text("utf-8").replace("value: alt, date: day", "value: alt, date: day, high: high"), "utf-8")
    assert check_design(small.load()) == ()


def test_criteria_that_no_child_can_meet_together_contradict_one_another(slips):
    """
    # in eligibility.yaml: criteria
    criteria:
      - id: I01
        type: inclusion
        text: { en: a, zh: 一 }
        rule: Latest("ANC", lab_window) >= 1.0 '10*9/L'
        reading: { en: As written, zh: 按原文 }
        source: registry
      - id: I02
        type: inclusion
        text: { en: b, zh: 二 }
        rule: Latest("ANC", lab_window) < 1.0 '10*9/L'  # <--
        reading: { en: As written, zh: 按原文 }
        source: registry
      - id: I03
        type: inclusion
        text: { en: c, zh: 三 }
        rule: Latest("ANC", lab_window) <= 1.0 '10*9/L'
        reading: { en: As written, zh: 按原文 }
        source: registry
      - id: E01
        type: exclusion
        text: { en: d, zh: 四 }
        rule: Latest("ANC", lab_window) < 0.5 '10*9/L'
        reading: { en: As written, zh: 按原文 }
        source: convention
    """
    said = "Latest(\"ANC\", 7 days) < 1.0 '10*9/L' here, Latest(\"ANC\", 7 days) >= 1.0 '10*9/L' there."
    assert slips == {
        "contradictory_limits": [f"criteria.I02.rule: no child can meet this and I01: {said} Mend one of the two limits."],
    }


def test_a_rule_that_is_said_twice_is_a_slip(slips):
    """
    # in eligibility.yaml: criteria
    criteria:
      - id: I01
        type: inclusion
        text: { en: a, zh: 一 }
        rule: Latest("ANC", lab_window) >= 1.0 '10*9/L'
        reading: { en: As written, zh: 按原文 }
        readings:
          - { id: same, rule: "Latest(\\"ANC\\",lab_window)>=1.0 '10*9/L'", text: { en: Same, zh: 同 }, source: convention }  # <--
          - id: judged
            rule: Latest("ANC", lab_window) >= 1.0 '10*9/L'
            review_when: Latest("ANC", lab_window) < 1.5 '10*9/L'
            text: { en: Judged, zh: 判断 }
            source: convention
        source: registry
      - id: I02
        type: inclusion
        text: { en: b, zh: 二 }
        rule: Latest("ANC", lab_window) >= 1.0 '10*9/L'  # <--
        reading: { en: As written, zh: 按原文 }
        source: registry
    """
    assert slips == {
        "rule_said_twice": [
            "criteria.I01.readings.same.rule: the reading says what the default reading says. Mend its rule, or take it away.",
            "criteria.I02.rule: the rule is that of I01. Mend it, or take one of the two away.",
        ]
    }


def test_the_status_of_the_exclusion_criteria_goes_with_their_list(slips, small):
    """
    # in eligibility.yaml: exclusion_status
    exclusion_status: listed  # <--
    """
    assert slips == {
        "exclusion_status_against_the_list": [
            "exclusion_status: the exclusion criteria are said to be listed, and there is none. List them, or write `not_retrieved`."
        ]
    }


def test_exclusion_criteria_from_the_registry_were_retrieved(slips):
    """
    # in eligibility.yaml: exclusion_status
    exclusion_status: not_retrieved  # <--
    # in eligibility.yaml: criteria
    criteria:
      - id: E01
        type: exclusion
        text: { en: Few neutrophils, zh: 中性粒细胞少 }
        rule: Latest("ANC", lab_window) < 0.5 '10*9/L'
        reading: { en: As written, zh: 按原文 }
        source: registry
    """
    assert list(slips) == ["exclusion_status_against_the_list"]


def test_a_visit_before_its_anchor_cannot_be_reached_and_an_empty_one_need_not_be(slips):
    """
    # in schedule.yaml: visits
    visits:
      - { id: SCR, name: { en: a, zh: 一 }, epoch: screening, day: -7, activities: [blood], forms: [blood], source: convention }
      - { id: D1, name: { en: a, zh: 一 }, epoch: treatment, day: 1, infusion: 1, source: convention }
      - { id: PRE, name: { en: a, zh: 一 }, epoch: treatment, anchor: D43, offset: -2, forms: [blood], source: convention }  # <--
      - { id: D43, name: { en: a, zh: 一 }, epoch: treatment, day: 43, source: convention }  # <--
    """
    assert slips == {
        "unreachable_visit": [
            (
                "visits.PRE: the visit lies 2 days before D43, from which it is counted: its date is known too late. "
                "Count it from an earlier visit, or from day 1."
            )
        ],
        "empty_visit": ["visits.D43: nothing is done at the visit. Add activities and forms, or take it away."],
    }


def test_the_number_of_infusions_is_the_number_planned(slips):
    """
    # in dosing.yaml: infusions
    infusions:
      planned: 2  # <--
      min_gap_days: 5
      tolerance_percent: { low: 80, high: 120 }
      source: convention
    """
    assert slips == {
        "infusions_planned": [
            "infusions.planned: 2 infusions are planned, and schedule.yaml has 1 visits with one. Mend the number, or the visits."
        ]
    }


def test_infusions_keep_their_least_gap_also_at_the_end_of_a_window(slips):
    """
    # in schedule.yaml: visits
    visits:
      - { id: SCR, name: { en: a, zh: 一 }, epoch: screening, day: -7, activities: [blood], forms: [blood], source: convention }
      - { id: D1, name: { en: a, zh: 一 }, epoch: treatment, day: 1, infusion: 1, source: convention }
      - { id: D5, name: { en: a, zh: 一 }, epoch: treatment, day: 5, infusion: 2, source: convention }  # <--
      - { id: D12, name: { en: a, zh: 一 }, epoch: treatment, day: 12, window: { after: 5 }, infusion: 3, source: convention }
      - { id: D19, name: { en: a, zh: 一 }, epoch: treatment, day: 19, window: { after: 2 }, infusion: 4, source: convention }  # <--
      - { id: D26, name: { en: a, zh: 一 }, epoch: treatment, day: 26, window: { after: 2 }, infusion: 5, source: convention }
      - { id: D43, name: { en: a, zh: 一 }, epoch: treatment, day: 43, forms: [blood], source: convention }
    # in dosing.yaml: infusions
    infusions: { planned: 5, min_gap_days: 5, tolerance_percent: { low: 80, high: 120 }, source: convention }
    """
    assert slips == {
        "infusions_too_close": [
            (
                "visits.D5: infusion 2 comes too soon after infusion 1: 4 days lie between their targets, and 5 are needed. "
                "Move a visit, or narrow the earlier window."
            ),
            (
                "visits.D19: infusion 4 comes too soon after infusion 3: at the end of both windows 4 days lie between them, "
                "and 5 are needed. Move a visit, or narrow the earlier window."
            ),
        ]
    }


def test_a_first_assessment_on_time_can_establish_stable_disease(slips, small):
    """
    # in efficacy.yaml: response
    response:
      criteria: RECIST 1.1
      confirmation: { required: yes }
      stable_min_days: 43  # <--
      source: standard
    """
    small.key(
        "efficacy.yaml",
        "response",
        "response: { criteria: RECIST 1.1, confirmation: { required: yes }, stable_min_days: 42, source: standard }",
    )

    assert list(slips) == ["assessment_before_stable_disease_counts"]
    assert (
        "D43 may fall 42 days after day 1, and stable disease counts from 43 days on"
        in slips["assessment_before_stable_disease_counts"][0]
    )
    assert check_design(small.load()) == ()


def test_a_study_without_an_assessment_after_day_1_is_a_slip(slips):
    """
    # in efficacy.yaml: assessments
    assessments:
      baseline_days: 28
      visits: [SCR]  # <--
      source: convention
    """
    assert slips == {
        "assessment_before_stable_disease_counts": [
            "assessments.visits: no tumour assessment is planned after day 1. Name the visits with an assessment."
        ]
    }


def test_baseline_imaging_is_not_planned_earlier_than_it_may_be(slips):
    """
    # in schedule.yaml: visits
    visits:
      - id: SCR
        name: { en: a, zh: 一 }
        epoch: screening
        day: -7
        window: { before: 28, after: 6 }
        activities: [blood]
        forms: [blood]
        source: convention
      - { id: D1, name: { en: a, zh: 一 }, epoch: treatment, day: 1, infusion: 1, source: convention }
      - { id: D43, name: { en: a, zh: 一 }, epoch: treatment, day: 43, forms: [blood], source: convention }
    # in efficacy.yaml: assessments
    assessments:
      baseline_days: 28  # <--
      visits: [SCR, D43]
      source: convention
    """
    assert slips == {
        "baseline_imaging_too_old": [
            (
                "assessments.baseline_days: SCR may lie 35 days before day 1, and baseline imaging may be 28 days old. "
                "Mend the number, or the visit's window."
            )
        ]
    }


def test_a_site_has_a_time_zone_that_exists(slips):
    """
    # in study.yaml: sites
    sites:
      - { id: n, code: "01", name: { en: N, zh: 北 }, city: { en: N, zh: 北 }, country: CN, source: registry }  # <--
      - { id: s, code: "02", name: { en: S, zh: 南 }, city: { en: S, zh: 南 }, country: CN, time_zone: Beijing, source: registry }  # <--
      - { id: w, code: "04", name: { en: W, zh: 西 }, city: { en: W, zh: 西 }, country: CN, time_zone: Asia/Dongguan, source: registry }  # <--
      - { id: e, code: "03", name: { en: E, zh: 东 }, city: { en: E, zh: 东 }, country: CN, time_zone: Asia/Shanghai, source: registry }
    """
    assert slips == {
        "site_without_a_time_zone": [
            "sites.n: the site has no time zone. Write `time_zone`, such as Asia/Shanghai.",
            "sites.s: 'Beijing' is not an IANA time zone. Write one such as Asia/Shanghai.",
            "sites.w: 'Asia/Dongguan' is not an IANA time zone. Write one such as Asia/Shanghai.",
        ]
    }


def test_a_limit_is_not_looked_at_after_more_subjects_than_are_planned(slips):
    """
    # in safety.yaml: limits
    limits:
      - id: dlt_rate
        text: { en: Stop, zh: 停 }
        purpose: safety
        counts: dlt
        direction: at_least
        rule: { kind: posterior, prior: { a: 0.5, b: 1.5 }, rate: 0.25, certainty: 0.9 }
        looks: { first: 3, last: 11 }  # <--
        action: stop
        in_words: { en: At least the bound, zh: 不低于界限 }
        source: convention
    """
    assert slips == {
        "looks_beyond_the_plan": [
            "limits.dlt_rate.looks: the last look is after 11 subjects, and 10 are planned. Mend the look, or the plan."
        ]
    }


GUARDED = """\
analytes: [{{ id: nk, name: {{ en: NK, zh: NK }}, role: kinetics, matrix: blood, assay: flow, unit: /uL, source: convention }}]
panels:
  - {{ id: pk, name: {{ en: PK, zh: PK }}, analytes: [nk], volume_ml: 4, source: convention }}
  - {{ id: spare, name: {{ en: S, zh: S }}, analytes: [nk], volume_ml: 3, source: convention }}
samples:
  - {{ id: s1, visit: D1, timing: before_infusion, panels: [pk, spare], source: convention }}
  - {{ id: s2, day: 3, panels: [pk], source: convention }}
  - {{ id: s3, day: 20, panels: [pk], source: convention }}
  - {{ id: s4, day: 29, panels: [pk], source: convention }}
blood_volume_guard:
  per_occasion_percent: 1
  per_period_percent: 3
  period_days: 28
  blood_volume: [{{ below_years: 1, ml_per_kg: 80 }}, {{ ml_per_kg: 75 }}]
  smallest_child: {{ age_months: {months}, weight_kg: {weight} }}
  routine: [{{ id: count, visits: [D1], volume_ml: {routine}, source: convention }}]
  on_breach: {breach}
  trim_order: [spare]
  source: convention
rules: {{ source: convention }}
"""


def guarded(small, **values):
    small.write("kinetics.yaml", GUARDED.format(**{"months": 12, "weight": "8", "routine": 0, "breach": "trim", **values}))
    return [f"{problem.what}" for problem in CHECKS["blood_over_the_guard"](small.load())]


def test_blood_is_within_the_guard_for_the_smallest_child(small):
    # 75 mL/kg x 8 kg = 600 mL: 6 mL an occasion, 18 mL in 28 days
    assert guarded(small) == []


def test_what_cannot_be_trimmed_must_fit(small):
    assert guarded(small, breach="refuse") == ["on day 1 a child of 8 kg would give 7 mL; 6 mL are allowed."]


def test_other_blood_of_the_trial_counts_too(small):
    assert guarded(small, routine="2.5") == [
        "on day 1 a child of 8 kg would give 6.5 mL, with every panel of `trim_order` left out; 6 mL are allowed."
    ]


def test_any_stretch_of_the_period_counts(small):
    # days 1, 3, 20 lie within 28 days of day 1, day 29 does not; 4 kg under a year: 320 mL, so 3.2 and 9.6 mL
    said = guarded(small, months=11, weight="4")

    assert said[0].startswith("on day 1 a child of 4 kg would give 4 mL")
    assert said[-2].startswith("in the 28 days from day 1 a child of 4 kg would give 12 mL")
    assert said[-1].startswith("in the 28 days from day 3 a child of 4 kg would give 12 mL")
    assert said[-1].endswith("9.6 mL are allowed.")


def test_blood_drawn_without_a_guard_and_around_no_infusion_are_slips(slips):
    """
    # in kinetics.yaml: analytes
    analytes: [{ id: nk, name: { en: NK, zh: NK }, role: kinetics, matrix: blood, assay: flow, unit: /uL, source: convention }]
    # in kinetics.yaml: panels
    panels: [{ id: pk, name: { en: PK, zh: PK }, analytes: [nk], volume_ml: 2, source: convention }]
    # in kinetics.yaml: samples
    samples:  # <--
      - { id: s1, visit: D43, timing: before_infusion, panels: [pk], source: convention }  # <--
    """
    assert slips == {
        "blood_over_the_guard": ["samples: blood is drawn and nothing limits it. Add `blood_volume_guard`."],
        "draw_around_no_infusion": [
            "samples.s1.timing: the draw is timed by an infusion, and there is none at D43. Write `timing: any`, or mend the visit."
        ],
    }


def test_words_are_there_in_both_languages(slips, small):
    """
    # in schedule.yaml: activities
    activities:
      - { id: blood, name: { en: Blood count, zh: "" }, source: convention }  # <--
    """
    assert slips == {
        "missing_translation": ["activities.blood.name.zh: the words are missing in zh. Write them in both languages."]
    }


def test_names_of_codes_are_there_in_both_languages(small):
    small.write("value_sets/causes.csv", 'code,system,name_en,name_zh,source\n1,local,One," ",convention\n')

    assert [problem.what for problem in small.problems()] == ["name_zh is empty."]


def test_what_nobody_could_read_is_for_the_sponsor_to_supply(small):
    small.key("study.yaml", "not_retrieved", "not_retrieved: [{ id: days, what: { en: The days, zh: 日期 } }]")

    found = [item for item in to_confirm(small.load()) if item.source is Origin.NOT_RETRIEVED]

    assert [item.text.zh for item in found] == ["日期", "排除标准未能获取"]


def test_what_a_sponsor_must_confirm_is_everything_that_is_neither_registry_nor_standard(small):
    small.write(
        "value_sets/causes.csv", "code,system,name_en,name_zh,source\n1,local,One,一,convention\n2,local,Two,二,standard\n"
    )
    protocol = small.load()

    listed = to_confirm(protocol)

    assert {item.source for item in listed} <= {Origin.CONVENTION, Origin.SIBLING, Origin.NOT_RETRIEVED}
    by_item = {(Path(item.place.file).name, item.place.item): item for item in listed}
    assert by_item["study.yaml", "endpoints.ae"].text.zh == "事件"
    assert by_item["schedule.yaml", "visits.D43"].place.line == 6
    assert by_item["dosing.yaml", "infusions"].text.en == "Number and spacing of the infusions"
    assert by_item["eligibility.yaml", "exclusion_status"].source is Origin.NOT_RETRIEVED
    assert by_item["causes.csv", ""].text.en == "1 codes of the value set"
    assert ("study.yaml", "objectives.safety") not in by_item
    assert ("efficacy.yaml", "response") not in by_item


def test_the_shipped_studies_have_no_slip():
    for folder in sorted(path for path in STUDIES.iterdir() if (path / "study.yaml").exists()):
        assert check_design(load(folder)) == (), folder.name


LIMIT = """\
limits:
  - id: dlt_rate
    text: {{ en: Stop, zh: 停 }}
    purpose: safety
    counts: dlt
    direction: {direction}
    rule: {{ kind: posterior, prior: {{ a: 0.5, b: 1.5 }}, rate: 0.25, certainty: 0.9 }}
    looks: {{ first: 3, last: 10 }}
    bounds: [{bounds}]
    action: stop
    in_words: {{ en: The bound, zh: 界限 }}
    source: convention"""


@pytest.mark.parametrize(
    ("direction", "bounds", "said"),
    [
        ("at_least", {3: 3, 6: 4, 9: 5}, ""),
        ("more_than", {3: 2, 6: 3, 9: 4}, ""),
        (
            "at_least",
            {3: 3, 7: 4, 9: 5},
            "at 6 evaluable subjects 4 events are the first to cross (P(rate > 0.25) > 0.9), and the list says 3.",
        ),
        (
            "more_than",
            {3: 3, 6: 3},
            "at 3 evaluable subjects 3 events are the first to cross (P(rate > 0.25) > 0.9), and the list says 4.",
        ),
        (
            "at_least",
            {6: 4, 9: 5},
            "at 3 evaluable subjects 3 events are the first to cross (P(rate > 0.25) > 0.9), and the list says no bound.",
        ),
    ],
)
def test_printed_bounds_are_those_of_the_rule(small, direction, bounds, said):
    listed = ", ".join(f"{{ subjects: {subjects}, events: {events} }}" for subjects, events in bounds.items())
    small.key("safety.yaml", "limits", LIMIT.format(direction=direction, bounds=listed))

    found = CHECKS["bounds_that_do_not_follow_from_the_rule"](small.load())

    assert [problem.what for problem in found] == ([said] if said else [])


@pytest.mark.parametrize(
    ("a", "b", "x", "expected"),
    [
        # closed forms: beta(1, 1) is uniform, beta(2, 1) has density 2x, beta(1, n) has tail (1 - x)^n
        (1, 1, 0.25, 0.75),
        (2, 1, 0.9, 0.19),
        (1, 40, 0.05, 0.95**40),
        (0.5, 0.5, 0.5, 0.5),
        # beta(k, n - k + 1) tail at x is a binomial sum: P(Bin(5, 0.25) <= 1)
        (2, 4, 0.25, 0.75**5 + 5 * 0.25 * 0.75**4),
    ],
)
def test_the_tail_of_a_beta_distribution(a, b, x, expected):
    assert beta_tail(a, b, x) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("rule", "bounds"),
    [
        # clinical.md 1.6.6, computed there by other means
        (
            {"prior": {"a": "0.5", "b": "1.5"}, "rate": "0.25", "certainty": "0.9"},
            "3:3 6:4 9:5 12:6 15:7 18:8 21:9 24:10 28:11 31:12 34:13 38:14",
        ),
        ({"prior": {"a": "0.1", "b": "1.9"}, "rate": "0.05", "certainty": "0.9"}, "2:2 11:3 23:4 36:5"),
    ],
)
def test_the_reference_boundaries_come_out(rule, bounds):
    posterior = PosteriorRule.model_validate({"kind": "posterior", **rule})
    first, last = int(bounds.partition(":")[0]), 40

    crossed = {subjects: crossing(posterior, subjects) for subjects in range(first, last + 1)}
    steps = [f"{subjects}:{events}" for subjects, events in crossed.items() if events != crossed.get(subjects - 1)]

    assert " ".join(steps) == bounds
