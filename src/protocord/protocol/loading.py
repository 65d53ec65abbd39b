"""Load a study folder: every document read, typed, and checked against the others; all problems in one go."""

from __future__ import annotations

from pathlib import Path

from protocord.protocol.model import Protocol

STUDIES = Path(__file__).parent.parent / "studies"


def load(path: Path | str) -> Protocol:
    """This will return the protocol that a study folder holds.

    Raises DocumentProblems with everything that is wrong in any of its files: what cannot be read, unknown and missing keys,
    wrong types, names that lead nowhere, units that a concept does not accept, impossible windows, rules that make no sense.
    """
    raise NotImplementedError
