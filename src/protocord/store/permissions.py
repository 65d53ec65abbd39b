"""Who may do what, where: roles at sites grant permissions; whatever no role grants is refused.

Every read and every action takes a `Viewer`. Site roles (coordinator, investigator, cell lab) see the children of their own
site only; cross-site roles (monitor, data manager, statistician, sponsor) see pseudonymous data of every site they are granted;
administrators manage accounts and see no clinical data (edc.md 4, item 30).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from protocord.conduct import Role
from protocord.errors import Place, Problem, Refused

SMALL_COUNT = 5
"""Counts of other sites below this number are hidden from site roles (issue 2, § 4)."""


class Permission(StrEnum):
    """The things that can be allowed; each page and each action names the one it needs."""

    SEE_SUBJECTS = "see_subjects"  # matrix, subject page, calendar, board, forms read-only
    REGISTER_SUBJECTS = "register_subjects"
    RECORD_FORMS = "record_forms"  # forms, visits, calendar, withdrawal
    ASSESS_ELIGIBILITY = "assess_eligibility"
    SIGN_ELIGIBILITY = "sign_eligibility"
    ENROL = "enrol"  # and screen-fail
    SEE_IDENTITY = "see_identity"  # look at and change the identity vault; each look is an entry
    SEE_AUDIT = "see_audit"
    EXPORT_DATA = "export_data"
    VERIFY_LEDGER = "verify_ledger"
    MANAGE_ACCOUNTS = "manage_accounts"
    MANAGE_STUDY = "manage_study"  # install a protocol version, seal


SITE_ROLES = frozenset({Role.COORDINATOR, Role.INVESTIGATOR, Role.CELL_LAB})

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.COORDINATOR: frozenset(
        {
            Permission.SEE_SUBJECTS,
            Permission.REGISTER_SUBJECTS,
            Permission.RECORD_FORMS,
            Permission.ASSESS_ELIGIBILITY,
            Permission.ENROL,
            Permission.SEE_IDENTITY,
            Permission.SEE_AUDIT,
        }
    ),
    Role.INVESTIGATOR: frozenset(
        {
            Permission.SEE_SUBJECTS,
            Permission.REGISTER_SUBJECTS,
            Permission.RECORD_FORMS,
            Permission.ASSESS_ELIGIBILITY,
            Permission.SIGN_ELIGIBILITY,
            Permission.ENROL,
            Permission.SEE_IDENTITY,
            Permission.SEE_AUDIT,
            Permission.EXPORT_DATA,
        }
    ),
    Role.CELL_LAB: frozenset({Permission.SEE_SUBJECTS}),
    Role.MONITOR: frozenset({Permission.SEE_SUBJECTS, Permission.SEE_AUDIT, Permission.VERIFY_LEDGER}),
    Role.DATA_MANAGER: frozenset(
        {Permission.SEE_SUBJECTS, Permission.SEE_AUDIT, Permission.EXPORT_DATA, Permission.VERIFY_LEDGER, Permission.MANAGE_STUDY}
    ),
    Role.STATISTICIAN: frozenset({Permission.SEE_SUBJECTS, Permission.EXPORT_DATA, Permission.VERIFY_LEDGER}),
    Role.SPONSOR: frozenset({Permission.SEE_SUBJECTS, Permission.SEE_AUDIT, Permission.VERIFY_LEDGER}),
    Role.ADMINISTRATOR: frozenset({Permission.MANAGE_ACCOUNTS, Permission.MANAGE_STUDY, Permission.VERIFY_LEDGER}),
}
"""What each role may do. The one table; a role that is not here may do nothing."""


class NotAllowed(Refused):
    """The person may see the thing but not do this to it (a page answers 403)."""


class NotThere(Refused):
    """There is no such thing, or the person may not know of it: the two look the same on purpose (a page answers 404)."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in a study, at one site or (site None) across sites; already known to be valid today."""

    study: str
    role: Role
    site: str | None

    def reaches(self, study: str, site: str | None) -> bool:
        """This will tell whether the grant holds for `site` of `study`; a site of None means the study as a whole."""
        if self.study != study:
            return False
        return self.site is None or self.site == site


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: one signed-in person and what that person may do today. Made by `access.viewer_of` or `access.viewer_named` only."""

    username: str
    name: str
    language: str
    grants: tuple[Grant, ...]
    on: date

    @property
    def studies(self) -> tuple[str, ...]:
        """The studies in which the person holds any role."""
        return tuple(sorted({grant.study for grant in self.grants}))

    def roles(self, study: str) -> tuple[Role, ...]:
        """This will return the person's roles in `study`, in the order of `Role`."""
        held = {grant.role for grant in self.grants if grant.study == study}
        return tuple(role for role in Role if role in held)

    def may(self, permission: Permission, study: str, site: str | None = None) -> bool:
        """This will tell whether any role allows `permission` at `site` (None: at any site, for showing a link)."""
        return any(
            permission in GRANTS.get(grant.role, frozenset())
            and (grant.study == study if site is None else grant.reaches(study, site))
            for grant in self.grants
        )

    def role_for(self, permission: Permission, study: str, site: str | None) -> Role | None:
        """This will return the role in which the person acts when using `permission` at `site`, or None if none allows it."""
        fitting = (
            grant.role
            for grant in self.grants
            if permission in GRANTS.get(grant.role, frozenset())
            and (grant.study == study if site is None else grant.reaches(study, site))
        )
        return min(fitting, key=tuple(Role).index, default=None)

    def sites(self, permission: Permission, study: str) -> frozenset[str] | None:
        """This will return the sites at which `permission` is granted: None means every site, an empty set none."""
        fitting = [grant for grant in self.grants if grant.study == study and permission in GRANTS.get(grant.role, frozenset())]
        if any(grant.site is None for grant in fitting):
            return None
        return frozenset(grant.site for grant in fitting if grant.site is not None)

    def demand(self, permission: Permission, study: str, site: str | None = None) -> Role:
        """This will return the acting role, or raise `NotThere` where the person may not even see, else `NotAllowed`."""
        role = self.role_for(permission, study, site)
        if role is not None:
            return role
        if not self._sees(study, site):
            raise not_there(study)
        raise _not_allowed(permission, study, site)

    def demand_everywhere(self, permission: Permission, study: str) -> Role:
        """This will return the acting role where it holds across sites; a role at one site is not enough for what concerns the whole study."""
        role = self.demand(permission, study)
        if self.sites(permission, study) is not None:
            raise _not_allowed(permission, study, None)
        return role

    def _sees(self, study: str, site: str | None) -> bool:
        if site is None:
            return study in self.studies
        return self.may(Permission.SEE_SUBJECTS, study, site)


def _not_allowed(permission: Permission, study: str, site: str | None) -> NotAllowed:
    return NotAllowed(
        [
            Problem(
                Place(item=study if site is None else f"{study}, site {site}"),
                f"none of your roles allows this ({permission.value.replace('_', ' ')}).",
                "Ask the study's administrator for the role if it is yours to do.",
            )
        ]
    )


def not_there(what: str) -> NotThere:
    """This will return the error for a thing that is missing or hidden, worded the same for both."""
    return NotThere(
        [Problem(Place(item=what), "there is nothing here that you may see.", "Check the address, or ask for access.")]
    )
