"""The executable protocol document: load it, check it, describe it."""

from protocord.protocol.check import ToConfirm, check_design, to_confirm
from protocord.protocol.describe import Description, describe, synopsis_data
from protocord.protocol.loading import STUDIES, load
from protocord.protocol.model import DEFAULT_READING, AdvisoryRule, CriterionRules, Protocol
from protocord.protocol.schemas import generate, generated_files, json_schemas

__all__ = [
    "DEFAULT_READING",
    "STUDIES",
    "AdvisoryRule",
    "CriterionRules",
    "Description",
    "Protocol",
    "ToConfirm",
    "check_design",
    "describe",
    "generate",
    "generated_files",
    "json_schemas",
    "load",
    "synopsis_data",
    "to_confirm",
]
