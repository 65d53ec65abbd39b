"""Canonical addresses of what is written, and words in two languages as FHIR says them."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from protocord.values import Text

BASE = "urn:protocord"
_TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"


def canonical(base: str, kind: str, name: str) -> str:
    """This will return the address of a resource under a base, which is a URL of the sponsor's or a URN."""
    return f"{base}:{kind}:{name}" if base.startswith("urn:") else f"{base.rstrip('/')}/{kind}/{name}"


def full_url(url: str) -> str:
    """This will return the name of a resource within its Bundle, the same whenever its canonical address is."""
    return uuid5(NAMESPACE_URL, url).urn


def spaced(name: str) -> str:
    """This will return a name written with underscores as words."""
    return name.replace("_", " ")


def translated_element(key: str, text: Text) -> dict[str, Any]:
    """This will return the companion of a string element that carries its Chinese words; nothing where they are the same."""
    if text.zh == text.en:
        return {}
    parts = [{"url": "lang", "valueCode": "zh-CN"}, {"url": "content", "valueString": text.zh}]
    return {f"_{key}": {"extension": [{"url": _TRANSLATION, "extension": parts}]}}
