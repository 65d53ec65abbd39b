"""The shipped studies: whole, word for word, honest about their sources, in both languages, and right in their arithmetic."""

from __future__ import annotations

import ast
import math
import re
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel

import protocord
from protocord.protocol import STUDIES, Protocol, load
from protocord.protocol.check import check_design, to_confirm
from protocord.protocol.check.words import documents, parts
from protocord.protocol.document.limits import Limit, PosteriorRule
from protocord.schedule import plan
from protocord.values.text import Text

REFERENCE, SIBLING = "nct06848582", "nct06631391"
SHIPPED = sorted(path.name for path in STUDIES.iterdir() if (path / "study.yaml").is_file())
DAY_1 = date(2024, 11, 1)


@cache
def study(name: str) -> Protocol:
    return load(STUDIES / name)


def registry_text() -> str:
    """The registry's text without its escapes, `\\<` and `10\\^9`."""
    return re.sub(r"\\([<^>])", r"\1", (STUDIES / REFERENCE / "registry.txt").read_text("utf-8"))


def registry_list() -> list[str]:
    """The sentences of the registry's list of criteria, in order."""
    return [line[1:].strip() for line in registry_text().splitlines() if line.startswith(("•", "⁃"))]


def test_the_two_studies_are_shipped() -> None:
    assert {REFERENCE, SIBLING} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_study_loads_and_has_no_design_slip(name: str) -> None:
    assert list(check_design(study(name))) == []


# --- the registry's words


def test_the_criteria_are_the_registrys_list_word_for_word_and_nothing_of_it_is_missing() -> None:
    said: list[str] = []
    for criterion in study(REFERENCE).eligibility.criteria:
        if criterion.under is not None and criterion.under.en not in said:
            said.append(criterion.under.en)
        said.append(criterion.text.en)

    assert said == registry_list()


def test_the_criteria_are_numbered_as_the_clinical_reference_numbers_them() -> None:
    expected = [f"I{number:02d}" for number in range(1, 12)] + ["I12a", "I12b", "I12c", "I12d", "I13"]

    assert [criterion.id for criterion in study(REFERENCE).eligibility.criteria] == expected


def test_each_criterion_of_the_reference_study_is_the_registrys_and_its_translation_ours() -> None:
    assert {(found.source, found.translation) for found in study(REFERENCE).eligibility.criteria} == {("registry", "ours")}


def test_a_length_of_time_that_claims_the_registry_stands_in_its_text() -> None:
    claimed = [found for found in study(REFERENCE).eligibility.parameters if found.source == "registry"]

    assert len(claimed) >= 8
    assert [found.id for found in claimed if found.value not in registry_text()] == []


def test_the_record_says_what_the_registry_says() -> None:
    document, text = study(REFERENCE).study, registry_text()

    assert document.title.official.en in text
    assert {site.name.en for site in document.sites} == {"Dongguan Taixin Hospital", "Sun Yat-sen University Cancer Center"}
    assert {site.name.zh for site in document.sites} == {"东莞台心医院", "中山大学肿瘤防治中心"}
    assert all(site.name.en in text for site in document.sites)
    assert document.population.enrolment == document.design.planned_subjects == 40
    assert document.registry.start == DAY_1
    assert document.registry.completion == date(2028, 2, 1)
    assert document.sponsor.name.en in text


# --- sources


@pytest.mark.parametrize("name", SHIPPED)
def test_every_item_says_where_it_comes_from(name: str) -> None:
    # A missing fact and a question have no source; what is inside a form has the form's, an example the study's.
    exempt = {"NotRetrieved", "OpenQuestion", "Section", "Item", "Study", "Example", "FactEntry"}
    silent = [
        (document, loc)
        for document, whole in documents(study(name))
        for loc, part in parts(whole)
        if isinstance(part, BaseModel)
        and hasattr(part, "id")
        and not hasattr(part, "source")
        and type(part).__name__ not in exempt
    ]

    assert silent == []


@pytest.mark.parametrize("name", SHIPPED)
def test_whatever_is_not_the_registrys_own_names_its_reason(name: str) -> None:
    # The codes of a value set are counted together; each carries its citation in the file. What nobody could read has none.
    unexplained = [
        str(found.place)
        for found in to_confirm(study(name))
        if not found.citation and found.source != "not_retrieved" and not found.place.file.endswith(".csv")
    ]

    assert unexplained == []


