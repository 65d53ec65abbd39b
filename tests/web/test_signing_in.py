"""Signing in, being locked out, and the language of an account."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

LOGIN = "/accounts/login/"


def test_a_person_signs_in_and_comes_back_to_the_page_asked_for(trial: Any) -> None:
    client = Client()
    asked = f"/studies/{trial.study}/subjects/?status=screening"

    sent_away = client.get(asked)
    response = client.post(sent_away["Location"], {"login": "dan", "password": trial.password})

    assert (response.status_code, response["Location"]) == (302, asked)


@pytest.mark.parametrize(("language", "words"), [("en", "Too many failed sign-ins"), ("zh-hans", "登录失败次数过多")])
def test_after_five_failures_the_account_is_locked_and_told_so(language: str, words: str, trial: Any) -> None:
    client = Client()
    client.cookies["django_language"] = language
    for _ in range(5):
        response = client.post(LOGIN, {"login": "dan", "password": "wrong"})

    locked = client.post(LOGIN, {"login": "dan", "password": trial.password})

    assert locked.status_code in {403, 429}
    assert words in locked.content.decode()
    assert words in response.content.decode()


def test_there_is_no_open_sign_up(trial: Any) -> None:
    client = Client()

    assert "signup" not in client.get(LOGIN).content.decode()
    client.post("/accounts/signup/", {"username": "eve", "password1": trial.password, "password2": trial.password})
    assert "_auth_user_id" not in client.session


def test_an_account_that_chose_chinese_is_served_chinese_in_a_new_browser(trial: Any, signed_in: Any) -> None:
    signed_in("dan").post("/language/", {"language": "zh-hans", "next": "/"})

    client = Client()
    client.post(LOGIN, {"login": "dan", "password": trial.password})
    response = client.get(f"/studies/{trial.study}/subjects/")

    assert '<html lang="zh-Hans">' in response.content.decode()


def test_signing_out_asks_for_the_button_not_for_a_link(trial: Any, signed_in: Any) -> None:
    client = signed_in("dan")

    client.get("/accounts/logout/")
    assert "_auth_user_id" in client.session
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session
