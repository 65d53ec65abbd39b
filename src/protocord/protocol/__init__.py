"""The executable protocol document: load it, check it, describe it."""

from protocord.protocol.loading import STUDIES, load
from protocord.protocol.model import DEFAULT_READING, AdvisoryRule, CriterionRules, Protocol

__all__ = ["DEFAULT_READING", "STUDIES", "AdvisoryRule", "CriterionRules", "Protocol", "load"]
