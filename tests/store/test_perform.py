"""The one door: a wish is carried out whole or not at all, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from protocord.conduct import AssessEligibility, Enrol, RecordForm, RefusalKind, RegisterSubject, SignEligibility
from protocord.errors import Refused
from protocord.forms import ItemAnswer
from protocord.store import actions, archive, projections, protocols, reads, record
from protocord.store.access import NotAllowed, NotThere
from protocord.store.answers import Conflict, Declined, Done

both_databases = pytest.mark.parametrize("trial", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
ON = date(2026, 1, 7)


def entries(trial: Any, subject: str) -> list[str]:
    return [entry.kind for entry in record.chain(trial.study, subject)]


def everything(trial: Any) -> tuple[Any, ...]:
    """All that a refused or broken act must leave as it was."""
    return (record.heads(trial.study), list(record.all_entries(trial.study)), projections.snapshot(trial.study))


@both_databases
def test_a_child_is_registered_and_its_forms_recorded(trial: Any) -> None:
    subject = trial.register()
    answers = [trial.record(subject, form) for form in ("consent", "demographics", "performance")]

    assert subject == "01-001"
    assert all(isinstance(answer, Done) for answer in answers)
    assert entries(trial, subject) == ["subject_registered", "form_saved", "form_saved", "form_saved"]
    assert archive.verify_database(trial.study)[trial.study].ok


@both_databases
def test_numbers_run_on_within_a_site(trial: Any) -> None:
    assert [trial.register("dan"), trial.register("dan"), trial.register("bo")] == ["01-001", "01-002", "02-001"]


@both_databases
def test_what_is_shown_is_what_was_saved(trial: Any) -> None:
    subject = trial.register()
    trial.record(subject, "consent")

    page = reads.form_page(trial.viewer("dan"), trial.study, subject, "SCR", "consent", ON)

    assert page.answers["consent.signer"] == ItemAnswer("guardian")
    assert (page.base_position, page.saved_by) == (2, "dan")


def test_a_change_without_a_reason_is_refused_and_nothing_is_written(trial: Any) -> None:
    subject = trial.register()
    trial.record(subject, "consent")
    trial.record(subject, "demographics")
    before = everything(trial)

    answer = trial.record(subject, "demographics", answers={"person.birth_date": "2020-03-15", "person.sex": "male"}, base=3)

    assert isinstance(answer, Declined)
    assert {refusal.item for refusal in answer.refusals} == {"person.birth_date"}
    assert everything(trial) == before


def test_a_change_with_its_reason_shows_old_and_new_and_why(trial: Any) -> None:
    subject = trial.register()
    trial.record(subject, "consent")
    trial.record(subject, "demographics")
    trial.record(
        subject, "demographics", answers={"person.birth_date": "2020-03-15", "person.sex": "male"}, base=3, reason="typing error"
    )

    history = reads.item_history(trial.viewer("dan"), trial.study, subject, "SCR", "demographics", "person.birth_date")

    assert [
        (change.old and change.old.value, change.new and change.new.value, change.reason, change.name) for change in history
    ] == [
        ("2020-03-14", "2020-03-15", "typing error", "Dan Li"),
        (None, "2020-03-14", "", "Dan Li"),
    ]
    assert [change.source for change in history] == ["web", "web"]


def test_a_mistake_that_makes_the_consent_look_wrong_can_still_be_put_right(trial: Any) -> None:
    """With this birth date the participant would have had to sign himself."""
    subject = trial.register()
    trial.record(subject, "consent")
    trial.record(subject, "demographics", answers={"person.birth_date": "2001-03-14", "person.sex": "male"})

    corrected = trial.record(subject, "demographics", answers=ANSWERS, base=3, reason="another century")
    new_form = trial.record(subject, "performance")

    assert isinstance(corrected, Done)
    assert isinstance(new_form, Done)


ANSWERS = {"person.birth_date": "2020-03-14", "person.sex": "male"}


@pytest.mark.parametrize("source", ["web", "api", "cli", "import", "simulation"])
def test_no_path_changes_a_value_without_a_reason(trial: Any, source: str) -> None:
    subject = trial.register()
    trial.record(subject, "consent")
    trial.record(subject, "demographics")

    answer = trial.record(subject, "demographics", answers={"person.sex": "male"}, base=3, source=source, reason="   ")

    assert isinstance(answer, Declined)


@both_databases
def test_two_people_on_one_item_get_base_theirs_and_mine(trial: Any) -> None:
    subject = trial.register()
    trial.record(subject, "consent")
    trial.record(subject, "demographics")
    typed = {"person.birth_date": "2020-03-15", "person.sex": "male"}
    trial.record(subject, "demographics", answers=typed, base=3, name="ana", reason="passport")
    before = everything(trial)

    mine = {"person.birth_date": "2020-03-16", "person.sex": "female"}
    answer = trial.record(subject, "demographics", answers=mine, base=3, reason="birth certificate")

    assert isinstance(answer, Conflict)
    assert [(one.item, one.base.value, one.theirs.value, one.mine.value) for one in answer.items] == [
        ("person.birth_date", "2020-03-14", "2020-03-15", "2020-03-16")
    ]
    assert {item: value.value for item, value in answer.merged.items()} == mine
    assert (answer.position, answer.by) == (4, "ana")
    assert everything(trial) == before


def test_after_a_conflict_the_second_save_names_the_new_base_and_is_taken(trial: Any) -> None:
    subject = trial.register()
    trial.record(subject, "consent")
    trial.record(subject, "demographics")
    trial.record(subject, "demographics", answers={"person.birth_date": "2020-03-15", "person.sex": "male"}, base=3, reason="a")
    mine = {"person.birth_date": "2020-03-16", "person.sex": "male"}
    conflict = trial.record(subject, "demographics", answers=mine, base=3, reason="b")

    answer = trial.record(subject, "demographics", answers=conflict.merged, base=conflict.position, reason="b")

    assert isinstance(answer, Done)
    assert [entry.kind for entry in answer.entries] == ["form_saved"]


@both_databases
def test_people_who_save_at_the_same_time_queue_and_nobody_forks_the_chain(trial: Any) -> None:
    subject = trial.register()
    trial.record(subject, "consent")
    dan = trial.viewer("dan")
    forms = ["demographics", "performance", "demographics", "performance"]

    def save(form: str) -> str:
        try:
            return type(trial.record(subject, form)).__name__
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(save, forms))

    assert dan.username == "dan"
    assert set(outcomes) <= {"Done", "Conflict", "Declined"}
    assert outcomes.count("Done") >= 2
    assert archive.verify_database(trial.study)[trial.study].ok
    assert projections.snapshot(trial.study) == rebuilt(trial)


@both_databases
def test_children_registered_at_the_same_time_get_different_numbers(trial: Any) -> None:
    def register(_: int) -> str:
        try:
            return trial.register()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(register, range(6)))

    assert sorted(numbers) == [f"01-{number:03}" for number in range(1, 7)]
    assert archive.verify_database(trial.study)[trial.study].ok


def rebuilt(trial: Any) -> Any:
    projections.rebuild(protocols.current(trial.study))
    return projections.snapshot(trial.study)


BREAKS = ["after the entries", "at the head", "after the projection", "at the draft"]


@both_databases
@pytest.mark.parametrize("where", BREAKS)
def test_whatever_breaks_in_the_middle_leaves_nothing_behind(trial: Any, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Entry, head, projection: all or none (edc.md 4, item 1)."""
    from protocord.store.actions import subjects

    subject = trial.register()
    trial.record(subject, "consent")
    before = everything(trial)

    def fail(*_: Any, **__: Any) -> Any:
        message = "the power went"
        raise OSError(message)

    def after(function: Any) -> Any:
        def run(*given: Any, **particulars: Any) -> Any:
            function(*given, **particulars)
            return fail()

        return run

    if where == "after the entries":
        monkeypatch.setattr(projections, "update", fail)
    elif where == "at the head":
        monkeypatch.setattr(record, "append", after(record.append))
    elif where == "after the projection":
        monkeypatch.setattr(projections, "update", after(projections.update))
    else:
        monkeypatch.setattr(subjects.DraftRow.objects, "filter", fail)
    with pytest.raises(OSError, match="the power went"):
        trial.record(subject, "demographics")
    monkeypatch.undo()

    assert everything(trial) == before
    assert isinstance(trial.record(subject, "demographics"), Done)
    assert archive.verify_database(trial.study)[trial.study].ok


