"""Models of cells in blood over several infusions: a simulator in closed form, and a mixed-effects fit that uses censored samples."""

from protocord.kinetics.models.assumed import SCENARIOS, Assumed, Scenario, Setting, setting
from protocord.kinetics.models.generative import Observed, Simulated, observe, simulate
from protocord.kinetics.models.regimen import PlannedDraw, Regimen, planned_draws, planned_regimen, sampling_times, visit_days

__all__ = [
    "SCENARIOS",
    "Assumed",
    "Observed",
    "PlannedDraw",
    "Regimen",
    "Scenario",
    "Setting",
    "Simulated",
    "observe",
    "planned_draws",
    "planned_regimen",
    "sampling_times",
    "setting",
    "simulate",
    "visit_days",
]
