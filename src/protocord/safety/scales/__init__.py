"""Scales that grade a finding by a published table: CRS, ICANS, acute graft-versus-host disease, hypotension, infusion reaction."""

from protocord.safety.scales.agvhd import AgvhdFindings, Confidence, agvhd, agvhd_stages, confidence
from protocord.safety.scales.crs import OXYGEN, CrsFindings, crs
from protocord.safety.scales.grades import RowGrade, ScaleGrade
from protocord.safety.scales.hypotension import HypotensionLimit, hypotension, hypotension_limit
from protocord.safety.scales.icans import IcansFindings, icans
from protocord.safety.scales.infusion_reaction import ReactionCoding, reaction_coding
from protocord.safety.scales.scores import CAPD_ANSWERS, Score, capd_score, ice_score

__all__ = [
    "CAPD_ANSWERS",
    "OXYGEN",
    "AgvhdFindings",
    "Confidence",
    "CrsFindings",
    "HypotensionLimit",
    "IcansFindings",
    "ReactionCoding",
    "RowGrade",
    "ScaleGrade",
    "Score",
    "agvhd",
    "agvhd_stages",
    "capd_score",
    "confidence",
    "crs",
    "hypotension",
    "hypotension_limit",
    "icans",
    "ice_score",
    "reaction_coding",
]
