"""What holds on every page that opens: nothing from outside, a content security policy, both languages whole."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from protocord.protocol import STUDIES

STUDY_PAGES = {
    "work": "coordinator-01",
    "subjects": "coordinator-01",
    "register": "coordinator-01",
    "protocol": "statistician",
    "protocol_schedule": "statistician",
    "protocol_criteria": "statistician",
    "protocol_to_confirm": "statistician",
    "audit": "monitor",
    "ledger": "monitor",
    "access": "administrator",
}
SUBJECT_PAGES = ("subject", "board", "worksheet", "calendar")


def addresses(demonstration: Any) -> list[tuple[str, str]]:
    """Every page that is read, with somebody who may: children in different states, and every form of one."""
    from protocord.store import protocols

    study = demonstration.study
    found = [(name, reverse(page, args=[study])) for page, name in STUDY_PAGES.items()]
    children = [
        demonstration.subject(status="enrolled"),
        demonstration.subject(outcome="ineligible"),
        demonstration.subject(outcome="incomplete"),
    ]
    found += [("investigator-01", reverse(page, args=[study, child])) for page in SUBJECT_PAGES for child in children]
    for visit in protocols.current(study).schedule.visits[:4]:
        found += [("coordinator-01", reverse("form", args=[study, children[0], visit.id, form])) for form in visit.forms]
    return found


@pytest.fixture
def pages(demonstration: Any, demonstrator: Any, request: pytest.FixtureRequest) -> list[tuple[str, Any]]:
    browsers: dict[str, Any] = {}
    found = []
    for name, address in addresses(demonstration):
        browser = browsers.setdefault(name, demonstrator(name, request.param))
        found.append((address, browser.get(address, follow=True)))
    return found


@pytest.mark.parametrize("pages", ["en", "zh-hans"], indirect=True)
def test_every_page_opens_and_is_sound(pages: list[tuple[str, Any]]) -> None:
    problems = []
    for address, response in pages:
        html = response.content.decode()
        if response.status_code != 200:
            problems.append(f"{address}: {response.status_code}")
            continue
        policy = response["Content-Security-Policy"]
        if "default-src 'none'" not in policy or "unsafe" in policy:
            problems.append(f"{address}: policy {policy}")
        problems += [f"{address}: an address outside" for _ in re.findall(r'(?:src|href|action)="(?:[a-z]+:)?//', html)]
        problems += [f"{address}: inline style or script" for _ in re.findall(r'<script>|<style| style="| on\w+="', html)]
        problems += [f"{address}: a missing value shows as {shown}" for shown in re.findall(r'="(None)"|(\{\{|\{%)', html)]
    assert problems == []


@pytest.mark.parametrize("pages", ["zh-hans"], indirect=True)
def test_a_chinese_page_speaks_no_english(pages: list[tuple[str, Any]]) -> None:
    """Whole English phrases of three words or more; names, codes, rules, and what people typed are language-neutral."""
    typed = (STUDIES / "nct06848582" / "demo.yaml").read_text("utf-8")
    problems = []
    for address, response in pages:
        html = re.sub(r"<(code|script|style|option)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
        html = re.sub(r'<input[^>]*>|<[^>]* lang="en"[^>]*>.*?</\w+>', " ", html, flags=re.DOTALL)
        if "/audit/" in address or "/to-confirm/" in address or "/protocol/" in address:
            continue  # what people wrote, and citations of English sources, stay as they are
        text = re.sub(
            "“[^”]*”|&quot;.*?&quot;", " ", re.sub(r"<[^>]*>", "\n", html)
        )  # the registry's words are quoted in English
        phrases = re.findall(r"\b[A-Za-z][a-z]+(?: [a-z]+){2,}\b", text)
        problems += [f"{address}: {phrase}" for phrase in phrases if phrase not in typed]
    assert problems == []


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("address", ["/accounts/login/", "/nowhere/"])
def test_pages_before_signing_in_say_their_language(address: str, language: str, trial: Any) -> None:
    from django.test import Client

    client = Client()
    client.cookies["django_language"] = language

    html = client.get(address).content.decode()

    assert f'<html lang="{"zh-Hans" if language == "zh-hans" else "en"}">' in html
    assert ("登录" in html or "首页" in html) == (language == "zh-hans")


def test_a_fault_is_told_in_both_languages(trial: Any) -> None:
    from django.test import RequestFactory

    from protocord.web.pages.errors import broken

    response = broken(RequestFactory().get("/"))

    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()
    assert "系统出现故障" in response.content.decode()


def test_the_language_is_chosen_and_remembered(trial: Any, signed_in: Any) -> None:
    client = signed_in("dan")

    response = client.post("/language/", {"language": "zh-hans", "next": "/studies/"})

    assert (response.status_code, response["Location"]) == (302, "/studies/")
    assert client.cookies["django_language"].value == "zh-hans"
    assert trial.user("dan").language == "zh-hans"


@pytest.mark.parametrize("outside", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_choosing_a_language_leads_nowhere_else(outside: str, trial: Any, signed_in: Any) -> None:
    response = signed_in("dan").post("/language/", {"language": "en", "next": outside})

    assert response["Location"] == "/"