@pytest.mark.parametrize(
    ("document", "loc"),
    [
        ("schedule", ("visits",)),
        ("safety", ("dlt",)),
        ("safety", ("limits",)),
        ("dosing", ("dose",)),
        ("efficacy", ("response",)),
    ],
)
def test_nothing_that_could_not_be_retrieved_claims_the_registry(document: str, loc: tuple[str, ...]) -> None:
    whole = getattr(study(REFERENCE), document)
    found = [getattr(part, "source", None) for at, part in parts(whole) if at[:1] == loc and isinstance(part, BaseModel)]

    assert "registry" not in {str(source) for source in found if source is not None}


def test_exclusion_criteria_are_not_invented() -> None:
    for name in SHIPPED:
        eligibility = study(name).eligibility
        assert eligibility.exclusion_status == "not_retrieved"
        assert not [criterion for criterion in eligibility.criteria if criterion.type == "exclusion"]


# --- languages


@pytest.mark.parametrize("name", SHIPPED)
def test_every_text_that_people_see_stands_in_chinese(name: str) -> None:
    foreign = re.compile(r"[一-鿿]")
    texts = [
        (document, loc, part)
        for document, whole in documents(study(name))
        for loc, part in parts(whole)
        if isinstance(part, Text)
    ]
    # Abbreviations and stages are the same in both languages.
    lacking = [
        (document, loc, part.zh)
        for document, loc, part in texts
        if not foreign.search(part.zh) and not (part.zh == part.en and len(part.en) <= 12)
    ]

    assert len(texts) > 100
    assert lacking == []


@pytest.mark.parametrize("name", SHIPPED)
def test_the_codes_of_value_sets_have_chinese_names(name: str) -> None:
    members = [member for value_set in study(name).value_sets.values() for member in value_set.members]

    assert members
    assert [member.code for member in members if not re.search(r"[一-鿿]", member.name.zh)] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_each_value_set_that_a_rule_asks_about_has_a_name_in_both_languages(name: str) -> None:
    protocol = study(name)
    asked = {
        value_set
        for readings in protocol.readings.values()
        for rules in readings.values()
        for rule in (rules.rule, rules.review_when, *(advisory.when for advisory in rules.advisories))
        if rule is not None
        for value_set in rule.value_sets
    }

    assert asked
    assert sorted(asked - set(protocol.concepts)) == []


# --- forms


@pytest.mark.parametrize("name", SHIPPED)
def test_forms_can_answer_what_every_rule_of_every_reading_asks(name: str) -> None:
    protocol = study(name)
    made = _concepts_of_forms(protocol)
    asked = {
        concept
        for readings in protocol.readings.values()
        for rules in readings.values()
        for rule in (rules.rule, rules.review_when, *(advisory.when for advisory in rules.advisories))
        if rule is not None
        for concept in rule.concepts
    }
    answerable = {concept for name_ in made for concept in {name_} | protocol.concepts.ancestors(name_)}

    assert sorted(asked - answerable - {"Performance status"}) == []


def _concepts_of_forms(protocol: Protocol) -> set[str]:
    made: set[str] = set()
    for form in protocol.forms:
        for section in form.sections:
            made |= {fact.concept for fact in section.facts if fact.concept}
            made |= {choice.concept for item in section.items for choice in item.choices if choice.concept}
    return made


@pytest.mark.parametrize("name", SHIPPED)
def test_each_list_of_prior_therapy_says_whether_it_is_complete(name: str) -> None:
    form = study(name).form("prior_therapy")
    complete = {history.concept for section in form.sections for history in section.history}

    assert complete == {
        "Chemotherapy", "Investigational drug", "Non-chemotherapy anticancer therapy", "Haematopoietic growth factor", "Radiotherapy",
        "Stem cell transplantation", "Systemic GvHD treatment", "Cancer surgery", "Blood transfusion",
    }  # fmt: skip


# --- the calendar


def test_the_reference_study_gives_eight_infusions_in_two_courses_on_the_planned_days() -> None:
    protocol = study(REFERENCE)
    days = {visit.infusion: visit.day for visit in protocol.schedule.visits if visit.infusion is not None}

    assert days == {1: 1, 2: 8, 3: 15, 4: 22, 5: 43, 6: 50, 7: 57, 8: 64}
    assert [course.infusions for course in protocol.dosing.infusions.courses] == [(1, 2, 3, 4), (5, 6, 7, 8)]
    assert protocol.dosing.infusions.planned == 8


def test_month_36_of_follow_up_lies_1095_days_after_the_end_of_treatment_and_fits_the_registrys_dates() -> None:
    calendar = {visit.visit_id: visit for visit in plan(study(REFERENCE), DAY_1).visits}
    end, last = calendar["EOT"].target, calendar["FU36"].target
    completion = study(REFERENCE).study.registry.completion

    assert (end - DAY_1).days + 1 == 92
    assert (last - end).days == 1095
    assert completion is not None
    assert abs((completion - last).days) <= 1


