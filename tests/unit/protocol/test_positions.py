"""Where a position inside a rule's text stands in the file: plain, quoted, in a block, or folded over lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocord.protocol.reading import Sources, read_document

RULE = 'Latest("ANC", lab_window) >= 1.0'


@pytest.mark.parametrize(
    ("written", "line", "column"),
    [
        (f"rule: {RULE}", 1, 36),
        (f"rule:   {RULE}  # a remark", 1, 38),
        (f"rule: '{RULE}'", 1, 37),
        (f"rule: |\n    {RULE}", 2, 34),
        ('rule: |\n  Latest("ANC", lab_window)\n    >= 1.0', 3, 8),
        ('rule: >\n  Latest("ANC",\n  lab_window) >=\n  1.0', 4, 3),
        ('rule: Latest("ANC",\n  lab_window) >=\n  1.0', 3, 3),
        ("other: 1.0\n# 1.0\nrule: |\n\n  " + RULE, 5, 32),
    ],
)  # fmt: skip
def test_a_position_is_found_by_line_and_column_however_the_text_is_folded(
    tmp_path: Path, written: str, line: int, column: int
) -> None:
    file = tmp_path / "eligibility.yaml"
    file.write_text(written + "\n", "utf-8")
    source = read_document(file, [])
    ((_, node),) = source.find("rule")
    said = str(node.value).rstrip()
    at = said.index("1.0")
    within = said[:at].count("\n") + 1, at - (said[:at].rfind("\n") + 1) + 1

    found = Sources(str(tmp_path), {"eligibility": source}).position_within(
        "eligibility", "rule", line=within[0], column=within[1]
    )

    assert found is not None
    assert (found[0].line, found[1]) == (line, column)
    assert written.splitlines()[line - 1][column - 1 :].startswith("1.0")


def test_what_is_no_text_or_no_document_has_no_position(tmp_path: Path) -> None:
    file = tmp_path / "eligibility.yaml"
    file.write_text("rule: [1]\n", "utf-8")
    sources = Sources(str(tmp_path), {"eligibility": read_document(file, [])})

    assert sources.position_within("eligibility", "rule", line=1, column=1) is None
    assert sources.position_within("dosing", "rule", line=1, column=1) is None
    assert sources.place_within("dosing", "rule", line=1, column=1).file.endswith("dosing.yaml")


def test_a_position_beyond_the_text_has_no_column(tmp_path: Path) -> None:
    file = tmp_path / "eligibility.yaml"
    file.write_text(f"rule: {RULE}\n", "utf-8")
    sources = Sources(str(tmp_path), {"eligibility": read_document(file, [])})

    found = sources.position_within("eligibility", "rule", line=1, column=len(RULE) + 1)

    assert found is not None
    assert (found[0].line, found[1]) == (1, 0)
