"""The board: assess, sign with the password, enrol, see a broken signature, look back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse


@pytest.fixture
def waiting(demonstration: Any) -> str:
    """An eligible child, assessed, not signed."""
    return str(demonstration.subject(status="screening", outcome="eligible", signature=""))


def board(
    demonstrator: Any, demonstration: Any, subject: str, name: str = "investigator-01", query: str = "", language: str = "en"
) -> str:
    address = reverse("board", args=[demonstration.study, subject]) + query
    response = demonstrator(name, language).get(address, follow=True)
    assert response.status_code == 200
    return str(response.content.decode())


def hash_on(html: str) -> str:
    found = re.search(r'name="content_hash" value="([0-9a-f]{64})"', html)
    assert found, "no signature is offered"
    return found[1]


def sign(
    demonstrator: Any, demonstration: Any, subject: str, content_hash: str, password: str, name: str = "investigator-01"
) -> Any:
    address = reverse("sign", args=[demonstration.study, subject])
    return demonstrator(name).post(address, {"content_hash": content_hash, "password": password}, follow=True)


def card(demonstration: Any, subject: str) -> Any:
    from protocord.store import reads
    from protocord.store.access import viewer_named

    return reads.subject_card(viewer_named("coordinator-01"), demonstration.study, subject)


def test_the_board_says_each_criterion_its_rule_its_data_and_its_answer(
    demonstration: Any, demonstrator: Any, waiting: str
) -> None:
    from protocord.store import protocols

    html = board(demonstrator, demonstration, waiting)

    for criterion in protocols.current(demonstration.study).eligibility.criteria:
        assert f'id="criterion-{criterion.id}"' in html
    assert "Lansky" in html
    assert re.search(r'<a href="[^"]+/forms/laboratory/#item-', html), "data used must link to the item on its form"
    assert "exclusion criteria of this study were not retrieved" in html


def test_the_date_line_is_a_picture_and_a_table(demonstration: Any, demonstrator: Any, waiting: str) -> None:
    html = board(demonstrator, demonstration, waiting)

    assert 'role="img"' in html
    assert re.search(r"First eligible day \d{4}-\d\d-\d\d –", html)
    assert html.index("The same as a table") < html.index("What stands in the way")


def test_an_unknown_says_what_to_enter(demonstration: Any, demonstrator: Any) -> None:
    html = board(demonstrator, demonstration, demonstration.subject(outcome="incomplete"))

    assert 'class="missing"' in html


def test_an_investigator_signs_with_the_password_and_the_hash_that_was_shown(
    demonstration: Any, demonstrator: Any, waiting: str
) -> None:
    response = sign(
        demonstrator, demonstration, waiting, hash_on(board(demonstrator, demonstration, waiting)), demonstration.password
    )

    assert "The eligibility is signed." in response.content.decode()
    assert card(demonstration, waiting).signature == "valid"


def test_a_wrong_password_signs_nothing(demonstration: Any, demonstrator: Any, waiting: str) -> None:
    response = sign(
        demonstrator, demonstration, waiting, hash_on(board(demonstrator, demonstration, waiting)), "not the password"
    )

    assert "Nothing was signed" in response.content.decode()
    assert card(demonstration, waiting).signature == ""


def test_a_hash_that_nobody_was_shown_signs_nothing(demonstration: Any, demonstrator: Any, waiting: str) -> None:
    sign(demonstrator, demonstration, waiting, "0" * 64, demonstration.password)

    assert card(demonstration, waiting).signature == ""


def test_a_coordinator_is_not_offered_the_signature_and_cannot_make_it(
    demonstration: Any, demonstrator: Any, waiting: str
) -> None:
    content_hash = hash_on(board(demonstrator, demonstration, waiting))

    assert 'id="sign"' not in board(demonstrator, demonstration, waiting, "coordinator-01")
    assert sign(demonstrator, demonstration, waiting, content_hash, demonstration.password, "coordinator-01").status_code == 403


def test_enrolling_needs_the_signature(demonstration: Any, demonstrator: Any, waiting: str) -> None:
    browser = demonstrator("investigator-01")
    address = reverse("enrol", args=[demonstration.study, waiting])

    refused = browser.post(address, follow=True)

    assert card(demonstration, waiting).status == "screening"
    assert 'class="banner bad"' in refused.content.decode()


def test_a_signed_child_is_enrolled_and_its_calendar_laid_out(demonstration: Any, demonstrator: Any) -> None:
    signed = demonstration.subject(status="screening", signature="valid")
    browser = demonstrator("investigator-01")

    offered = re.search(
        r'id="enrol-on" name="on" value="([\d-]+)"', re.sub(r"\s+", " ", board(demonstrator, demonstration, signed))
    )
    assert offered, "enrolment is not offered"
    enrolled = browser.post(reverse("enrol", args=[demonstration.study, signed]), {"on": offered[1]}, follow=True)
    browser.post(reverse("plan", args=[demonstration.study, signed]), {"day_1": card_day(demonstration)})
    html = browser.get(reverse("calendar", args=[demonstration.study, signed])).content.decode()

    assert "The child is enrolled" in enrolled.content.decode()
    assert card(demonstration, signed).status == "enrolled"
    assert len(re.findall(r'<circle class="dose ', html)) == 8


def card_day(demonstration: Any) -> str:
    """A day in five days, when the calendar may begin."""
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC).date() + timedelta(days=5)).isoformat()


def test_a_change_to_what_was_signed_shows_as_broken(demonstration: Any, demonstrator: Any) -> None:
    signed = demonstration.subject(status="screening", signature="valid")
    browser = demonstrator("coordinator-01")
    form = reverse("form", args=[demonstration.study, signed, "BL-LAB", "laboratory"])
    html = browser.get(form).content.decode()
    sent = sent_again(html)
    sent |= {"v:haematology.anc": "0.3", "reason": "The laboratory corrected the result"}

    saved = browser.post(form, sent, follow=True)

    assert "breaks the signature" in saved.content.decode()
    assert "The signature is broken" in board(demonstrator, demonstration, signed)
    assert "签名已失效" in board(demonstrator, demonstration, signed, language="zh-hans")
    assert card(demonstration, signed).signature == "broken"


def sent_again(html: str) -> dict[str, str]:
    """What a browser would send for a form as it stands."""
    fields: dict[str, str] = {}
    form = html[html.index('id="entry-form"') :]
    form = re.sub(r"<template.*?</template>", "", form, flags=re.DOTALL)
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("type") == "radio" and " checked" not in tag:
            continue
        if "name" in attributes:
            fields[attributes["name"]] = attributes.get("value", "")
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, flags=re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        fields[name] = chosen[1] if chosen else ""
    return fields


def test_what_was_known_earlier_leaves_later_entries_out(demonstration: Any, demonstrator: Any) -> None:
    enrolled = demonstration.subject(status="enrolled")
    day = card(demonstration, enrolled).registered_on.isoformat()

    html = board(demonstrator, demonstration, enrolled, query=f"?known={day}&on={day}")

    assert f"What was known on {day}" in html
    assert 'data-dialog="sign"' not in html


def test_the_worksheet_holds_every_criterion_and_room_to_sign(demonstration: Any, demonstrator: Any, waiting: str) -> None:
    address = reverse("worksheet", args=[demonstration.study, waiting])
    response = demonstrator("coordinator-01").get(address, follow=True)
    html = response.content.decode()

    assert html.count('id="criterion-') >= 10
    assert "sign-line" in html


def test_assessing_twice_is_two_assessments_of_the_same_content(demonstration: Any, demonstrator: Any, waiting: str) -> None:
    address = reverse("assess", args=[demonstration.study, waiting])
    browser = demonstrator("coordinator-01")

    responses = [browser.post(address, {"on": "2026-01-02"}, follow=True) for _ in range(2)]

    assert [response.status_code for response in responses] == [200, 200]


def test_a_screen_failure_needs_a_reason_only_people_can_give(demonstration: Any, demonstrator: Any) -> None:
    ineligible = demonstration.subject(status="screening", outcome="ineligible")
    browser = demonstrator("investigator-01")
    address = reverse("screen_fail", args=[demonstration.study, ineligible])

    browser.post(address, {"reason": "Chemotherapy too recent; family does not want to wait"}, follow=True)

    assert card(demonstration, ineligible).status == "screen_failed"
