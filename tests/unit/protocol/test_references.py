"""Names that lead nowhere, in any document, each with its line and the nearest name that exists."""


def test_a_visit_names_epochs_forms_activities_and_anchors_that_exist(told):
    """
    # in schedule.yaml: visits
    visits:
      - id: SCR
        name: { en: Screening, zh: 筛选 }
        epoch: sreening  # <--
        day: -7
        activities: [blood, biopsy]  # <--
        forms: [blod]  # <--
        source: convention
      - { id: D1, name: { en: Infusion, zh: 输注 }, epoch: treatment, day: 1, infusion: 1, source: convention }
      - id: D43
        name: { en: Assessment, zh: 评估 }
        epoch: treatment
        anchor: D2  # <--
        offset: 42
        forms: [blood]
        source: convention
    # in schedule.yaml: running_forms
    running_forms:
      - { form: events, first: D1, last: D99, source: convention }  # <--
    """
    assert told == [
        "visits.SCR.epoch: there is no epoch 'sreening'. Did you mean 'screening'?",
        "visits.SCR.activities[2]: there is no activity 'biopsy'. There are: blood.",
        "visits.SCR.forms[1]: there is no form 'blod'. Did you mean 'blood'?",
        "visits.D43.anchor: there is no visit 'D2'. There are: D1, D43, SCR. A visit is anchored to `day_1` or to another visit.",
        "running_forms[1].form: there is no form 'events'. There are: blood.",
        "running_forms[1].last: there is no visit 'D99'. There are: D1, D43, SCR.",
    ]


def test_endpoints_and_analyses_name_what_exists(told):
    """
    # in study.yaml: endpoints
    endpoints:
      - id: ae
        objective: safty  # <--
        derived_by: [orr, osr]  # <--
        level: primary
        text: { en: Events, zh: 事件 }
        time_frame: { en: 28 days, zh: 28天 }
        source: convention
    # in efficacy.yaml: rates
    rates:
      - id: orr
        name: { en: Response rate, zh: 缓解率 }
        counts: [CR, PR]
        confirmed: yes
        by_visit: EOT  # <--
        analysis_set: treted  # <--
        source: convention
    """
    assert told == [
        "rates.orr.by_visit: there is no visit 'EOT'. There are: D1, D43, SCR.",
        "rates.orr.analysis_set: there is no analysis set 'treted'. Did you mean 'treated'?",
        "endpoints.ae.objective: there is no objective 'safty'. Did you mean 'safety'?",
        "endpoints.ae.derived_by[2]: there is no derivation 'osr'. Did you mean 'orr'?",
    ]


def test_a_limit_counts_something_that_exists(told):
    """
    # in safety.yaml: limits
    limits:
      - id: deaths
        text: { en: Deaths, zh: 死亡 }
        purpose: safety
        counts: death  # <--
        direction: at_least
        rule: { kind: each_event }
        action: pause
        in_words: { en: Every death, zh: 每例死亡 }
        source: convention
    """
    assert told == ["limits.deaths.counts: there is no event type 'death'. There are: dlt."]


def test_kinetics_names_analytes_panels_visits_and_intervals_that_exist(told):
    """
    # in kinetics.yaml: analytes
    analytes:
      - id: nk
        name: { en: NK cells, zh: NK细胞 }
        concept: Donor NK  # <--
        role: kinetics
        matrix: blood
        assay: flow
        unit: /uL
        source: convention
    # in kinetics.yaml: panels
    panels: [{ id: pk, name: { en: PK, zh: PK }, analytes: [nk, il6], volume_ml: 2, source: convention }]  # <--
    # in kinetics.yaml: samples
    samples:
      - { id: s1, visit: C1D1, panels: [pk], source: convention }  # <--
      - { id: s2, visit: D1, panels: [pd], source: convention }  # <--
    # in kinetics.yaml: parameters
    parameters:
      - id: cmax
        name: { en: Peak, zh: 峰 }
        parameter: cmax
        analytes: [nk]
        intervals: [first_week]  # <--
        source: convention
    """
    assert told[0].startswith("analytes.nk.concept: there is no concept 'Donor NK'.")
    assert told[1:] == [
        "panels.pk.analytes[2]: there is no analyte 'il6'. There are: nk.",
        "samples.s1.visit: there is no visit 'C1D1'. Did you mean 'D1'?",
        "samples.s2.panels[1]: there is no panel 'pd'. There are: pk.",
        "parameters.cmax.intervals[1]: there is no interval 'first_week'. No interval is defined.",
    ]


def test_a_form_names_concepts_and_value_sets_that_exist(told):
    """
    # in forms/blood.yaml: sections
    sections:
      - id: count
        title: { en: Count, zh: 计数 }
        items:
          - { id: day, type: date, label: { en: Date, zh: 日期 } }
          - { id: anc, type: number, label: { en: ANC, zh: 中性粒细胞 }, concept: ANC, units: [10*9/L] }
          - { id: plt, type: number, label: { en: Platelets, zh: 血小板 }, concept: Platelet counts, units: [10*9/L] }  # <--
          - { id: cause, type: choice, label: { en: Cause, zh: 原因 }, value_set: causes }  # <--
        facts:
          - { concept: ANC, value: anc, date: day }
          - { concept: anc, value: anc, date: day }  # <--
        history: { concept: Chemotherapies, complete: day }  # <--
    """
    assert [line.partition(".items")[2] or line for line in told] == [
        ".plt.concept: there is no concept 'Platelet counts'. Did you mean 'Platelet count'?",
        ".cause.value_set: there is no value set 'causes'. No value set is defined.",
        "sections.count.facts.anc.concept: there is no concept 'anc'. Did you mean 'ANC'?",
        "sections.count.history.complete: item 'day' is of type date. Needed: yes_no.",
        "sections.count.history.concept: there is no concept 'Chemotherapies'. Did you mean 'Chemotherapy'?",
    ]


def test_chosen_readings_and_examples_name_criteria_and_readings_that_exist(told):
    """
    # in eligibility.yaml: chosen_readings
    chosen_readings:
      I1: strict  # <--
      I01: strict  # <--
    # file: examples.yaml
    base:
      healthy: { facts: [{ concept: ANC, value: 2, unit: 10*9/L, date: 2026-01-01 }] }
    examples:
      - id: one
        text: One
        base: helthy  # <--
        on: 2026-01-02
        without: [Platelets]  # <--
        expect:
          I01: met
          I99: met  # <--
        readings:
          I01: lenient  # <--
    """
    assert told == [
        "chosen_readings.I1: there is no criterion 'I1'. Did you mean 'I01'?",
        "chosen_readings.I01: I01 has no reading 'strict'. Its readings are: default.",
        "examples.one.base: there is no base 'helthy'. Did you mean 'healthy'?",
        "examples.one.without[1]: there is no concept 'Platelets'. Did you mean 'Platelet count'?",
        "examples.one.expect.I99: there is no criterion 'I99'. There are: I01.",
        "examples.one.readings.I01: I01 has no reading 'lenient'. Its readings are: default.",
    ]


def test_names_of_a_document_that_cannot_be_read_are_not_looked_up(small):
    small.write("study.yaml", "id: [small\n")

    problems = small.problems()

    assert [small.name(problem) for problem in problems] == ["study.yaml"]
