"""Whatever people do, in whatever order: entries replay to the state, and the ledger alone tells every edit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from protocord.conduct import (
    KINDS,
    AssessEligibility,
    Decider,
    Enrol,
    FormKey,
    PlanCalendar,
    RecordForm,
    RecordVisit,
    RegisterSubject,
    Rescreen,
    Scope,
    ScreenFail,
    SignEligibility,
    StudyState,
    SubjectState,
    VisitStatus,
    Wish,
    Withdraw,
    decide,
    due,
    evolve,
    evolve_study,
    fold,
    history,
)
from protocord.forms import ItemAnswer, NullFlavour
from protocord.ledger import By, Entry, append, read_lines, verify, write_lines
from protocord.protocol import STUDIES, Protocol, load
from protocord.words import say

SITE = "dongguan-taixin"
DAY = date(2026, 6, 10)
START = datetime(2026, 6, 10, 1, tzinfo=UTC)

CONSENT = {
    "consent.signed_on": "2026-06-01", "consent.version": "2.0", "consent.approved_version": "yes", "consent.signer": "guardian",
    "consent.taken_by": "DL", "assent.assessed_on": "2026-06-01", "assent.able": "no", "assent.why_not": "small", "procedures.complete": "yes",
}  # fmt: skip

# For each form, what may be typed into each of its items: right, wrong, odd, empty.
TYPED: dict[str, dict[str, list[str | ItemAnswer]]] = {
    "consent": {
        **{item: [value] for item, value in CONSENT.items()},
        "consent.signer": ["guardian", "both", "participant", "nobody"],
    },
    "demographics": {
        "person.birth_date": ["2020-03-14", "14mar20", "2020", "03/04/20", ""],
        "person.sex": ["male", "female", "?"],
    },
    "vital_signs": {
        "signs.measured_on": ["t", "t-1", "t+1", "2026-06"],
        "signs.weight": [
            ItemAnswer("21.5", "kg"),
            ItemAnswer("21,5", "kg"),
            ItemAnswer("215", "g"),
            ItemAnswer("215", "g", note="odd"),
        ],
        "signs.height": ["116", "116.5", "900"],
        "signs.temperature": ["36.7", ItemAnswer(null=NullFlavour.NOT_DONE, note="broken"), ItemAnswer(null=NullFlavour.REFUSED)],
        "signs.heart_rate": ["90", "", "ninety"],
    },
}
DAYS = st.integers(-30, 60).map(lambda days: DAY + timedelta(days=days))
REASONS = st.sampled_from(["", "typing error", "  read\n again "])


@cache
def study() -> Protocol:
    return load(STUDIES / "nct06848582")


@st.composite
def form_wishes(draw: st.DrawFn) -> RecordForm:
    form = draw(st.sampled_from(list(TYPED)))
    typed = {item: draw(st.sampled_from(values)) for item, values in TYPED[form].items()}
    answers = {item: value if isinstance(value, ItemAnswer) else ItemAnswer(value) for item, value in typed.items()}
    # The base is drawn small: often the page's own, sometimes an older one, sometimes nonsense.
    return RecordForm("SCR", form, answers, draw(st.integers(0, 12)), repeat=draw(st.sampled_from([1, 1, 1, 2])))


WISHES: st.SearchStrategy[Wish] = st.one_of(
    form_wishes(),
    form_wishes(),
    form_wishes(),
    st.builds(AssessEligibility, DAYS, st.none() | DAYS),
    st.builds(SignEligibility, st.sampled_from(["latest", "other"]), st.just("eligible"), st.just("Ana")),
    st.builds(Enrol, DAYS),
    st.builds(ScreenFail, DAYS, st.sampled_from([(), ("I01",), ("I99",)])),
    st.builds(Rescreen, DAYS),
    st.builds(PlanCalendar, DAYS),
    st.builds(RecordVisit, st.sampled_from(["SCR", "C1D1", "C1D8", "D29", "?"]), DAYS, st.sampled_from(VisitStatus)),
    st.builds(Withdraw, st.sampled_from(Scope), st.sampled_from(Decider), DAYS),
)


@dataclass
class Life:
    """One subject's life: the entries so far, and the state after each."""

    entries: list[Entry] = field(default_factory=list)
    states: list[SubjectState] = field(default_factory=list)
    counted: StudyState = field(default_factory=lambda: StudyState("nct06848582"))

    def wish(self, wish: Wish, *, role: str, reason: str, at: datetime) -> bool:
        """Decide and carry out; whatever is decided must be said in both languages and evolve without objection."""
        state = self.states[-1] if self.states else None
        if isinstance(wish, SignEligibility) and wish.content_hash == "latest" and state and state.assessment:
            wish = SignEligibility(state.assessment.content_hash, wish.meaning, wish.name)
        decision = decide(study(), state, wish, study=self.counted, actor=By(role, role, SITE), at=at, reason=reason)
        assert not (decision.drafts and decision.refusals)
        for refusal in decision.refusals:
            assert say(refusal.reason, "en")
            assert say(refusal.reason, "zh")
        for draft in decision.drafts:
            self.entries.append(append(self.entries[-1] if self.entries else None, draft, f"{len(self.entries):032x}"))
            self.states.append(evolve(self.states[-1] if self.states else None, self.entries[-1]))
            self.counted = evolve_study(self.counted, self.entries[-1])
        return bool(decision.drafts)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_any_life_replays_to_its_state_from_any_prefix_and_from_its_text_file(data: st.DataObject) -> None:
    life = Life()
    life.wish(RegisterSubject(SITE), role="coordinator", reason="", at=START)
    consent = {item: ItemAnswer(value) for item, value in CONSENT.items()}
    life.wish(RecordForm("SCR", "consent", consent), role="coordinator", reason="", at=START)

    for number in range(data.draw(st.integers(3, 14))):
        at = START + timedelta(days=3 * number)
        role = data.draw(st.sampled_from(["coordinator", "investigator", "investigator", "monitor"]))
        life.wish(data.draw(WISHES), role=role, reason=data.draw(REASONS), at=at)

    again = read_lines("".join(write_lines(life.entries)).split("\n")[:-1])
    assert verify(again).ok
    for position in range(len(again)):
        assert fold(again[: position + 1]) == life.states[position]
    counted = StudyState("nct06848582")
    for entry in again:
        counted = evolve_study(counted, entry)
        KINDS.read(entry.kind, entry.body or "")
    assert counted == life.counted
    assert counted.subjects["01-001"].status == life.states[-1].status
    assert all(say(one.reason, "zh") for one in due(study(), life.states[-1], DAY))


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_every_edit_can_be_told_from_the_ledger_alone(data: st.DataObject) -> None:
    life = Life()
    life.wish(RegisterSubject(SITE), role="coordinator", reason="", at=START)
    consent = {item: ItemAnswer(value) for item, value in CONSENT.items()}
    life.wish(RecordForm("SCR", "consent", consent), role="coordinator", reason="", at=START)
    key = FormKey("SCR", "vital_signs")
    told: dict[str, list[tuple[Any, Any, str]]] = {}
    answers: dict[str, ItemAnswer] = {}
    good = {
        "signs.measured_on": ["2026-06-09", "2026-06-10"],
        "signs.weight": ["20.1", "20.10", "21.5"],
        "signs.height": ["116", "117"],
        "signs.temperature": ["36.7", "37.0"],
        "signs.heart_rate": ["90", "95", ""],
    }

    for number in range(data.draw(st.integers(1, 8))):
        typed = {item: data.draw(st.sampled_from(values)) for item, values in good.items()}
        wanted = {i: ItemAnswer(v, {"signs.weight": "kg", "signs.height": "cm"}.get(i)) for i, v in typed.items() if v}
        before = life.states[-1].forms.get(key)
        wish = RecordForm("SCR", "vital_signs", wanted, before.position if before else 0)
        life.wish(wish, role="coordinator", reason=f"reason {number}", at=START + timedelta(minutes=number))
        now = life.states[-1].forms[key].answers
        for item in good:
            if answers.get(item) != now.get(item):
                why = f"reason {number}" if item in answers else ""
                told.setdefault(item, []).append((answers.get(item), now.get(item), why))
        answers = dict(now)

        assert {item: answer.value for item, answer in now.items()} == {item: value for item, value in typed.items() if value}

    for item in good:
        found = history(life.entries, "SCR", "vital_signs", item)
        assert [(change.old, change.new, change.reason) for change in found] == told.get(item, [])
    saved = life.states[-1].forms[key]
    for state in life.states:
        then = state.forms.get(key)
        assert saved.answers_at(state.position) == (then.answers if then else {})
