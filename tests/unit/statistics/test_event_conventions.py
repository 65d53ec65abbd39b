"""The conventions of adverse events: every one that a result names exists, and every row is named by code or documents a scale."""

from __future__ import annotations

import re
from pathlib import Path

from protocord.statistics import conventions

PACKAGE = Path(__file__).parents[3] / "src" / "protocord"


def test_every_convention_of_this_area_is_named_where_it_is_applied() -> None:
    code = "\n".join(file.read_text("utf-8") for file in (PACKAGE / "safety").rglob("*.py"))
    own = [name for name, row in conventions().items() if row.area == "events"]
    assert len(own) > 20
    assert [name for name in own if not re.search(rf"[`\"]{name}[`\"]", code)] == []