def test_a_refused_registration_leaves_no_empty_chain(trial: Any) -> None:
    answer = trial.perform("dan", RegisterSubject(trial.sites[0], "01-007"))

    assert isinstance(answer, Declined)
    assert [head.subject for head in record.heads(trial.study)] == [None]


def test_a_clock_that_runs_behind_the_record_is_refused(trial: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from protocord.store import clock

    subject = trial.register()
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) - timedelta(hours=1))

    with pytest.raises(Refused, match="clock"):
        trial.record(subject, "consent")

    assert entries(trial, subject) == ["subject_registered"]


def test_a_clock_corrected_by_less_than_a_second_does_not_turn_time_back(trial: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from protocord.store import clock

    subject = trial.register()
    first = record.chain(trial.study, subject)[0].at
    monkeypatch.setattr(clock, "now", lambda: first - timedelta(milliseconds=300))

    trial.record(subject, "consent")

    assert record.chain(trial.study, subject)[1].at == first


# --- who may ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bo", "eva", "cai", "adam"])
def test_who_may_not_see_a_child_learns_nothing_by_writing(trial: Any, name: str) -> None:
    subject = trial.register("dan")
    before = everything(trial)

    for number in (subject, "01-999"):
        with pytest.raises(NotThere) as told:
            trial.record(number, "consent", name=name)
        assert number == "01-999" or "01-001" in str(told.value)

    assert everything(trial) == before


@pytest.mark.parametrize("name", ["mia", "dora", "stan", "sue", "lin"])
def test_who_may_only_look_cannot_write(trial: Any, name: str) -> None:
    subject = trial.register("dan")
    before = everything(trial)

    with pytest.raises(NotAllowed):
        trial.record(subject, "consent", name=name)

    assert everything(trial) == before


def test_a_coordinator_cannot_sign(trial: Any) -> None:
    subject = trial.register("dan")

    with pytest.raises(NotAllowed):
        trial.perform("dan", SignEligibility("0" * 64, "I confirm", "Dan Li"), subject)


def test_a_stranger_finds_no_study(trial: Any) -> None:
    with pytest.raises(NotThere):
        trial.perform("cai", RegisterSubject(trial.sites[0]))


def test_the_rules_of_the_study_speak_in_reasons(trial: Any) -> None:
    subject = trial.register()

    answer = trial.perform("ana", Enrol(ON), subject)

    assert isinstance(answer, Declined)
    assert all(refusal.level is RefusalKind.STATE for refusal in answer.refusals)
    assert answer.refusals


# --- what follows ------------------------------------------------------------------------------------------------------------


def test_an_assessment_signed_and_then_contradicted_is_shown_broken(trial: Any) -> None:
    subject = trial.register()
    trial.record(subject, "consent")
    trial.record(subject, "demographics")
    low = {"score.assessed_on": "2026-01-06", "score.scale": "lansky", "score.score": "30"}
    trial.record(subject, "performance", answers=low)
    assessed = trial.perform("ana", AssessEligibility(ON), subject)
    seen = assessed.state.assessment.content_hash
    signed = trial.perform("ana", SignEligibility(seen, "I confirm that this child may not enter", "Ana Chen"), subject)
    trial.record(subject, "performance", answers={**low, "score.score": "90"}, base=4, reason="misread")

    assert isinstance(signed, Done)
    board = reads.eligibility_board(trial.viewer("ana"), trial.study, subject, ON)

    assert [signature.state for signature in board.signatures] == ["broken"]
    assert board.signatures[0].broken_at is not None
    assert board.card.signature == "broken"
    assert not board.is_recorded


def test_the_board_leaves_aside_an_infusion_planned_before_the_assessment(trial: Any) -> None:
    subject = trial.register()

    board = reads.eligibility_board(trial.viewer("ana"), trial.study, subject, ON, ON - timedelta(days=1))

    assert board.screening.planned_infusion is None


def test_the_board_as_of_an_earlier_moment_knows_only_what_was_known(trial: Any) -> None:
    subject = trial.register()
    trial.record(subject, "consent")
    before = record.chain(trial.study, subject)[-1].at
    trial.record(subject, "demographics")
    dan = trial.viewer("dan")

    then = reads.eligibility_board(dan, trial.study, subject, ON, as_of=before)
    now = reads.eligibility_board(dan, trial.study, subject, ON)

    assert then.screening.finding("I02").answer == "unknown"
    assert now.screening.finding("I02").answer == "met"
    assert then.may == frozenset()
    with pytest.raises(NotThere):
        reads.eligibility_board(dan, trial.study, subject, ON, as_of=datetime(2020, 1, 1, tzinfo=UTC))


def test_a_draft_is_kept_for_its_writer_and_goes_with_the_save(trial: Any) -> None:
    subject = trial.register()
    trial.record(subject, "consent")
    dan, ana = trial.viewer("dan"), trial.viewer("ana")
    typed = {"person.sex": ItemAnswer("male", note="𬌗")}
    before = everything(trial)

    actions.save_draft(dan, trial.study, subject, "SCR", "demographics", typed, base_position=0)

    page = reads.form_page(dan, trial.study, subject, "SCR", "demographics", ON)
    assert everything(trial) == before  # a draft is no record
    assert page.draft is not None
    assert dict(page.draft.answers) == typed
    assert not page.stale_draft
    assert reads.form_page(ana, trial.study, subject, "SCR", "demographics", ON).draft is None
    trial.record(subject, "demographics", name="ana")
    assert reads.form_page(dan, trial.study, subject, "SCR", "demographics", ON).stale_draft
    actions.discard_draft(dan, trial.study, subject, "SCR", "demographics")
    assert reads.form_page(dan, trial.study, subject, "SCR", "demographics", ON).draft is None


def test_saving_a_form_takes_its_draft_away(trial: Any) -> None:
    subject = trial.register()
    dan = trial.viewer("dan")
    actions.save_draft(dan, trial.study, subject, "SCR", "consent", {"consent.signer": ItemAnswer("guardian")}, base_position=0)

    trial.record(subject, "consent")

    assert reads.form_page(dan, trial.study, subject, "SCR", "consent", ON).draft is None


def test_a_base_that_never_was_is_refused(trial: Any) -> None:
    subject = trial.register()

    answer = trial.perform("dan", RecordForm("SCR", "consent", {}, base_position=99), subject)

    assert isinstance(answer, Declined)
