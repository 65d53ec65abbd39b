"""The clinical scales against cells and worked cases of their papers, each row with its source."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from protocord.safety.scales import AgvhdFindings, CrsFindings, IcansFindings, agvhd, crs, icans

ROWS = list(csv.DictReader((Path(__file__).parent / "scales.csv").read_text("utf-8").splitlines()))
CRS = {"fever_explained": False, "treated": False, "hypotension": False, "oxygen": "none", "airway_only": False, "died": False}
ICANS = {"delayed": False, "consciousness": "alert", "seizure": "none", "motor": "none", "oedema": "none", "died": False}
AGVHD = {
    "skin": 0, "bullae": False, "desquamation": 0, "bilirubin": 0.5, "bilirubin_unit": "mg/dL", "upper_gut": "none",
    "stool_volumes": (0, 0, 0), "mixed_with_urine": False, "weight": 20, "pain_opioid": False, "pain_performance": False,
    "bloody_stool": False,
}  # fmt: skip


def given(text: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for part in text.split(";"):
        name, value = part.split("=")
        if name == "volumes":
            found["stool_volumes"] = (float(value),) * 3
        elif value in {"yes", "no"}:
            found[name] = value == "yes"
        else:
            found[name] = (float(value) if "." in value else int(value)) if value.replace(".", "").isdigit() else value
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['scale']} {row['findings']}")
def test_as_the_paper_says(row: dict[str, str]) -> None:
    findings = given(row["findings"])
    graded = {
        "crs": lambda: crs(CrsFindings(**(CRS | findings))),  # type: ignore[arg-type]
        "icans": lambda: icans(IcansFindings(**(ICANS | findings))),  # type: ignore[arg-type]
        "agvhd": lambda: agvhd(AgvhdFindings(**(AGVHD | findings))),  # type: ignore[arg-type]
    }[row["scale"]]()
    assert (graded.grade_min, graded.grade_max) == (int(row["grade_min"]), int(row["grade_max"]))
