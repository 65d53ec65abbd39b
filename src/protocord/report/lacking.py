"""Say what is missing of a concept, in the same words in lines and in figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from protocord.statistics import Results
from protocord.values import Language, Reason, Text
from protocord.words import say, term


def lacks(concept: str, kinds: Iterable[str], names: Mapping[str, Text], language: Language, most: int = 3) -> str:
    """This will return what is missing, in words: of what, where it is about anything, and the first kinds of reasons, `most` at most."""
    said = [term(f"cohort_lack_{kind}", language) for kind in kinds]
    shown = (", " if language == "en" else "、").join([*said[:most], *(["…"] if len(said) > most else [])])
    return say(Reason.of("cohort_lacking", concept=names[concept], missing=shown), language) if concept else shown


def kinds_of(results: Results) -> dict[str, list[str]]:
    """This will return, of each concept, the kinds of reasons for which something of it is missing, the most frequent first."""
    found: dict[str, list[tuple[int, str]]] = {}
    for item in results.select("look_up", "persons"):
        assert isinstance(item.value, int)
        found.setdefault(str(item.context["concept"]), []).append((-item.value, str(item.context["missing"])))
    return {concept: [kind for _, kind in sorted(kinds)] for concept, kinds in found.items()}
