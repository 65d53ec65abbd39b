"""A boundary's rule and parameters as a line of text, for tables and footnotes."""

from __future__ import annotations

from protocord.design.monitoring.boundaries import Boundary
from protocord.values import Language
from protocord.words import term


def rule_in_words(boundary: Boundary, language: Language) -> str:
    """This will return the rule's name with its parameters, each by its name in `language`, numbers to six figures."""
    comma, colon = ("，", "：") if language == "zh" else (", ", ": ")
    said = [f"{term(f'parameter_{name}', language)} {_value(value, language)}" for name, value in boundary.parameters.items()]
    name = term(f"rule_{boundary.kind}", language)
    return f"{name}{colon}{comma.join(said)}" if said else name


def strictness_in_words(boundary: Boundary, language: Language) -> str:
    """This will return whether the critical value itself crosses; empty where the bounds are only listed."""
    if boundary.strict is None:
        return ""
    return term("monitoring_strict" if boundary.strict else "monitoring_not_strict", language)


def _value(value: float | str, language: Language) -> str:
    if isinstance(value, str):
        return term(f"parameter_scale_{value}", language)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
