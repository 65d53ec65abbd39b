"""Every page, for somebody who may open it, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

ROLES = {"work": "dan", "subjects": "dan", "register": "dan", "audit": "mia", "ledger": "mia", "access": "adam"}
STUDY_PAGES = (
    "work",
    "subjects",
    "register",
    "protocol",
    "protocol_schedule",
    "protocol_criteria",
    "protocol_to_confirm",
    "audit",
    "ledger",
    "access",
)
SUBJECT_PAGES = ("subject", "board", "worksheet", "calendar")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("page", STUDY_PAGES)
def test_a_page_of_the_study_opens(page: str, language: str, signed_in: Any, trial: Any, child: str) -> None:
    from django.urls import reverse

    response = signed_in(ROLES.get(page, "dan"), language).get(reverse(page, args=[trial.study]))

    assert response.status_code == 200, response.content.decode()[:2000]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("page", SUBJECT_PAGES)
def test_a_page_of_a_child_opens(page: str, language: str, signed_in: Any, trial: Any, child: str) -> None:
    from django.urls import reverse

    response = signed_in("dan", language).get(reverse(page, args=[trial.study, child]))

    assert response.status_code == 200


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_form_of_the_screening_opens(language: str, signed_in: Any, trial: Any, child: str) -> None:
    from django.urls import reverse

    from protocord.store import protocols

    client = signed_in("dan", language)
    for visit in protocols.current(trial.study).schedule.visits:
        for form in visit.forms:
            response = client.get(reverse("form", args=[trial.study, child, visit.id, form]))

            assert response.status_code == 200, (visit.id, form)
