"""Friendly pages for what went wrong."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, override


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """This will say that the person may not do this (403)."""
    return render(request, "errors/403.html", status=403)


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """This will say that there is nothing here that the person may see (404)."""
    return render(request, "404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """This will say, in both languages and without touching the database, that the program has a fault (500)."""
    words: dict[str, str] = {}
    for name, language in (("en", "en"), ("zh", "zh-hans")):
        with override(language):
            words[f"broken_{name}"] = gettext("Something broke on our side")
            words[f"broken_more_{name}"] = gettext(
                "Nothing was half-saved: a form is stored whole or not at all. Try again; if it happens twice, tell the administrator."
            )
    return render(request, "500.html", words, status=500)
