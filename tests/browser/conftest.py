"""Journeys in a real browser: a server over the demonstration's children, the machine's own Chromium, people who sign in.

A missing browser fails with the remedy; it does not skip. `PROTOCORD_SCREENSHOTS=1` writes the pictures of the documentation anew.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REMEDY = (
    "No Chromium or Google Chrome was found. Install one (Debian: apt-get install chromium fonts-noto-cjk), or leave these tests out: "
    'pytest -m "not browser".'
)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
IMAGES = Path(__file__).parents[2] / "docs" / "images"


def program() -> str | None:
    """This will find the browser: Debian's Chromium, or Chrome."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found
    return None


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser, started once."""
    from playwright.sync_api import sync_playwright

    path = program()
    if path is None:
        pytest.fail(REMEDY, pytrace=False)
    # Playwright runs an event loop in this thread, and Django would refuse the database beside one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def address(demonstration: Any) -> Iterator[str]:
    """Where the pages are served from, over a fresh copy of the demonstration."""
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    class Quiet(WSGIRequestHandler):
        def log_message(self, *said: Any) -> None:
            """Requests are no news in a test."""

    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@dataclass
class Person:
    """Somebody at a screen."""

    page: Any
    address: str
    study: str
    faults: list[str]

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)

    def study_page(self, path: str = "") -> None:
        self.go(f"/studies/{self.study}/{path}")

    def screenshot(self, name: str) -> None:
        """This will write a picture for the documentation, if asked to."""
        if os.environ.get("PROTOCORD_SCREENSHOTS") == "1":
            IMAGES.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=IMAGES / f"{name}.png")


@pytest.fixture
def at_screen(chromium: Any, address: str, demonstration: Any) -> Iterator[Any]:
    """How a test becomes somebody: `at_screen("coordinator-01")` signs in through the page, in English unless told otherwise."""
    contexts = []
    faults: list[str] = []

    def sit_down(name: str, language: str = "en", width: int = 1280, height: int = 720) -> Person:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale="zh-CN" if language == "zh" else "en-GB",
            timezone_id="Asia/Shanghai",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        page.on(
            "console", lambda message: faults.append(f"console: {message.text}") if "Content Security" in message.text else None
        )
        page.on("request", lambda request: faults.append(f"outside: {request.url}") if is_outside(request.url, address) else None)
        page.goto(address + "/accounts/login/")
        page.get_by_label("用户名" if language == "zh" else "User name").fill(name)
        page.get_by_label("密码" if language == "zh" else "Password").fill(demonstration.password)
        page.get_by_role("button", name="登录" if language == "zh" else "Sign in").click()
        page.get_by_role("navigation", name="主导航" if language == "zh" else "Main").wait_for()
        return Person(page, address, demonstration.study, faults)

    yield sit_down
    for context in contexts:
        context.close()
    assert faults == []


def is_outside(url: str, address: str) -> bool:
    """Whether a request leaves the server under test."""
    return not url.startswith((address, "data:", "about:", "blob:"))
