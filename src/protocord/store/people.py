"""People: who a signed-in user is as a viewer, and the accounts and roles behind it."""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from protocord import conduct
from protocord.conduct import Role
from protocord.store import clock, protocols
from protocord.store.models import Membership, User
from protocord.store.permissions import Grant, Viewer, not_there


def viewer_of(user: object, on: date | None = None) -> Viewer:
    """This will return the viewer for a signed-in `request.user`, with the grants that are valid on day `on` (default: the day
    it is at the person's site).

    An anonymous visitor or a closed account gets a viewer without grants, who may do and see nothing.
    """
    if not isinstance(user, User) or not user.is_active:
        return Viewer(username="", name="", language="en", grants=(), on=on or clock.today())
    day = on or _today(user)
    return Viewer(username=user.username, name=user.name, language=user.language, grants=_grants(user, day), on=day)


def viewer_named(username: str, on: date | None = None) -> Viewer:
    """This will return the viewer for the account `username`; raises `NotThere` if there is none or it is closed."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise not_there(username)
    return viewer_of(user, on)


def names(usernames: set[str]) -> dict[str, str]:
    """This will return the printed names of accounts; a name without account stands for itself."""
    found = dict(User.objects.filter(username__in=usernames).values_list("username", "name"))
    return {username: found.get(username, username) for username in usernames}


def studies_of(username: str) -> tuple[str, ...]:
    """This will return the studies in which the account ever held a role."""
    rows = Membership.objects.filter(user__username=username).values_list("study", flat=True).distinct()
    return tuple(sorted(rows))


def _today(user: User) -> date:
    """This will return the day it is where the person works: in China the day begins eight hours before it does in UTC."""
    place = Membership.objects.filter(user=user).order_by("study", "-site").values_list("study", "site").first()
    if place is None or place[0] not in protocols.installed():
        return clock.today()
    protocol = protocols.current(place[0])
    return conduct.local_date(protocol, place[1] or protocol.study.sites[0].id, clock.now())


def _grants(user: User, day: date) -> tuple[Grant, ...]:
    valid = Q(starts__lte=day) & (Q(ends__isnull=True) | Q(ends__gte=day))
    rows = Membership.objects.filter(valid, user=user).order_by("study", "site", "role").values_list("study", "role", "site")
    # A role that this version no longer knows grants nothing.
    known = {role.value for role in Role}
    return tuple(Grant(study, Role(role), site or None) for study, role, site in rows if role in known)
