"""Who may open a page: every view names the permission that it needs, and what nobody named is refused.

Anonymous: to the sign-in page. Signed in without the permission: 403. A study or child that the person may not know of: 404, worded
as for one that does not exist. A method that the page does not have: 405. A test walks every address and demands all four.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import translation
from django.views.decorators.cache import never_cache

from protocord.store import reads
from protocord.store.access import NotAllowed, NotThere, Permission, Viewer, viewer_of
from protocord.web.frame import refused

P = ParamSpec("P")
View = Callable[..., HttpResponse]


class GuardedView(Protocol):
    """A view with its door: the permission it needs (None: any signed-in person) and the methods it answers."""

    permission: Permission | None
    methods: tuple[str, ...]

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse: ...


def allow(
    permission: Permission | None, *, methods: tuple[str, ...] = ("GET",)
) -> Callable[[Callable[Concatenate[HttpRequest, Viewer, P], HttpResponse]], GuardedView]:
    """This will open a view to people who hold `permission` in the study of its address (None: to anybody signed in).

    The view is called with the viewer after the request. At which site the permission must hold is for the store to say: a
    read or action raises NotThere (404) or NotAllowed (403).
    """

    def guard(view: Callable[Concatenate[HttpRequest, Viewer, P], HttpResponse]) -> GuardedView:
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            viewer = viewer_of(request.user)
            if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and viewer.language != settings.LANGUAGE_CODE:
                # A new browser of somebody who once chose a language; the cookie, where there is one, is newer.
                translation.activate(viewer.language)
            try:
                if permission is not None and "study" in kwargs:
                    viewer.demand(permission, str(kwargs["study"]))
                if request.method not in {*methods, *(("HEAD",) if "GET" in methods else ())}:
                    return HttpResponseNotAllowed(methods)
                if permission is not None and "subject" in kwargs:
                    # Before the view reads what was sent: a child of another site answers as one that is not there.
                    card = reads.subject_card(viewer, str(kwargs["study"]), str(kwargs["subject"]))
                    viewer.demand(permission, card.study, card.site)
                return view(request, viewer, *args, **kwargs)
            except NotThere as missing:
                raise Http404(str(missing)) from missing
            except NotAllowed:
                return refused(request, viewer, str(kwargs.get("study", "")))

        door: Any = guarded
        door.permission, door.methods = permission, methods
        guarded_view: GuardedView = door
        return guarded_view

    return guard


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """This will send a person to the sign-in page; a partial update is told to move the whole page there."""
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=401)
        response["HX-Redirect"] = redirect_to_login(request.headers.get("HX-Current-URL", "/")).url
        return response
    return redirect_to_login(request.get_full_path())
