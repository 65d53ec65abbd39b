"""Tags and filters of the templates: words in the reader's language, icons, dates and times."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from protocord import words
from protocord.values.dates import PartialDate
from protocord.values.reasons import Reason
from protocord.values.text import Text
from protocord.web.frame import language
from protocord.web.labels import label_of

register = template.Library()


@register.filter
def say(value: Text | Reason | str | None) -> str:
    """This will say a study's words or a reason in the language of this request."""
    if isinstance(value, Reason):
        return words.say(value, language())
    if isinstance(value, Text):
        return value.say(language())
    return value or ""


@register.filter
def iso(value: date | PartialDate | None) -> str:
    """This will write a date as ISO 8601, at the precision that is known."""
    return value.isoformat() if value is not None else ""


@register.filter
def day(value: datetime | None) -> str:
    """This will write the day (UTC) of a time, for an address."""
    return value.astimezone(UTC).date().isoformat() if value is not None else ""


@register.filter
def moment(value: datetime | None, zone: str = "UTC") -> str:
    """This will write a time as it was at the site, and in UTC beside it where the two differ."""
    if value is None:
        return ""
    utc = value.astimezone(UTC)
    local = utc.astimezone(ZoneInfo(zone or "UTC"))
    if local.utcoffset() == utc.utcoffset():
        return f"{utc:%Y-%m-%d %H:%M} UTC"
    return f"{local:%Y-%m-%d %H:%M} ({utc:%H:%M} UTC)"


@register.filter
def clock(value: datetime | None, zone: str = "UTC") -> str:
    """This will write the time of day, with seconds, as it was at the site."""
    return f"{value.astimezone(ZoneInfo(zone or 'UTC')):%H:%M:%S}" if value is not None else ""


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """This will draw an icon of the sprite; it is decoration, the word stands beside it."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        size,
        static("protocord/icons.svg"),
        name,
    )


@register.simple_tag
def tag(family: str, code: Any) -> SafeString:
    """This will draw a status as icon, colour and word: the one place where a status gets its looks."""
    label = label_of(family, str(code))
    return format_html('<span class="tag {}">{}{}</span>', label.tone, icon(label.icon), label.words)


@register.simple_tag
def mark(family: str, code: Any) -> SafeString:
    """This will draw a status as its icon alone, with the word for those who do not see it."""
    label = label_of(family, str(code))
    return format_html(
        '<span class="tone-{}">{}</span><span class="visually-hidden">{}</span>', label.tone, icon(label.icon), label.words
    )


@register.filter
def word(code: Any, family: str) -> str:
    """This will say a code of `family` (a role, a kind of entry, …) in the language of this request."""
    return str(label_of(family, str(code)).words)


@register.filter
def tone(code: Any, family: str) -> str:
    """This will return the tone of a code's colour."""
    return label_of(family, str(code)).tone


@register.filter
def picture(code: Any, family: str) -> str:
    """This will return the name of a code's icon."""
    return label_of(family, str(code)).icon


@register.filter
def short(hash_: str) -> str:
    """This will return the beginning of a hash, enough for a person to compare."""
    return f"{hash_[:8]}…{hash_[-4:]}" if len(hash_) > 16 else hash_


@register.simple_tag(takes_context=True)
def with_query(context: template.Context, **changes: Any) -> SafeString:
    """This will return the page's own query string with `changes`; empty values are dropped."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value in ("", None):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return SafeString("?" + query.urlencode())  # urlencode escapes
