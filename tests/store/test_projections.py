"""Lists are computed: made again from the ledger they are what they were, after any history."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocord.conduct import (
    AssessEligibility,
    Decider,
    PlanCalendar,
    RecordVisit,
    RegisterSubject,
    Scope,
    ScreenFail,
    VisitStatus,
    Withdraw,
)
from protocord.store import folding, projections, protocols, reads
from protocord.store.answers import Done

ON = date(2026, 1, 7)
both_databases = pytest.mark.parametrize("trial", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)


def agrees(trial: Any) -> None:
    live = projections.snapshot(trial.study)
    assert live["SubjectRow"] or not live["FormRow"]
    projections.rebuild(protocols.current(trial.study))
    assert projections.snapshot(trial.study) == live


VISITS = ("SCR", "BL-LAB", "C1D1", "C1D8")
STEP = st.one_of(
    st.tuples(st.just("register"), st.sampled_from(["dan", "bo"])),
    st.tuples(
        st.just("form"),
        st.integers(0, 3),
        st.sampled_from(["consent", "demographics", "performance"]),
        st.sampled_from(["2019-01-02", "2020-03-14", "2021"]),
        st.sampled_from(["30", "50", "90"]),
    ),
    st.tuples(st.just("assess"), st.integers(0, 3), st.integers(0, 20)),
    st.tuples(st.just("fail"), st.integers(0, 3)),
    st.tuples(st.just("plan"), st.integers(0, 3), st.integers(0, 30)),
    st.tuples(st.just("visit"), st.integers(0, 3), st.sampled_from(VISITS), st.sampled_from(list(VisitStatus))),
    st.tuples(st.just("withdraw"), st.integers(0, 3), st.sampled_from(list(Scope))),
)


def take(trial: Any, children: list[str], step: tuple[Any, ...]) -> bool:
    """This will try one step of a history and tell whether it was taken; the rules may refuse it."""
    name, *rest = step
    if name == "register":
        answer = trial.perform(rest[0], RegisterSubject(trial.sites[0 if rest[0] == "dan" else 1]))
        children.append(answer.state.id)
        return True
    if not children:
        return False
    child = children[rest[0] % len(children)]
    staff = "ana" if child.startswith("01") else "eva"
    if name == "form":
        answers = {
            "consent": None,
            "demographics": {"person.birth_date": rest[2], "person.sex": "male"},
            "performance": {"score.assessed_on": "2026-01-06", "score.scale": "lansky", "score.score": rest[3]},
        }[rest[1]]
        state = folding.state(trial.study, child)
        base = next((form.position for key, form in state.forms.items() if key.form == rest[1]), 0) if state else 0
        more = {} if answers is None else {"answers": answers}
        return isinstance(trial.record(child, rest[1], name=staff, base=base, reason="corrected", **more), Done)
    wish = {
        "assess": lambda: AssessEligibility(ON + timedelta(days=rest[1])),
        "fail": lambda: ScreenFail(ON),
        "plan": lambda: PlanCalendar(ON + timedelta(days=rest[1])),
        "visit": lambda: RecordVisit(rest[1], ON, rest[2]),
        "withdraw": lambda: Withdraw(rest[1], Decider.GUARDIAN, ON),
    }[name]()
    return isinstance(trial.perform(staff, wish, child, reason="as it happened"), Done)


@both_databases
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=st.lists(STEP, max_size=12))
def test_rebuilt_equals_live_after_any_history(trial: Any, history: list[tuple[Any, ...]]) -> None:
    """One database serves all examples: each history goes on where the last one stopped, which only makes it longer."""
    children: list[str] = []
    begun = [take(trial, children, step) for step in [("register", "dan"), ("form", 0, "consent", "", "")]]
    for step in history:
        take(trial, children, step)

    assert begun == [True, True]
    agrees(trial)


def test_rebuilt_equals_live_for_one_of_each(trial: Any) -> None:
    children: list[str] = []
    steps = [
        ("register", "dan"),
        ("form", 0, "consent", "", ""),
        ("form", 0, "demographics", "2020-03-14", ""),
        ("form", 0, "demographics", "2019-01-02", ""),
        ("form", 0, "performance", "", "30"),
        ("assess", 0, 1),
        ("fail", 0),
        ("register", "bo"),
        ("withdraw", 1, Scope.FOLLOW_UP),
    ]

    assert [take(trial, children, step) for step in steps] == [True] * len(steps)
    agrees(trial)


def test_a_projection_somebody_meddled_with_is_put_right(trial: Any) -> None:
    from protocord.store.models import SubjectRow

    trial.register()
    before = projections.snapshot(trial.study)
    SubjectRow.objects.update(status="enrolled")

    projections.rebuild(protocols.current(trial.study))

    assert projections.snapshot(trial.study) == before


def test_a_new_process_folds_the_same_state(trial: Any) -> None:
    subject = trial.register()
    trial.record(subject, "consent")
    warm = folding.state(trial.study, subject)

    folding.forget_all()

    assert folding.state(trial.study, subject) == warm


def test_the_matrix_costs_the_same_queries_for_one_child_as_for_many(trial: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    mia = trial.viewer("mia")
    counts = []
    for _ in range(3):
        for _ in range(4):
            trial.register()
        folding.forget_all()
        with CaptureQueriesContext(connection) as captured:
            matrix = reads.subject_matrix(mia, trial.study, ON)
        counts.append(len(captured))

    assert matrix.total == 12
    assert len(set(counts)) == 1


def test_home_costs_the_same_queries_for_one_child_as_for_many(trial: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    dan = trial.viewer("dan")
    counts = []
    for _ in range(2):
        for _ in range(3):
            trial.register()
        folding.forget_all()
        with CaptureQueriesContext(connection) as captured:
            reads.home(dan, ON)
        counts.append(len(captured))

    assert len(set(counts)) == 1
