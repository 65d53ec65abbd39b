"""A trial in memory: wishes are decided, entries appended, state folded, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest

from protocord.conduct import (
    AssessEligibility,
    Decision,
    Enrol,
    PlanCalendar,
    RecordForm,
    RegisterSubject,
    SignEligibility,
    StudyState,
    SubjectState,
    Wish,
    decide,
    evolve,
    evolve_study,
    fold,
)
from protocord.forms import ItemAnswer
from protocord.ledger import By, Entry, append, verify
from protocord.protocol import STUDIES, Protocol, load

HERE, THERE = "dongguan-taixin", "sysucc"
DAY = date(2026, 6, 10)  # consent, screening, assessment
INFUSION = date(2026, 6, 17)


@cache
def reference_study() -> Protocol:
    return load(STUDIES / "nct06848582")


def answers(**typed: str | tuple[str, str] | ItemAnswer) -> dict[str, ItemAnswer]:
    """Answers by key with `__` for the point; a pair is a value and its unit."""
    given = {}
    for key, value in typed.items():
        answer = value if isinstance(value, ItemAnswer) else ItemAnswer(*value) if isinstance(value, tuple) else ItemAnswer(value)
        given[key.replace("__", ".")] = answer
    return given


def _lab(name: str, value: tuple[str, str], high: str) -> dict[str, str | tuple[str, str]]:
    return {name: value, f"{name}_high": high, f"{name}_child": "yes"}


# A boy of six who meets every criterion on DAY for an infusion on INFUSION.
FORMS: dict[tuple[str, str], dict[str, ItemAnswer]] = {
    ("SCR", "consent"): answers(
        consent__signed_on="2026-06-01", consent__version="2.0", consent__approved_version="yes", consent__signer="guardian",
        consent__relation="mother", consent__taken_by="DL", assent__assessed_on="2026-06-01", assent__able="no",
        assent__why_not="six years old", procedures__complete="yes",
    ),
    ("SCR", "demographics"): answers(person__birth_date="2020-03-14", person__sex="male"),
    ("SCR", "disease"): answers(
        diagnosis__diagnosed_on="UN-MAR-2024", diagnosis__histology="8910/3", diagnosis__report_on="2024-03-20",
        diagnosis__primary_site="C49.0", diagnosis__confirmed="yes", diagnosis__confirmed_on="2026-06-10",
        status__stated_on="2026-06-10", status__disease_status="relapsed", status__measurable="yes",
        spread__marrow="no", spread__marrow_method="aspirate_biopsy", spread__marrow_on="2026-06-02",
        spread__liver="no", spread__liver_on="2026-06-02",
    ),
    ("SCR", "prior_therapy"): answers(
        chemotherapy__1__agent="vincristine", chemotherapy__1__start="2024-04", chemotherapy__1__end="2026-05-01",
        surgery__1__type="primary", surgery__1__done_on="2024-09-02",
        complete__chemotherapy="yes", complete__other_therapy="yes", complete__growth_factors="yes", complete__radiotherapy="yes",
        complete__transplant="yes", complete__gvhd_treatment="yes", complete__surgery="yes", complete__transfusions="no",
    ),
    ("SCR", "performance"): answers(
        score__assessed_on="2026-06-09", score__scale="lansky", score__score="90", survival__estimated_on="2026-06-09", survival__weeks="52"
    ),
    ("SCR", "toxicity"): answers(complete__complete="yes"),
    ("SCR", "attestations"): answers(
        statements__stated_on="2026-06-10", statements__able_to_comply="yes", statements__guardian_understands="yes"
    ),
    ("SCR", "vital_signs"): answers(
        signs__measured_on="2026-06-09", signs__weight=("21.5", "kg"), signs__height="116", signs__temperature="36.7"
    ),
    ("BL-LAB", "laboratory"): answers(
        haematology__collected_on="2026-06-09", haematology__anc=("1.80", "10*9/L"), haematology__platelets=("210", "10*9/L"),
        haematology__haemoglobin=("112", "g/L"), chemistry__collected_on="2026-06-09",
        **{f"chemistry__{k}": v for k, v in (_lab("alt", ("22", "U/L"), "40") | _lab("ast", ("30", "U/L"), "45")).items()},
        **{
            f"chemistry__{k}": v
            for k, v in (_lab("bilirubin", ("8", "umol/L"), "17") | _lab("creatinine", ("31", "umol/L"), "44")).items()
        },
    ),
}  # fmt: skip


@dataclass
class Play:
    """What has happened so far. Each act takes a minute, so entries can be told apart by time."""

    protocol: Protocol
    entries: list[Entry] = field(default_factory=list)
    study: StudyState = field(default_factory=lambda: StudyState("nct06848582"))
    states: dict[str, SubjectState] = field(default_factory=dict)
    at: datetime = datetime(2026, 6, 10, 2, 0, tzinfo=UTC)
    subject: str = ""

    @property
    def state(self) -> SubjectState:
        return self.states[self.subject]

    def ask(self, wish: Wish, *, role: str = "coordinator", site: str = HERE, reason: str = "", user: str = "") -> Decision:
        """Decide, and do nothing."""
        state = None if isinstance(wish, RegisterSubject) else self.state
        actor = By(user or {"coordinator": "dan", "investigator": "ana"}.get(role, role), role, site)
        return decide(self.protocol, state, wish, study=self.study, actor=actor, at=self.at, reason=reason)

    def do(self, wish: Wish, **circumstances: str) -> Decision:
        """Decide, and carry out what was decided."""
        decision = self.ask(wish, **circumstances)
        for draft in decision.drafts:
            assert draft.subject is not None
            previous = next((e for e in reversed(self.entries) if e.subject == draft.subject), None)
            entry = append(previous, draft, f"{len(self.entries):032x}")
            self.entries.append(entry)
            self.states[draft.subject] = evolve(self.states.get(draft.subject), entry)
            self.study = evolve_study(self.study, entry)
            self.subject = draft.subject
        self.at += timedelta(minutes=1)
        return decision

    def must(self, wish: Wish, **circumstances: str) -> Decision:
        decision = self.do(wish, **circumstances)
        assert decision.accepted, decision.refusals
        return decision

    def save(
        self, form: str, visit: str = "SCR", base: int | None = None, reason: str = "", **changed: str | tuple[str, str]
    ) -> Decision:
        """Save one of FORMS with some answers changed, from the state that the form is in."""
        return self.do(self.form(form, visit, base, **changed), reason=reason)

    def form(self, form: str, visit: str = "SCR", base: int | None = None, **changed: str | tuple[str, str]) -> RecordForm:
        saved = self.state.forms.get((visit, form, 1))  # type: ignore[call-overload]
        if base is None:
            base = saved.position if saved else 0
        before: Mapping[str, ItemAnswer] = saved.answers if saved else FORMS[visit, form]
        return RecordForm(visit, form, {**before, **answers(**changed)}, base)

    def register(self, site: str = HERE) -> str:
        self.must(RegisterSubject(site), site=site)
        return self.subject

    def screened(self) -> Play:
        """Register a child and save all its screening forms."""
        self.register()
        for visit, form in FORMS:
            assert (decision := self.save(form, visit)).accepted, decision.refusals
        return self

    def assessed(self) -> Play:
        self.screened().must(AssessEligibility(DAY, INFUSION))
        return self

    def sign(self) -> Decision:
        assessment = self.state.assessment
        assert assessment is not None
        judgements = {f["criterion"]: "judged" for f in assessment.screening["findings"] if f["answer"] == "review"}
        wish = SignEligibility(assessment.content_hash, "I judge this child eligible.", "Ana Chen", judgements)
        return self.do(wish, role="investigator")

    def enrolled(self) -> Play:
        self.assessed()
        assert self.sign().accepted
        self.must(Enrol(DAY))
        return self

    def planned(self) -> Play:
        self.enrolled().must(PlanCalendar(INFUSION))
        return self

    def later(self, on: date) -> Play:
        """Go on to the morning of a day."""
        self.at = datetime(on.year, on.month, on.day, 1, tzinfo=UTC)
        return self

    def check(self) -> None:
        """What must hold at any moment: the chain verifies, and replaying it gives the state."""
        assert verify(self.entries).ok
        for subject, state in self.states.items():
            assert fold(entry for entry in self.entries if entry.subject == subject) == state


@pytest.fixture
def play() -> Play:
    return Play(reference_study())


def kinds(decision: Decision) -> list[str]:
    """The kinds of reason that stand against a wish."""
    return [refusal.reason.kind for refusal in decision.refusals]
