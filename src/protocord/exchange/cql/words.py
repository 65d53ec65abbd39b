"""The vocabulary of a study as CQL lists: what each code means, what lies above what, which units count as what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from protocord.concepts import Concept, Concepts
from protocord.exchange.cql.codes import CodeSet, CodeSets
from protocord.exchange.cql.literals import decimal, named, quoted, strings
from protocord.exchange.fhir.observations import _ANSWERS, _LOINC, _SCORES
from protocord.exchange.mapping import SiteMapping


def _listed(items: Sequence[str], kind: str) -> str:
    return "{" + ", ".join(items) + "}" if items else f"List<{kind}>{{}}"


def vocabulary(concepts: Concepts, mapping: SiteMapping, asked: Iterable[str], sets: CodeSets) -> str:
    """This will return the tuple that every function over FHIR resources is given.

    It names every concept that a code can mean or that a rule asks for, and knows of each its kind, place, unit and plausible limits.
    """
    by_reader = {"Birth date", "Sex", "Death", "Histology", "Primary site", "Informed consent"}
    ids = sorted({*mapping.codes.values(), *sets.of_concepts, *asked, *(name for name in by_reader if name in concepts)})
    known = [concepts[name] for name in ids]
    answers = {f"{system}|{code}": said for (system, code), said in _ANSWERS.items()} | dict(mapping.values)
    units = {f"{one.id}|{unit}": factor for one in known for unit, factor in one.units.items()}
    return (
        "Tuple {\n  "
        + ",\n  ".join(
            [
                f"keys: {strings(mapping.codes)}",
                f"concepts: {strings(mapping.codes.values())}",
                "sets: "
                + _listed(
                    [_set(one) for one in sets.of_concepts.values()], "Tuple { concept System.String, keys List<System.String> }"
                ),
                f"ids: {strings(ids)}",
                f"known: {strings(name for name in ('Histology', 'Primary site') if name in concepts)}",
                f"kinds: {strings(one.kind.value for one in known)}",
                "above: " + _listed([strings(sorted(concepts.ancestors(name))) for name in ids], "List<System.String>"),
                "below: " + _listed([_below(concepts, one) for one in known], "List<System.String>"),
                f"units: {strings(one.unit or '1' for one in known)}",
                f"pure: {strings(one.id for one in known if one.is_pure_number)}",
                f"unitKeys: {strings(units)}",
                "factors: " + _listed([decimal(factor) for factor in units.values()], "System.Decimal"),
                "least: " + _listed([decimal(one.plausible.low) for one in known], "System.Decimal"),
                "most: " + _listed([decimal(one.plausible.high) for one in known], "System.Decimal"),
                "patterns: " + _listed([_pattern(one) for one in known], "System.String"),
                f"spelt: {strings(mapping.units)}",
                f"meant: {strings(mapping.units.values())}",
                f"answerKeys: {strings(answers)}",
                f"answers: {strings(answers.values())}",
                f"ownKeys: {strings(mapping.values)}",
                f"ownAnswers: {strings(mapping.values.values())}",
                f"listed: {strings(f'{one.id}|{code}' for one in known for code in one.values)}",
                f"scoreKeys: {strings(f'{_LOINC}|{code}' for code in _SCORES)}",
                "scores: " + _listed([decimal(Decimal(score)) for score in _SCORES.values()], "System.Decimal"),
                f"coverageKeys: {strings(mapping.coverage)}",
                f"coverage: {strings(mapping.coverage.values())}",
                f"childRanges: {'true' if mapping.ranges_are_age_specific else 'false'}",
            ]
        )
        + "\n}"
    )


def _set(one: CodeSet) -> str:
    return f"Tuple {{ concept: {quoted(one.concept or '')}, keys: P.KeysOf({named(one.name)}) }}"


def _below(concepts: Concepts, one: Concept) -> str:
    return strings(sorted(concepts.descendants(one.id)) if one.kind.value == "toxicity" else ())


def _pattern(one: Concept) -> str:
    return "null as System.String" if one.code_pattern is None else quoted(one.code_pattern.pattern)
