"""One child on one day, against studies of a few rules."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from protocord import concepts
from protocord.criteria import check, parse
from protocord.eligibility import Answer, Outcome, Screening, screen
from protocord.protocol.subjects import subject_from_data
from protocord.values import LANGUAGES, SubjectRecord, Text
from protocord.words import say

CONCEPTS = concepts.load()
ON = date(2025, 6, 10)
YES, NO = 'Attested("Guardian consent")', 'Attested("Able to comply")'
OPEN = 'Attested("Child assent")'


def study(*criteria: dict[str, Any], exclusion_status: str = "listed") -> Any:
    """A study of the criteria given: `rule`, and where it matters `type`, `review_when`, `as_of`, `advisories`, `calculations`."""
    known, rules = [], {}
    checked = lambda text: check(parse(text), concepts=CONCEPTS)
    for number, criterion in enumerate(criteria, start=1):
        name = f"I{number:02d}"
        reading = criterion.get("reading")
        known.append(
            SimpleNamespace(
                id=name,
                type=criterion.get("type", "inclusion"),
                as_of=criterion.get("as_of", "assessment"),
                readings=(SimpleNamespace(id="other", as_of=reading),) if reading else (),
                calculations=criterion.get("calculations", ()),
            )
        )
        review = criterion.get("review_when")
        rules[name] = SimpleNamespace(
            rule=checked(criterion["rule"]),
            review_when=checked(review) if review else None,
            advisories=tuple(
                SimpleNamespace(id=key, when=checked(when), text=Text(key, key))
                for key, when in criterion.get("advisories", {}).items()
            ),
            reading_id="other" if reading else "default",
        )
    eligibility = SimpleNamespace(criteria=known, exclusion_status=exclusion_status)
    return SimpleNamespace(
        study=SimpleNamespace(id="few"), eligibility=eligibility, rules=rules, version="1.0.0", hash="0" * 64, concepts=CONCEPTS
    )


def child(*facts: dict[str, Any], histories: tuple[str, ...] = ()) -> SubjectRecord:
    stated = (
        {"concept": "Guardian consent", "value": "yes", "date": "2025-06-01"},
        {"concept": "Able to comply", "value": "no", "date": "2025-06-01"},
    )
    data = {"subject": "1", "facts": [*stated, *facts], "histories": [{"concept": name} for name in histories]}
    record, problems = subject_from_data(data, concepts=CONCEPTS)
    assert not problems
    return record


def screened(*criteria: dict[str, Any], **more: Any) -> Screening:
    return screen(study(*criteria), more.pop("subject", child()), on=ON, **more)


@pytest.mark.parametrize(
    ("kind", "rule", "answer"),
    [
        ("inclusion", YES, Answer.MET),
        ("inclusion", NO, Answer.NOT_MET),
        ("inclusion", OPEN, Answer.UNKNOWN),
        ("exclusion", YES, Answer.NOT_MET),
        ("exclusion", NO, Answer.MET),
        ("exclusion", OPEN, Answer.UNKNOWN),
    ],
)
def test_an_exclusion_criterion_that_holds_is_not_met(kind: str, rule: str, answer: Answer) -> None:
    assert screened({"rule": rule, "type": kind}).finding("I01").answer is answer


@pytest.mark.parametrize(
    ("review", "rule", "answer"),
    [
        (YES, NO, Answer.REVIEW),
        (YES, YES, Answer.REVIEW),
        (OPEN, YES, Answer.UNKNOWN),
        (OPEN, NO, Answer.UNKNOWN),
        (NO, NO, Answer.NOT_MET),
    ],
)
def test_whether_a_person_must_judge_comes_before_the_rule(review: str, rule: str, answer: Answer) -> None:
    assert screened({"rule": rule, "review_when": review}).finding("I01").answer is answer


@pytest.mark.parametrize(
    ("rules", "outcome"),
    [
        ((YES, YES), Outcome.ELIGIBLE),
        ((YES, OPEN), Outcome.INCOMPLETE),
        ((OPEN, NO), Outcome.INELIGIBLE),
    ],
)
def test_not_met_beats_unknown_and_unknown_beats_met(rules: tuple[str, ...], outcome: Outcome) -> None:
    assert screened(*({"rule": rule} for rule in rules)).outcome is outcome


def test_review_only_shows_when_nothing_is_open_or_not_met() -> None:
    judged = {"rule": YES, "review_when": YES}
    assert screened(judged, {"rule": YES}).outcome is Outcome.REVIEW
    assert screened(judged, {"rule": OPEN}).outcome is Outcome.INCOMPLETE
    assert screened(judged, {"rule": NO}).outcome is Outcome.INELIGIBLE


def test_a_criterion_as_of_the_planned_infusion_counts_to_that_day_and_a_reading_may_say_otherwise() -> None:
    rule = 'Washout("Chemotherapy", 21 days)'
    late = {"rule": rule, "as_of": "planned_infusion"}
    treated = child({"concept": "Vincristine", "date": "2025-06-09"}, histories=("Chemotherapy",))
    given = screened({"rule": rule}, late, {**late, "reading": "assessment"}, subject=treated, planned_infusion=date(2025, 6, 30))
    assert [finding.answer for finding in given.findings] == [Answer.NOT_MET, Answer.MET, Answer.NOT_MET]
    assert [finding.reference for finding in given.findings] == [ON, date(2025, 6, 30), ON]
    assert [notice.kind for notice in given.notices] == ["counted_to_planned_infusion"]
    assert screened(late, subject=treated).notices[0].kind == "planned_infusion_not_stated"


def test_a_remark_shows_only_when_its_rule_is_true() -> None:
    found = screened({"rule": YES, "advisories": {"true": YES, "false": NO, "open": OPEN}}).finding("I01")
    assert found.advisories == ("true",)
    assert found.advisory_texts == (Text("true", "true"),)


def test_exclusion_criteria_that_were_not_retrieved_are_said_on_every_screening() -> None:
    given = screen(study({"rule": YES}, exclusion_status="not_retrieved"), child(), on=ON)
    assert [notice.kind for notice in given.notices] == ["exclusion_criteria_not_retrieved"]


def test_only_what_can_still_change_the_answer_is_missing() -> None:
    met = screened({"rule": f"{YES} or {OPEN}"}).finding("I01")
    assert met.missing == ()
    also = screened({"rule": f"{NO} and {OPEN}"}).finding("I01")
    assert (also.answer, [reason.kind for reason in also.reasons]) == (Answer.NOT_MET, ["attested_no"])
    assert [reason.kind for reason in also.missing] == ["no_record"]
    inner = screened({"rule": f'({YES} or {OPEN}) and Attested("Guardian understands")'}).finding("I01")
    assert [say(reason, "en") for reason in inner.missing] == ["Parent or guardian understands the study: no usable record"]
    excluded = screened({"rule": f"{NO} and {OPEN}", "type": "exclusion"}).finding("I01")
    assert (excluded.answer, excluded.missing) == (Answer.MET, ())


def test_a_finding_quotes_the_fact_as_recorded_and_in_the_standard_unit() -> None:
    counted = child({"id": "f9", "concept": "ANC", "value": "900", "unit": "/uL", "date": "2025-06-08"})
    found = screened({"rule": "Latest(\"ANC\", 7 days) >= 1.0 '10*9/L'"}, subject=counted).finding("I01")
    (used,) = found.used
    assert (used.id, str(used.value), str(used.standard), str(used.start)) == ("f9", "900 /uL", "0.900 10*9/L", "2025-06-08")
    assert [reason.kind for reason in found.reasons] == ["result_below"]
    assert say(found.thresholds[0], "en") == "Absolute neutrophil count (latest of the last 7 days): at least 1.0 ×10⁹/L"


def test_a_limit_is_shown_with_the_digits_that_its_own_rule_writes() -> None:
    counted = child({"concept": "ANC", "value": "3", "unit": "10*9/L", "date": "2025-06-08"})
    rules = [{"rule": f"Latest(\"ANC\", 7 days) >= {limit} '10*9/L'"} for limit in ("1", "1.00", "1.0")]
    shown = [str(finding.reasons[0].particulars["limit"]) for finding in screened(*rules, subject=counted).findings]
    assert shown == ["1 10*9/L", "1.00 10*9/L", "1.0 10*9/L"]


def test_a_screening_is_json_and_its_hash_tells_every_change() -> None:
    criteria = ({"rule": YES}, {"rule": OPEN}, {"rule": NO, "calculations": ("bedside_schwartz",)})
    given, again = screened(*criteria), screened(*criteria)
    assert json.loads(json.dumps(given.as_data())) == given.as_data()
    assert given.content_hash == again.content_hash
    hashes = {
        given.content_hash,
        replace(given, protocol_hash="1" * 64).content_hash,
        replace(given, on=date(2025, 6, 11)).content_hash,
        screened({"rule": YES}).content_hash,
        screened(*criteria, subject=child({"concept": "Child assent", "value": "yes", "date": "2025-06-01"})).content_hash,
    }
    assert len(hashes) == 5


def test_an_unknown_criterion_cannot_be_found() -> None:
    with pytest.raises(KeyError):
        screened({"rule": YES}).finding("I99")


def test_everything_a_screening_says_can_be_said_in_every_language() -> None:
    given = screened({"rule": f"{NO} and {OPEN}", "calculations": ("bedside_schwartz", "cockcroft_gault")})
    for finding in given.findings:
        said = [*finding.reasons, *finding.missing, *finding.thresholds]
        for calculation in finding.calculations:
            said += [calculation.label, *calculation.missing]
        assert all(say(reason, language) for reason in said for language in LANGUAGES)


def test_a_planned_infusion_before_the_assessment_is_refused() -> None:
    with pytest.raises(ValueError, match="lies before the assessment"):
        screened({"rule": YES}, planned_infusion=date(2025, 6, 9))
