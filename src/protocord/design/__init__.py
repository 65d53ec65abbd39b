"""Design of single-arm trials: sample size, designs in stages, exact characteristics, inference after stopping, accrual.

Plain functions and frozen values; every count bound says its direction. `monitoring` holds the rules for many looks.
"""

from __future__ import annotations

from protocord.design.bounds import Bound
from protocord.design.staged import Characteristics, Stage, StagedDesign, operating_characteristics

__all__ = ["Bound", "Characteristics", "Stage", "StagedDesign", "operating_characteristics"]
