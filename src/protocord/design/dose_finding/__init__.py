"""Rules for a lead-in with dose levels: 3+3 and BOIN, with exact operating characteristics by following every course."""

from __future__ import annotations

from protocord.design.dose_finding.boin import Boin, BoinRow, boin_table, choose_dose, follow_boin
from protocord.design.dose_finding.courses import DoseCharacteristics
from protocord.design.dose_finding.three_plus_three import follow_three_plus_three

__all__ = ["Boin", "BoinRow", "DoseCharacteristics", "boin_table", "choose_dose", "follow_boin", "follow_three_plus_three"]
