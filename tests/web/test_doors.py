"""The ladder of every address: works for the right people, sign-in for strangers, 403, 404, 405. A new page joins by itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from protocord.store.access import GRANTS, SITE_ROLES, Permission, Role
from protocord.web.urls import urlpatterns

OPEN = {"language"}  # anybody may choose a language, also before signing in
PAGES = [pattern for pattern in urlpatterns if isinstance(pattern, URLPattern) and pattern.name not in OPEN]
NAMES = [pattern.name for pattern in PAGES]

# name -> role and number of the site, as in tests/conftest.py
PEOPLE = {
    "ana": (Role.INVESTIGATOR, 0),
    "dan": (Role.COORDINATOR, 0),
    "lin": (Role.CELL_LAB, 0),
    "eva": (Role.INVESTIGATOR, 1),
    "bo": (Role.COORDINATOR, 1),
    "mia": (Role.MONITOR, None),
    "dora": (Role.DATA_MANAGER, None),
    "adam": (Role.ADMINISTRATOR, None),
}
PARTICULARS = {"visit": "SCR", "form": "demographics", "item": "person.sex"}


def with_permission(permission: Permission | None, *, site: int | None) -> str | None:
    """Somebody who holds the permission, at the site of that number where the role is bound to one."""
    for name, (role, where) in PEOPLE.items():
        if (permission is None or permission in GRANTS[role]) and (where is None or where == site):
            return name
    return None


def without_permission(permission: Permission) -> str:
    return next(name for name, (role, where) in PEOPLE.items() if permission not in GRANTS[role] and where in (None, 0))


def address(pattern: URLPattern, study: str, subject: str) -> str:
    known = {"study": study, "subject": subject, **PARTICULARS}
    return reverse(str(pattern.name), kwargs={name: known[name] for name in pattern.pattern.converters})


def method_of(view: Any) -> str:
    return "get" if "GET" in view.methods else "post"


def without_particulars(response: Any, subject: str) -> str:
    """The page without what differs anyway: the number asked for, and the token that is new on every page."""
    return re.sub(r"[A-Za-z0-9]{64}", "", response.content.decode().replace(subject, ""))


@pytest.fixture(scope="module", params=PAGES, ids=NAMES)
def pattern(request: pytest.FixtureRequest) -> URLPattern:
    found: URLPattern = request.param
    return found


def test_every_address_says_who_may_open_it(pattern: URLPattern) -> None:
    assert hasattr(pattern.callback, "permission"), f"{pattern.name} has no door: add @allow(...)"


def test_strangers_are_sent_to_sign_in(pattern: URLPattern, trial: Any) -> None:
    view: Any = pattern.callback

    response = getattr(Client(), method_of(view))(address(pattern, trial.study, "01-001"))

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_a_partial_update_for_a_stranger_moves_the_page_to_sign_in(trial: Any) -> None:
    response = Client().get(reverse("subjects", args=[trial.study]), headers={"HX-Request": "true"})

    assert response.status_code == 401
    assert response["HX-Redirect"].startswith("/accounts/login/")


def test_a_role_that_does_not_allow_it_is_refused(pattern: URLPattern, trial: Any, signed_in: Any, child: str) -> None:
    view: Any = pattern.callback
    if view.permission is None:
        return
    client = signed_in(without_permission(view.permission))

    response = getattr(client, method_of(view))(address(pattern, trial.study, child))

    assert response.status_code == 403


def test_a_person_without_a_role_learns_nothing(pattern: URLPattern, trial: Any, signed_in: Any, child: str) -> None:
    view: Any = pattern.callback
    if "study" not in pattern.pattern.converters:
        return

    response = getattr(signed_in("cai"), method_of(view))(address(pattern, trial.study, child))

    assert response.status_code == 404


def test_a_child_of_another_site_is_not_there(pattern: URLPattern, trial: Any, signed_in: Any, child: str) -> None:
    view: Any = pattern.callback
    if "subject" not in pattern.pattern.converters:
        return
    name = with_permission(view.permission, site=1)
    assert name is not None
    assert PEOPLE[name][0] in SITE_ROLES
    send = getattr(signed_in(name), method_of(view))

    other_site, nowhere = (send(address(pattern, trial.study, subject)) for subject in (child, "99-999"))

    assert other_site.status_code == nowhere.status_code == 404
    assert without_particulars(other_site, child) == without_particulars(nowhere, "99-999")


def test_a_study_that_is_not_there_is_not_there(pattern: URLPattern, trial: Any, signed_in: Any) -> None:
    view: Any = pattern.callback
    if "study" not in pattern.pattern.converters:
        return

    response = getattr(signed_in("ana"), method_of(view))(address(pattern, "nct99999999", "01-001"))

    assert response.status_code == 404


def test_a_method_that_the_page_lacks_is_refused(pattern: URLPattern, trial: Any, signed_in: Any, child: str) -> None:
    view: Any = pattern.callback
    client = signed_in(with_permission(view.permission, site=0))
    wrong = "put" if len(view.methods) > 1 else "post" if "GET" in view.methods else "get"

    response = getattr(client, wrong)(address(pattern, trial.study, child))

    assert response.status_code == 405


def test_nothing_is_accepted_from_another_site_of_the_web(pattern: URLPattern, trial: Any, child: str) -> None:
    view: Any = pattern.callback
    if "POST" not in view.methods:
        return
    name = with_permission(view.permission, site=0)
    client = Client(enforce_csrf_checks=True)
    client.force_login(trial.user(name), backend="allauth.account.auth_backends.AuthenticationBackend")

    response = client.post(address(pattern, trial.study, child))

    assert response.status_code == 403
