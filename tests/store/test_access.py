"""Who may do what: one table, deny by default."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from protocord import conduct
from protocord.conduct import Role, Wish
from protocord.store.access import GRANTS, SITE_ROLES, Grant, NotAllowed, NotThere, Permission, Viewer

TODAY = date(2026, 3, 4)


def viewer(*grants: Grant) -> Viewer:
    return Viewer("ana", "Ana", "en", grants, TODAY)


WISH_PERMISSION = {
    conduct.RegisterSubject: Permission.REGISTER_SUBJECTS,
    conduct.RecordForm: Permission.RECORD_FORMS,
    conduct.RecordVisit: Permission.RECORD_FORMS,
    conduct.PlanCalendar: Permission.RECORD_FORMS,
    conduct.Withdraw: Permission.RECORD_FORMS,
    conduct.AssessEligibility: Permission.ASSESS_ELIGIBILITY,
    conduct.SignEligibility: Permission.SIGN_ELIGIBILITY,
    conduct.Enrol: Permission.ENROL,
    conduct.ScreenFail: Permission.ENROL,
    conduct.Rescreen: Permission.ENROL,
}


@pytest.mark.parametrize(("role", "wish"), list(product(Role, WISH_PERMISSION)), ids=str)
def test_a_page_offers_what_the_rules_allow_and_nothing_else(role: Role, wish: type[Wish]) -> None:
    """The store's table shows buttons, conduct's decides; they must say the same."""
    assert (WISH_PERMISSION[wish] in GRANTS[role]) == conduct.may(role, wish)


def test_every_wish_has_its_permission() -> None:
    assert set(WISH_PERMISSION) == set(conduct.MAY)


def test_every_role_stands_in_the_table_even_one_that_grants_nothing() -> None:
    assert set(GRANTS) == set(Role)


def test_an_administrator_holds_no_clinical_permission() -> None:
    clinical = set(Permission) - {Permission.MANAGE_ACCOUNTS, Permission.MANAGE_STUDY, Permission.VERIFY_LEDGER}

    assert GRANTS[Role.ADMINISTRATOR] & clinical == set()


@pytest.mark.parametrize("role", [role for role in Role if role not in SITE_ROLES])
def test_who_sees_every_site_sees_no_identity_and_writes_nothing(role: Role) -> None:
    writes = {*WISH_PERMISSION.values(), Permission.SEE_IDENTITY}

    assert GRANTS[role] & writes == set()


def test_a_person_without_grants_may_nothing_anywhere() -> None:
    nobody = viewer()

    assert not any(nobody.may(permission, "study", site) for permission in Permission for site in (None, "north"))
    assert nobody.sites(Permission.SEE_SUBJECTS, "study") == frozenset()
    with pytest.raises(NotThere):
        nobody.demand(Permission.SEE_SUBJECTS, "study")


@pytest.mark.parametrize(
    ("study", "site", "expected"), [("study", "north", True), ("study", "south", False), ("other", "north", False)]
)
def test_a_site_role_reaches_its_own_site_only(study: str, site: str, expected: bool) -> None:
    ana = viewer(Grant("study", Role.INVESTIGATOR, "north"))

    assert ana.may(Permission.SIGN_ELIGIBILITY, study, site) is expected


def test_a_grant_without_site_reaches_every_site_of_its_study() -> None:
    mia = viewer(Grant("study", Role.MONITOR, None))

    assert mia.sites(Permission.SEE_SUBJECTS, "study") is None
    assert mia.sites(Permission.SEE_SUBJECTS, "other") == frozenset()


def test_what_one_may_see_but_not_do_is_not_allowed_and_what_one_may_not_see_is_not_there() -> None:
    bo = viewer(Grant("study", Role.COORDINATOR, "north"))

    with pytest.raises(NotAllowed):
        bo.demand(Permission.SIGN_ELIGIBILITY, "study", "north")
    with pytest.raises(NotThere):
        bo.demand(Permission.SIGN_ELIGIBILITY, "study", "south")


def test_a_person_with_two_roles_acts_in_the_one_that_allows_it() -> None:
    both = viewer(Grant("study", Role.COORDINATOR, "north"), Grant("study", Role.INVESTIGATOR, "north"))

    assert both.demand(Permission.SIGN_ELIGIBILITY, "study", "north") is Role.INVESTIGATOR
    assert both.demand(Permission.RECORD_FORMS, "study", "north") is Role.COORDINATOR
