"""What people come to do, from signing in to the calendar; found by role and label, as people find it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page, expect

from protocord.protocol import STUDIES

pytestmark = [pytest.mark.browser]

TODAY_AT_SITE = "Asia/Shanghai"


def today() -> date:
    from protocord.web.frame import today_at

    return today_at(TODAY_AT_SITE)


def healthy_answers() -> dict[str, dict[str, str]]:
    """The demonstration's healthy child as people would type it: form -> item -> text, dates counted from today."""
    content = yaml.load((STUDIES / "nct06848582" / "demo.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)
    typed: dict[str, dict[str, str]] = {}
    for form, answers in content["answers"]["healthy"].items():
        typed[form] = {}
        for key, answer in answers.items():
            value = answer["value"] if isinstance(answer, dict) else answer
            if found := re.fullmatch(r"day(?:([+-]\d+))?", value):
                value = (today() + timedelta(days=int(found[1] or 0))).isoformat()
            typed[form][key] = value
    return typed


def focused(page: Page) -> dict[str, str]:
    """What has the keyboard: its name, its kind, and whether it saves."""
    found: dict[str, str] = page.evaluate(
        """() => { const at = document.activeElement;
          return {name: at.name || "", type: at.type || at.tagName, save: at.matches("[data-save]") ? "1" : "", add: at.dataset.add || "",
                  text: (at.innerText || "").trim(), inForm: at.closest("form[data-entry] fieldset") ? "1" : ""}; }"""
    )
    return found


def tab_until(page: Page, wanted: Any, key: str = "Tab") -> None:
    """Press Tab until the focus is where it is wanted: proves that the keyboard reaches it."""
    for _ in range(120):
        page.keyboard.press(key)
        if wanted(focused(page)):
            return
    pytest.fail("the keyboard does not get there")


def fill_by_keyboard(page: Page, answers: dict[str, str]) -> None:
    """Fill a form with Tab, Enter, digits and letters only, and save it with Ctrl+S."""
    for section in dict.fromkeys(key.split(".")[0] for key in answers if key.count(".") == 2):
        tab_until(page, lambda at, section=section: at["add"] == section)
        page.keyboard.press("Enter")  # a row is there, and has the focus
    page.keyboard.press("Escape")
    first = page.locator('form[data-entry] [name^="v:"]:visible').first.get_attribute("name")
    back = "Shift+Tab" if focused(page)["inForm"] else "Tab"
    if focused(page)["name"] != first:
        tab_until(page, lambda at: at["name"] == first, back)
    left = dict(answers)
    for _ in range(200):
        at = focused(page)
        if at["save"]:
            break
        key = at["name"].removeprefix("v:")
        if at["name"].startswith("v:") and key in left:
            value = left.pop(key)
            if at["type"] == "radio":
                keys = page.evaluate(
                    '([name, value]) => document.querySelector(`[name="${name}"][value="${value}"]`).dataset.keys',
                    [at["name"], value],
                )
                page.keyboard.press(keys[0])
            else:
                page.keyboard.type(value)
        page.keyboard.press("Enter")
    assert left == {}, f"not reached by the keyboard: {left}"
    page.keyboard.press("Control+s")
    expect(page.locator(".entry-head .state")).to_contain_text("saved 2")


def register(person: Any) -> str:
    """Register a child by keyboard, from the home page; its number."""
    page = person.page
    tab_until(page, lambda at: at["text"] == "Register a subject")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Register a subject").wait_for()
    tab_until(page, lambda at: at["text"] == "Register")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is registered for screening")).to_be_visible()
    return str(page.get_by_role("heading", level=1).inner_text())


def test_a_child_is_registered_screened_by_keyboard_signed_enrolled_and_gets_its_calendar(at_screen: Any) -> None:
    coordinator = at_screen("coordinator-01")
    page = coordinator.page
    subject = register(coordinator)
    answers = healthy_answers()

    # Nothing is known yet: the board asks for everything and decides nothing.
    coordinator.study_page(f"subjects/{subject}/eligibility/")
    expect(page.get_by_role("heading", name="incomplete")).to_be_visible()

    for form in ["consent", *(name for name in answers if name not in {"consent", "laboratory"})]:
        coordinator.study_page(f"subjects/{subject}/visits/SCR/forms/{form}/")
        fill_by_keyboard(page, answers[form])
    coordinator.study_page(f"subjects/{subject}/visits/BL-LAB/forms/laboratory/")
    fill_by_keyboard(page, answers["laboratory"])

    coordinator.study_page(f"subjects/{subject}/eligibility/?on={today()}&infusion={today() + timedelta(days=3)}")
    unknown = page.locator(".board .tag.ask").count()
    assert unknown == 0, page.locator(".board .missing").all_inner_texts()
    expect(page.get_by_role("heading", name=re.compile("^eligible"))).to_be_visible()
    page.get_by_role("button", name="Record this assessment").press("Enter")
    expect(page.get_by_text("The assessment is recorded.")).to_be_visible()

    investigator = at_screen("investigator-01")
    page = investigator.page
    investigator.study_page(f"subjects/{subject}/eligibility/")
    page.get_by_role("button", name="Sign as investigator").click()
    dialog = page.get_by_role("dialog", name="Sign as investigator")
    expect(dialog.get_by_text("I have reviewed each criterion")).to_be_visible()
    expect(dialog.locator(".hash")).to_have_text(re.compile("^[0-9a-f]{64}$"))
    for judgement in dialog.get_by_label(re.compile("Your judgement on")).all():
        judgement.fill("Judged at the bedside.")
    dialog.get_by_label("Your password, again").fill("correct horse battery staple")
    dialog.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_text("The eligibility is signed.")).to_be_visible()

    page.get_by_role("button", name="Enrol", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Enrol").click()
    expect(page.get_by_text("The child is enrolled.")).to_be_visible()
    page.get_by_label("First infusion on").fill((today() + timedelta(days=3)).isoformat())
    page.get_by_role("button", name="Lay out the calendar").click()
    expect(page.get_by_role("img", name="Calendar of visits and infusions")).to_be_visible()
    assert page.locator("circle.dose").count() == 8


def test_a_correction_breaks_the_signature_and_everybody_sees_it(at_screen: Any, demonstration: Any) -> None:
    subject = demonstration.subject(status="screening", signature="valid")
    coordinator = at_screen("coordinator-01")
    page = coordinator.page
    coordinator.study_page(f"subjects/{subject}/visits/BL-LAB/forms/laboratory/")

    page.get_by_label("Neutrophils (segments and bands)", exact=True).fill("0.3")
    page.get_by_label("Neutrophils (segments and bands)", exact=True).press("Enter")
    expect(page.get_by_label("Reason for the change")).to_be_visible()
    page.get_by_label("Reason for the change").select_option("The laboratory corrected the result")
    page.keyboard.press("Control+s")
    expect(page.locator(".messages")).to_contain_text("The change breaks the signature")

    investigator = at_screen("investigator-01")
    investigator.study_page(f"subjects/{subject}/eligibility/")
    expect(investigator.page.get_by_role("alert").filter(has_text="The signature is broken")).to_be_visible()
    expect(investigator.page.get_by_role("button", name="Enrol", exact=True)).to_have_count(0)

    page.get_by_role("button", name="History Neutrophils (segments and bands)", exact=True).click()
    history = page.get_by_role("dialog", name=re.compile("History"))
    expect(history.get_by_text("The laboratory corrected the result")).to_be_visible()


def test_two_people_on_one_form_lose_nothing(at_screen: Any, demonstration: Any) -> None:
    subject = demonstration.subject(status="screening", outcome="incomplete")
    form = f"subjects/{subject}/visits/SCR/forms/disease/"
    first, second = at_screen("coordinator-01"), at_screen("investigator-01")
    for person, laboratory in ((first, "Pathology A"), (second, "Pathology B")):
        person.study_page(form)
        person.page.get_by_label(re.compile("^Pathology laboratory|laboratory", re.IGNORECASE)).first.fill(laboratory)
        person.page.get_by_label("Reason for the change").select_option("Typing error")

    first.page.keyboard.press("Control+s")
    expect(first.page.locator(".messages")).to_contain_text("Saved.")
    second.page.keyboard.press("Control+s")

    conflict = second.page.get_by_role("region", name="Somebody saved this form meanwhile")
    expect(conflict.get_by_role("radio", name="Pathology A")).to_be_visible()
    expect(conflict.get_by_role("radio", name="Pathology B")).to_be_checked()
    conflict.get_by_role("radio", name="Pathology A").check()
    second.page.get_by_label("Reason for the change").select_option("Typing error")
    second.page.keyboard.press("Control+s")
    expect(second.page.locator(".entry-head .state")).to_contain_text("saved")
    second.study_page(form)
    expect(second.page.locator('[name="v:diagnosis.report_by"]')).to_have_value("Pathology A")


def test_a_partial_date_is_echoed_before_saving_and_an_ambiguous_one_is_refused(at_screen: Any, demonstration: Any) -> None:
    subject = demonstration.subject(status="screening", outcome="incomplete")
    coordinator = at_screen("coordinator-01")
    page = coordinator.page
    coordinator.study_page(f"subjects/{subject}/visits/SCR/forms/disease/")
    box, echo = page.locator('[name="v:diagnosis.diagnosed_on"]'), page.locator("#echo-item-diagnosis-diagnosed_on")

    box.fill("UN-MAR-2024")
    box.press("Enter")
    expect(echo).to_contain_text("= 2024-03")

    box.fill("03/04/24")
    box.press("Enter")
    expect(page.locator("#problems-item-diagnosis-diagnosed_on li.hard")).to_be_visible()
    expect(page.locator("#summary").get_by_role("link").filter(has_text="03/04/24")).to_be_visible()


def test_why_there_is_no_answer_is_said_by_key(at_screen: Any, demonstration: Any) -> None:
    subject = demonstration.subject(status="screening", outcome="incomplete")
    coordinator = at_screen("coordinator-01")
    page = coordinator.page
    coordinator.study_page(f"subjects/{subject}/visits/SCR/forms/disease/")

    page.locator('[name="v:diagnosis.report_on"]').focus()
    page.keyboard.press("Alt+n")
    expect(page.locator('[name="n:diagnosis.report_on"]')).to_be_focused()
    page.locator('[name="n:diagnosis.report_on"]').select_option("not_done")
    page.locator('[name="m:diagnosis.report_on"]').fill("No biopsy was possible")

    expect(page.locator('[name="v:diagnosis.report_on"]')).to_have_value("")
    expect(page.locator("#item-diagnosis-report_on")).to_have_class(re.compile("changed"))


def test_a_draft_comes_back_after_the_window_was_closed(at_screen: Any, demonstration: Any) -> None:
    subject = demonstration.subject(status="screening", outcome="incomplete")
    form = f"subjects/{subject}/visits/SCR/forms/disease/"
    coordinator = at_screen("coordinator-01")
    coordinator.study_page(form)
    coordinator.page.locator('[name="v:diagnosis.report_by"]').press_sequentially("Typed and not saved")
    expect(coordinator.page.locator("#draft-state")).to_contain_text("draft kept")

    again = at_screen("coordinator-01")
    again.study_page(form)
    again.page.get_by_role("link", name="Go on with them").click()

    expect(again.page.locator('[name="v:diagnosis.report_by"]')).to_have_value(re.compile("Typed and not saved"))


def test_a_row_is_added_and_removed(at_screen: Any, demonstration: Any) -> None:
    subject = demonstration.subject(status="screening", outcome="incomplete")
    coordinator = at_screen("coordinator-01")
    page = coordinator.page
    coordinator.study_page(f"subjects/{subject}/visits/SCR/forms/prior_therapy/")
    rows = page.locator('[data-section="chemotherapy"]:visible')
    before = rows.count()

    page.locator('[data-add="chemotherapy"]').click()
    expect(rows).to_have_count(before + 1)
    assert page.evaluate("document.activeElement.name").startswith("v:chemotherapy.")
    rows.last.get_by_role("button", name="Remove this row").click()

    expect(rows).to_have_count(before)


def test_the_whole_way_in_chinese(at_screen: Any, demonstration: Any) -> None:
    subject = demonstration.subject(status="screening", outcome="eligible", signature="")
    investigator = at_screen("investigator-01", "zh")
    page = investigator.page
    expect(page.get_by_role("link", name="受试者", exact=True)).to_be_visible()
    investigator.study_page(f"subjects/{subject}/eligibility/")

    page.get_by_role("button", name="研究者签名").click()
    page.get_by_label("请再次输入密码").fill(demonstration.password)
    page.get_by_role("button", name="签名", exact=True).click()
    expect(page.get_by_text("入组资格已签名。")).to_be_visible()
    page.get_by_role("button", name="入组", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="入组").click()

    expect(page.get_by_text("该患儿已入组。")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "zh-Hans"


def test_arrow_keys_move_through_the_subjects(at_screen: Any) -> None:
    coordinator = at_screen("coordinator-01")
    page = coordinator.page
    coordinator.study_page("subjects/")
    page.locator("tbody a[data-cell]").first.focus()

    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)

    focus = page.evaluate("document.activeElement.closest('tr').rowIndex + ':' + document.activeElement.className")
    assert focus.startswith("2:cell")


def test_the_list_of_keys_opens_with_a_question_mark(at_screen: Any) -> None:
    page = at_screen("coordinator-01").page

    page.keyboard.press("?")

    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
