"""Every screen at 1280 × 720 in both languages: no sideways scrolling, everything named, enough contrast. Writes the documentation's pictures."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.browser]

FAULTS = """() => {
  const faults = [];
  const seen = (element) => element.getClientRects().length > 0 && getComputedStyle(element).visibility !== "hidden";
  const named = (element) => element.labels?.length || element.getAttribute("aria-label")
    || [...(element.getAttribute("aria-labelledby") || "").split(" ")].some((id) => id && document.getElementById(id))
    || element.title;
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
    if (!named(field)) faults.push("no label: " + (field.name || field.outerHTML.slice(0, 80)));
  for (const button of document.querySelectorAll("button, a[href]"))
    if (!button.textContent.trim() && !named(button)) faults.push("no name: " + button.outerHTML.slice(0, 90));
  for (const image of document.querySelectorAll("img:not([alt]), svg[role=img]:not(:has(title))")) faults.push("no text: " + image.outerHTML.slice(0, 60));
  for (const table of document.querySelectorAll("table")) if (!table.caption) faults.push("no caption: " + table.className);
  const headings = [...document.querySelectorAll("h1, h2, h3, h4")].filter(seen).map((heading) => Number(heading.tagName[1]));
  if (headings.filter((level) => level === 1).length !== 1) faults.push("headings of level 1: " + headings.filter((level) => level === 1).length);
  headings.forEach((level, at) => { if (at && level > headings[at - 1] + 1) faults.push("heading skips to " + level); });
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) faults.push("id twice: " + id);
  for (const name of ["aria-labelledby", "aria-describedby"])
    for (const element of document.querySelectorAll(`[${name}]`))
      for (const id of element.getAttribute(name).split(" "))
        if (!document.getElementById(id) && !element.closest("dialog")) faults.push(`${name} names nothing: ${id}`);
  if (document.documentElement.scrollWidth > innerWidth) faults.push("scrolls sideways: " + document.documentElement.scrollWidth);

  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => { const [r, g, b] = parts(colour).slice(0, 3).map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (element) => { for (let at = element; at; at = at.parentElement) { const colour = getComputedStyle(at).backgroundColor;
    const alpha = parts(colour)[3] ?? 1; if (alpha === 1) return colour; } return "rgb(255, 255, 255)"; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const told = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !seen(element) || element.closest("svg, .visually-hidden, script, [disabled]")) continue;
    const style = getComputedStyle(element);
    const [front, back] = [light(style.color), light(ground(element))];
    const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    const key = style.color + ground(element);
    if (contrast < (large ? 3 : 4.5) && !told.has(key)) { told.add(key); faults.push(`contrast ${contrast.toFixed(2)}: ${walker.currentNode.textContent.trim().slice(0, 40)}`); }
  }
  return faults;
}"""


# The pictures of the documentation, and how high each is.
PICTURES = {
    "home": 720, "matrix": 720, "subject": 900, "board": 1400, "board-zh": 1400, "calendar": 760, "calendar-zh": 760, "form": 960,
    "form-zh": 960, "audit": 720, "criteria": 900,
}  # fmt: skip


def screens(demonstration: Any) -> list[tuple[str, str, str]]:
    """Name of the picture, who looks, and the path under the study."""
    enrolled = demonstration.subject(status="enrolled")
    blocked = demonstration.subject(status="screening", outcome="ineligible")
    waiting = demonstration.subject(status="screening", outcome="eligible", signature="")
    return [
        ("home", "investigator-01", ""),
        ("matrix", "coordinator-01", "subjects/"),
        ("register", "coordinator-01", "register/"),
        ("subject", "coordinator-01", f"subjects/{enrolled}/"),
        ("board", "investigator-01", f"subjects/{blocked}/eligibility/"),
        ("board-to-sign", "investigator-01", f"subjects/{waiting}/eligibility/"),
        ("worksheet", "investigator-01", f"subjects/{waiting}/eligibility/worksheet/"),
        ("calendar", "coordinator-01", f"subjects/{enrolled}/calendar/"),
        ("form", "coordinator-01", f"subjects/{waiting}/visits/BL-LAB/forms/laboratory/"),
        ("form-rows", "coordinator-01", f"subjects/{waiting}/visits/SCR/forms/prior_therapy/"),
        ("audit", "monitor", "audit/?kind=form_saved"),
        ("ledger", "monitor", "ledger/"),
        ("protocol", "sponsor", "protocol/"),
        ("schedule", "sponsor", "protocol/schedule/"),
        ("criteria", "sponsor", "protocol/criteria/"),
        ("to-confirm", "sponsor", "protocol/to-confirm/"),
        ("access", "administrator", "access/"),
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_screen_is_sound(language: str, at_screen: Any, demonstration: Any) -> None:
    people: dict[str, Any] = {}
    faults: dict[str, list[str]] = {}
    for name, who, path in screens(demonstration):
        person = people.get(who) or people.setdefault(who, at_screen(who, language))
        person.study_page(path)
        faults[name] = person.page.evaluate(FAULTS)
        picture = name if language == "en" else f"{name}-zh"
        if picture in PICTURES:
            person.page.set_viewport_size({"width": 1280, "height": PICTURES[picture]})
            person.screenshot(picture)
            person.page.set_viewport_size({"width": 1280, "height": 720})

    assert {name: found for name, found in faults.items() if found} == {}


@pytest.mark.parametrize(
    "path", ["accounts/2fa/", "accounts/2fa/totp/activate/", "accounts/password/change/", "accounts/logout/", "nowhere/"]
)
def test_account_pages_are_sound(path: str, at_screen: Any) -> None:
    person = at_screen("coordinator-01")
    person.go(f"/{path}")
    if "reauthenticate" in person.page.url:
        person.page.get_by_label("Password").fill("correct horse battery staple")
        person.page.get_by_role("button", name="Confirm").click()

    assert person.page.evaluate(FAULTS) == []


def test_a_tablet_and_a_zoomed_screen_do_not_scroll_sideways(at_screen: Any, demonstration: Any) -> None:
    waiting = demonstration.subject(status="screening", outcome="eligible", signature="")
    person = at_screen("coordinator-01", width=640, height=720)
    for path in (
        "",
        "subjects/",
        f"subjects/{waiting}/",
        f"subjects/{waiting}/eligibility/",
        f"subjects/{waiting}/visits/BL-LAB/forms/laboratory/",
    ):
        person.study_page(path)
        assert person.page.evaluate("document.documentElement.scrollWidth") <= 640, path


def test_the_sign_in_page_is_a_picture(chromium: Any, address: str) -> None:
    page = chromium.new_context(viewport={"width": 1280, "height": 720}).new_page()
    page.goto(f"{address}/accounts/login/")

    assert page.evaluate(FAULTS) == []
    page.context.close()
