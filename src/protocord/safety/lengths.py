"""Lengths of time of the protocol as time deltas; a month has none."""

from __future__ import annotations

from datetime import timedelta

from protocord.protocol.document.elements import Span

__all__ = ["span_of"]


def span_of(length: Span) -> timedelta:
    """This will return the length of minutes, hours, days or weeks. Raises ValueError for months and years, which vary."""
    minutes = length.minutes
    if minutes is None:
        message = f"{length} has no fixed length; write it in days or weeks"
        raise ValueError(message)
    return timedelta(minutes=minutes)
