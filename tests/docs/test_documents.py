"""The documents as a whole: links lead somewhere, pages can be found, words and codes are those of the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import protocord
from protocord.cli.reference import _KINDS
from protocord.conduct import Role
from protocord.eligibility import Answer, Outcome
from protocord.protocol.document import Origin

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def without_code(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+)$", without_code(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower().replace("`", "")).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: Path) -> None:
    broken = []
    for target in LINK.findall(without_code(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and found.suffix == ".md" and anchor not in anchors(found)):
            broken.append(target)

    assert broken == []


def test_every_page_is_reached_from_the_index() -> None:
    index = ROOT / "docs/index.md"
    listed = {(index.parent / target.partition("#")[0]).resolve() for target in LINK.findall(index.read_text(encoding="utf-8"))}
    decisions = set((ROOT / "docs/adr").glob("*.md")) - {ROOT / "docs/adr/README.md"}  # those are listed in their own README

    assert {page for page in PAGES if "docs" in page.parts} - listed - decisions - {index} == set()


def test_every_picture_is_shown_somewhere_and_says_in_words_what_it_shows() -> None:
    shown = {
        (page.parent / path).resolve(): words
        for page in PAGES
        for words, path in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text("utf-8"))
    }

    assert {picture.name for picture in (ROOT / "docs/images").glob("*.png")} == {path.name for path in shown}
    assert [path.name for path, words in shown.items() if len(words) < 20] == []


def test_every_exit_code_has_its_section_among_the_errors() -> None:
    headings = re.findall(r"^## (\d):", (ROOT / "docs/how-to/errors.md").read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert [int(code) for code in headings] == [kind.exit_code for kind in _KINDS]


def test_every_public_name_of_the_library_has_its_place_in_the_manual() -> None:
    manual = (ROOT / "docs/reference/library.md").read_text(encoding="utf-8")

    assert [name for name in protocord.__all__ if f"protocord.{name}" not in manual] == []


@pytest.mark.parametrize("word", [*(a.value for a in Answer), *(o.value for o in Outcome), *(r.value for r in Role), *Origin])
def test_the_glossary_knows_the_words_that_the_program_uses(word: str) -> None:
    glossary = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")

    assert word in glossary or word.replace("_", " ") in glossary


def test_every_word_of_the_glossary_has_a_chinese_one_and_a_meaning() -> None:
    rows = [line for line in (ROOT / "GLOSSARY.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    entries = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if "---" not in row and "| word |" not in row]

    assert len(entries) > 40
    assert [entry[0] for entry in entries if len(entry) != 4 or not CHINESE.search(entry[1]) or not entry[2].endswith(".")] == []


def test_no_page_claims_that_the_software_is_compliant_or_validated() -> None:
    claims = re.compile(r"\b(is|fully|be) (Part 11 |GCP[- ]|HIPAA[- ])?compliant\b|\bis validated\b", re.IGNORECASE)

    assert [str(page.relative_to(ROOT)) for page in PAGES if claims.search(page.read_text(encoding="utf-8"))] == []
