"""Anchors: where a ledger's chains stood, kept outside it, so that a chain cut off or written anew shows at the next look."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from protocord.errors import LedgerProblems, Place, Problem
from protocord.ledger import Head, Verification

FORMAT = "protocord-anchor"
_ROOT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Anchors:
    """What was kept outside: the heads of chains, by study, and roots of seals."""

    heads: Mapping[str, tuple[Head, ...]] = field(default_factory=dict)
    roots: tuple[str, ...] = ()


def read_anchors(given: Iterable[str]) -> Anchors:
    """This will return the anchors in `given`, each an anchor file or a root of 64 hexadecimal digits; raises LedgerProblems."""
    heads: dict[str, tuple[Head, ...]] = {}
    roots: list[str] = []
    problems: list[Problem] = []
    for anchor in given:
        if _ROOT.fullmatch(anchor.lower()):
            roots.append(anchor.lower())
            continue
        try:
            for study, found in _read(Path(anchor)).items():
                heads[study] = (*heads.get(study, ()), *found)
        except (OSError, ValueError, KeyError, TypeError):
            remedy = "An anchor is a file that `protocord verify --write-anchor` wrote, or a root of 64 hexadecimal digits."
            problems.append(Problem(Place(anchor), "is no anchor.", remedy))
    if problems:
        raise LedgerProblems(problems)
    return Anchors(heads, tuple(roots))


def _read(file: Path) -> dict[str, tuple[Head, ...]]:
    data = json.loads(file.read_text(encoding="utf-8"))
    if data["format"] != FORMAT:
        raise ValueError(FORMAT)
    return {
        study: tuple(Head(head["subject"], head["position"], head["hash"]) for head in found)
        for study, found in data["heads"].items()
    }


def write_anchors(file: Path, results: Mapping[str, Verification]) -> None:
    """This will write where every chain stands now."""
    heads = {
        study: [{"subject": head.subject, "position": head.position, "hash": head.hash} for head in result.heads]
        for study, result in results.items()
    }
    file.write_text(json.dumps({"format": FORMAT, "heads": heads}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
