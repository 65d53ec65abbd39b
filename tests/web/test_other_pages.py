"""Registering, the matrix, identity, audit, access: what the pages do beyond opening."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse


def test_pressing_register_twice_registers_one_child(trial: Any, signed_in: Any) -> None:
    dan = signed_in("dan")
    address = reverse("register", args=[trial.study])
    number = dan.get(address).content.decode().split('name="site" value="')[1].split('"')[0]

    first, second = (dan.post(address, {"site": number}) for _ in range(2))

    assert first["Location"] == reverse("subject", args=[trial.study, number.split("/")[1]])
    assert second["Location"] == address
    html = dan.get(reverse("subjects", args=[trial.study])).content.decode()
    assert html.count('<th scope="row" class="frozen">') == 1


def test_a_coordinator_cannot_register_at_another_site(trial: Any, signed_in: Any) -> None:
    response = signed_in("dan").post(reverse("register", args=[trial.study]), {"site": f"{trial.sites[1]}/02-001"})

    assert response.status_code in {403, 404}


def test_the_matrix_asks_the_same_number_of_questions_however_many_children(trial: Any, signed_in: Any) -> None:
    dan, counts = signed_in("dan"), []
    address = reverse("subjects", args=[trial.study])
    for number in (1, 4, 12):
        while trial_size(trial) < number:
            trial.register()
        dan.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert dan.get(address).status_code == 200
        counts.append(len(asked))

    assert len(set(counts)) == 1, counts


def trial_size(trial: Any) -> int:
    from protocord.store import reads

    viewer = trial.viewer("dan")
    return reads.subject_matrix(viewer, trial.study, viewer.on).total


def test_the_matrix_filters_by_status_and_number_from_the_address(demonstration: Any, demonstrator: Any) -> None:
    browser = demonstrator("coordinator-01")
    address = reverse("subjects", args=[demonstration.study])

    enrolled = browser.get(address, {"status": "enrolled"}).content.decode()
    one = browser.get(address, {"find": "-003"}).content.decode()

    assert "enrolled" in enrolled
    assert "screen failure</span>" not in enrolled
    assert one.count('<th scope="row" class="frozen">') == 1


def test_a_cell_says_its_state_in_words(demonstration: Any, demonstrator: Any) -> None:
    html = demonstrator("coordinator-01", "zh-hans").get(reverse("subjects", args=[demonstration.study])).content.decode()

    assert "SCR: " in html
    assert "尚未排定" in html


def test_home_lists_work_by_deadline_and_leaves_empty_kinds_out(demonstration: Any, demonstrator: Any) -> None:
    response = demonstrator("investigator-01").get(reverse("work", args=[demonstration.study]))
    cards = response.context["cards"]

    dated = [card.due for card in cards if card.due]
    assert dated == sorted(dated)
    assert all(card.count for card in cards)
    assert [card.due is None for card in cards] == sorted(card.due is None for card in cards)


def test_a_look_at_an_identity_is_an_entry_with_its_reason(trial: Any, signed_in: Any, child: str) -> None:
    dan = signed_in("dan")
    names = {"study": trial.study, "subject": child}
    dan.post(reverse("identity_change", kwargs=names), {"name": "Made Up", "contact_name": "Mother Up", "telephone": "0000"})

    page = dan.get(reverse("subject", kwargs=names)).content.decode()
    shown = dan.post(reverse("identity", kwargs=names), {"reason": "call the family"}).content.decode()
    trail = dan.get(reverse("audit", args=[trial.study]), {"kind": "identity_seen"}).content.decode()

    assert "Made Up" not in page
    assert "Made Up" in shown
    assert "call the family" in trail
    assert "Made Up" not in trail


def test_the_trail_is_filtered_by_subject_and_kind(demonstration: Any, demonstrator: Any) -> None:
    browser = demonstrator("monitor")
    subject = demonstration.subject(status="enrolled")

    rows = browser.get(reverse("audit", args=[demonstration.study]), {"subject": subject, "kind": "form_saved"}).context["rows"]

    assert rows
    assert {(line.row.subject, line.row.kind) for line in rows} == {(subject, "form_saved")}


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_the_trail_is_exported_and_that_is_an_entry(form: str, demonstration: Any, demonstrator: Any) -> None:
    browser = demonstrator("data-manager")
    address = reverse("audit_export", args=[demonstration.study])

    text = browser.get(address, {"as": form, "kind": "subject_enrolled"}).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text))) if form == "csv" else [json.loads(line) for line in text.splitlines()]
    trail = browser.get(reverse("audit", args=[demonstration.study]), {"kind": "exported"}).content.decode()

    assert rows
    assert {row["kind"] for row in rows} == {"subject_enrolled"}
    assert f"audit.{form}" in trail


def test_the_chains_are_verified_on_the_page(demonstration: Any, demonstrator: Any) -> None:
    html = demonstrator("monitor").get(reverse("ledger", args=[demonstration.study])).content.decode()

    assert "Every chain holds." in html


def test_an_administrator_gives_and_ends_a_role_with_a_reason(trial: Any, signed_in: Any) -> None:
    adam = signed_in("adam")
    given = {"username": "cai", "role": "monitor", "site": "", "reason": "new on the study"}
    adam.post(reverse("access_grant", args=[trial.study]), given)

    assert [role.value for role in trial.viewer("cai").roles(trial.study)] == ["monitor"]
    assert "Cai Lu" in adam.get(reverse("access", args=[trial.study])).content.decode()

    ended = {"username": "cai", "role": "monitor", "site": "", "last_day": "2020-01-01", "reason": "left"}
    adam.post(reverse("access_revoke", args=[trial.study]), ended)
    response = adam.get(reverse("access", args=[trial.study]))
    [person] = [person for person in response.context["people"] if person.username == "cai"]
    assert [grant.ends is not None for grant in person.grants] == [True]


def test_a_role_is_not_given_without_a_reason(trial: Any, signed_in: Any) -> None:
    response = signed_in("adam").post(
        reverse("access_grant", args=[trial.study]), {"username": "cai", "role": "monitor"}, follow=True
    )

    assert "reason" in response.content.decode()
    assert trial.viewer("cai").roles(trial.study) == ()


def test_a_visit_outside_its_window_is_told_as_a_deviation(demonstration: Any, demonstrator: Any) -> None:
    enrolled = demonstration.subject(status="enrolled")
    page = demonstrator("coordinator-01").get(reverse("calendar", args=[demonstration.study, enrolled]))
    late = next(line for line in page.context["lines"] if line.state == "overdue")
    address = reverse("record_visit", args=[demonstration.study, enrolled, late.visit.visit_id])

    sent = {"status": "done", "on": page.context["today"].isoformat(), "reason": "the family was away"}
    html = demonstrator("coordinator-01").post(address, sent, follow=True).content.decode()

    assert "a deviation is recorded" in html


def test_a_withdrawal_is_recorded_with_scope_and_decider(demonstration: Any, demonstrator: Any) -> None:
    enrolled = demonstration.subject(status="enrolled")
    address = reverse("withdraw", args=[demonstration.study, enrolled])
    today = demonstrator("coordinator-01").get(reverse("subject", args=[demonstration.study, enrolled])).context["today"]

    sent = {"scope": "treatment", "decided_by": "guardian", "on": today.isoformat(), "reason": "too far to travel"}
    html = demonstrator("coordinator-01").post(address, sent, follow=True).content.decode()

    assert "too far to travel" in html