@pytest.mark.parametrize(
    ("visit", "day", "before", "after"),
    [("SCR", -14, 14, 13), ("BL-LAB", -4, 3, 3), ("C1D1", 1, 0, 0), ("C1D8", 8, 2, 2), ("D29", 29, 3, 3), ("RA1", 39, 3, 3),
     ("C2D1", 43, 3, 3), ("C2D22", 64, 2, 2), ("D71", 71, 3, 3), ("EOT", 92, 7, 7)],
)  # fmt: skip
def test_a_visit_stands_on_its_day_with_its_window(visit: str, day: int, before: int, after: int) -> None:
    planned = next(found for found in plan(study(REFERENCE), DAY_1).visits if found.visit_id == visit)
    target = DAY_1 + timedelta(days=day - 1 if day > 0 else day)

    assert (planned.target, planned.earliest, planned.latest) == (
        target,
        target - timedelta(days=before),
        target + timedelta(days=after),
    )


def test_screening_covers_days_minus_28_to_minus_1_and_the_laboratory_minus_7_to_minus_1() -> None:
    planned = {found.visit_id: found for found in plan(study(REFERENCE), DAY_1).visits}

    assert [(DAY_1 - planned[name].earliest).days for name in ("SCR", "BL-LAB")] == [28, 7]
    assert [(DAY_1 - planned[name].latest).days for name in ("SCR", "BL-LAB")] == [1, 1]


def test_the_first_planned_response_assessment_can_establish_stable_disease() -> None:
    protocol = study(REFERENCE)
    first = next(found for found in plan(protocol, DAY_1).visits if found.visit_id == protocol.efficacy.assessments.visits[0])

    assert (first.earliest - DAY_1).days >= protocol.efficacy.response.stable_min_days


# --- the stopping rules


@pytest.mark.parametrize("limit_id", ["rule_a_dlt", "rule_b_related_death"])
def test_the_printed_bounds_are_those_of_the_rule(limit_id: str) -> None:
    limit = next(found for found in study(REFERENCE).safety.limits if found.id == limit_id)
    rule = limit.rule
    assert isinstance(rule, PosteriorRule)
    assert limit.looks is not None

    computed: list[tuple[int, int]] = []
    for subjects in range(limit.looks.first, limit.looks.last + 1):
        events = next(count for count in range(subjects + 1) if _beyond(rule, count, subjects) > float(rule.certainty))
        if not computed or computed[-1][1] != events:
            computed.append((subjects, events))

    assert [(bound.subjects, bound.events) for bound in limit.bounds] == computed
    assert _says_at_least(limit)


def _says_at_least(limit: Limit) -> bool:
    return limit.direction == "at_least" and "equal to or above" in limit.in_words.en and "达到或超过" in limit.in_words.zh


def _beyond(rule: PosteriorRule, events: int, subjects: int) -> float:
    """The posterior probability that the rate lies above the rule's, by Simpson's rule after p = sin^2 t; from nothing of ours."""
    a, b = float(rule.prior.a) + events, float(rule.prior.b) + subjects - events
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)

    def density(angle: float) -> float:
        sine, cosine = math.sin(angle), math.cos(angle)
        if min(sine, cosine) <= 0:
            return 0.0
        return 2 * math.exp(scale + (2 * a - 1) * math.log(sine) + (2 * b - 1) * math.log(cosine))

    low, steps = math.asin(math.sqrt(float(rule.rate))), 400
    width = (math.pi / 2 - low) / steps
    inner = sum((4 if step % 2 else 2) * density(low + step * width) for step in range(1, steps))
    return width / 3 * (density(low) + inner + density(math.pi / 2))


# --- documents alone


def test_no_python_of_ours_names_a_study() -> None:
    root = Path(protocord.__file__).parent
    naming = [
        f"{path.relative_to(root)}:{node.lineno}"
        for path in root.rglob("*.py")
        for tree in [ast.parse(path.read_text("utf-8"))]
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"nct\d{8}", node.value, re.IGNORECASE)
        and node not in _docstrings(tree)
    ]  # fmt: skip

    assert naming == []


def _docstrings(tree: ast.AST) -> list[ast.Constant]:
    found = []
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            found.append(body[0].value)
    return found


def test_the_sister_study_marks_what_it_takes_over() -> None:
    sources = {criterion.id: str(criterion.source) for criterion in study(SIBLING).eligibility.criteria}

    assert {name for name, source in sources.items() if source == "registry"} == {"N02", "N03"}
    assert set(sources.values()) == {"registry", "sibling"}
    assert study(SIBLING).study.population.enrolment == 30
    assert len(study(SIBLING).study.design.dose_levels) == 3
    assert study(SIBLING).dosing.infusions.planned == 8
