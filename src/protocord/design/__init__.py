"""Design of single-arm trials: sample size, designs in stages, exact characteristics, inference after stopping, accrual.

Plain functions and frozen values; every count bound says its direction. `monitoring` holds the rules for many looks,
`dose_finding` 3+3 and BOIN, `results` every answer as data. What needs the compiled searches is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from protocord.design.bounds import Bound
from protocord.design.staged import Characteristics, Stage, StagedDesign, operating_characteristics

if TYPE_CHECKING:
    from protocord.design.accrual import GammaRate, SiteAccrual, forecast
    from protocord.design.assured import BetaPrior, assurance
    from protocord.design.deviation import attained, inflated
    from protocord.design.dose_finding import Boin, boin_table, choose_dose, follow_boin, follow_three_plus_three
    from protocord.design.inference import after, after_two_stages
    from protocord.design.justification import why, why_study
    from protocord.design.one_stage import Question, saw_tooth, single_stage
    from protocord.design.response_and_toxicity import JointQuestion, bryant_day, joint_characteristics
    from protocord.design.stages import curtailed, gehan, three_stage, with_efficacy_stop
    from protocord.design.two_stage import simon
    from protocord.design.widths import precision, size_for_width

_WHERE = {
    "accrual": ("GammaRate", "SiteAccrual", "forecast"),
    "assured": ("BetaPrior", "assurance"),
    "deviation": ("attained", "inflated"),
    "dose_finding": ("Boin", "boin_table", "choose_dose", "follow_boin", "follow_three_plus_three"),
    "inference": ("after", "after_two_stages"),
    "justification": ("why", "why_study"),
    "one_stage": ("Question", "saw_tooth", "single_stage"),
    "response_and_toxicity": ("JointQuestion", "bryant_day", "joint_characteristics"),
    "stages": ("curtailed", "gehan", "three_stage", "with_efficacy_stop"),
    "two_stage": ("simon",),
    "widths": ("precision", "size_for_width"),
}

__all__ = [
    "BetaPrior",
    "Boin",
    "Bound",
    "Characteristics",
    "GammaRate",
    "JointQuestion",
    "Question",
    "SiteAccrual",
    "Stage",
    "StagedDesign",
    "after",
    "after_two_stages",
    "assurance",
    "attained",
    "boin_table",
    "bryant_day",
    "choose_dose",
    "curtailed",
    "follow_boin",
    "follow_three_plus_three",
    "forecast",
    "gehan",
    "inflated",
    "joint_characteristics",
    "operating_characteristics",
    "precision",
    "saw_tooth",
    "simon",
    "single_stage",
    "size_for_width",
    "three_stage",
    "why",
    "why_study",
    "with_efficacy_stop",
]


def __getattr__(name: str) -> Any:
    """This will load what is asked for, so that importing one part of the design does not load them all."""
    for module, names in _WHERE.items():
        if name in names:
            return getattr(import_module(f"protocord.design.{module}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
