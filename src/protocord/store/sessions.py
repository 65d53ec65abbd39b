"""The idle timeout: a session ends when nobody asked for anything for a while, and is not written at every page for it.

Saving the session at every request would make every page a write, and on SQLite every write waits for every other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import logout

from protocord.store import clock

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_SEEN = "seen_at"
# The session remembers the last request only this exactly (in seconds), so that a page is a write once a minute at most.
PRECISION = 60


class IdleTimeout:
    """Middleware that signs a person out after `SESSION_COOKIE_AGE` seconds without a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(clock.now().timestamp())
            seen = request.session.get(_SEEN, now)
            if now - seen > settings.SESSION_COOKIE_AGE:
                logout(request)
            elif now - seen >= PRECISION or _SEEN not in request.session:
                request.session[_SEEN] = now
        return self._get_response(request)
