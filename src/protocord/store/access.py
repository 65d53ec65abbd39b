"""Who may do what: the table of permissions, and who a signed-in person is."""

from protocord.conduct import Role
from protocord.store.people import viewer_named, viewer_of
from protocord.store.permissions import (
    GRANTS,
    SITE_ROLES,
    SMALL_COUNT,
    Grant,
    NotAllowed,
    NotThere,
    Permission,
    Viewer,
    not_there,
)

__all__ = [
    "GRANTS",
    "SITE_ROLES",
    "SMALL_COUNT",
    "Grant",
    "NotAllowed",
    "NotThere",
    "Permission",
    "Role",
    "Viewer",
    "not_there",
    "viewer_named",
    "viewer_of",
]
