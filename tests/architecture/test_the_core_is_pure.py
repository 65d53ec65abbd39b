"""The house rules that an import contract cannot say."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "protocord"
SHELL = {"store", "web", "api", "cli", "settings.py"}


def core_modules() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] not in SHELL)


def test_importing_the_library_loads_no_django() -> None:
    script = "import sys, protocord; protocord.load, protocord.screen; print(sorted(m for m in sys.modules if m.split('.')[0] == 'django'))"

    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == "[]"


@pytest.mark.parametrize("path", core_modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_core_module_never_executes_text_as_code(path: Path) -> None:
    """A rule is parsed, never executed: no eval, exec, compile or __import__ anywhere in the core."""
    tree = ast.parse(path.read_text(encoding="utf-8"))

    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}

    assert called.isdisjoint({"eval", "exec", "compile", "__import__"})


@pytest.mark.parametrize("path", core_modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_core_module_reads_no_clock_and_no_chance(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    imported = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    attributes = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }

    assert imported.isdisjoint({"random", "secrets", "time"})
    assert attributes.isdisjoint({"date.today", "datetime.now", "datetime.today", "datetime.utcnow"})


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_module_names_a_particular_study(path: Path) -> None:
    """A docstring may show a shipped study as its example (the command line's help does); code may not know one."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    shown = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body and isinstance(node.body[0], ast.Expr)
    }

    told = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in shown
    ]

    assert [text for text in told if re.search(r"nct\d{8}", text, re.IGNORECASE)] == []


def test_only_the_actions_append_to_the_ledger() -> None:
    """One door for writes: outside the store nothing creates, saves or deletes a row of a table."""
    offenders = []
    for path in SOURCE.rglob("*.py"):
        area = path.relative_to(SOURCE).parts[0]
        if area == "store":
            continue
        text = path.read_text(encoding="utf-8")
        if re.search(r"\.objects\b|\.bulk_create\(|\.save\(\)|store\.models", text):
            offenders.append(str(path.relative_to(SOURCE)))

    assert offenders == []


def test_no_module_is_named_for_nothing() -> None:
    names = {path.stem for path in SOURCE.rglob("*.py")}

    assert names.isdisjoint({"utils", "helpers", "common", "base", "manager", "misc"})
