"""Biomedical concepts as data: one record says what a thing is called, how it is measured and which codes mean it."""

from protocord.concepts.model import Concept, ConceptKind, Concepts, Plausible
from protocord.concepts.reading import load

__all__ = ["Concept", "ConceptKind", "Concepts", "Plausible", "load"]
