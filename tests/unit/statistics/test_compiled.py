"""Machine code kept on disk is used again, but never after an edit of anything that was compiled into it."""

from __future__ import annotations

import pickle
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import pytest

from protocord.kinetics.nca import engine
from protocord.statistics.compiled import sources_stamp

FILES = {
    "__init__.py": "",
    "outer.py": """
from protocord.statistics.compiled import compiled
from sums.inner import twice

@compiled
def outer(x: float) -> float:
    return twice(x) + 1.0
""",
    "inner.py": """
from protocord.statistics.compiled import compiled
from . import codes

@compiled
def twice(x: float) -> float:
    return codes.FACTOR * x
""",
    "codes.py": "FACTOR = 2.0\n",
    "alone.py": "OTHER = 1\n",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "sums"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


def test_the_stamp_changes_with_every_module_that_is_imported_directly_or_through_others(package: Path, tmp_path: Path) -> None:
    stamps = [sources_stamp(package / "outer.py")]
    for name in ("outer.py", "inner.py", "codes.py"):
        copy = tmp_path / name.removesuffix(".py") / "sums"
        copy.mkdir(parents=True)
        for file, text in FILES.items():
            (copy / file).write_text(text + ("# edited\n" if file == name else ""))
        stamps.append(sources_stamp(copy / "outer.py"))
    assert len(set(stamps)) == 4


def test_the_stamp_does_not_change_with_a_module_that_is_not_imported(package: Path, tmp_path: Path) -> None:
    copy = tmp_path / "other" / "sums"
    copy.mkdir(parents=True)
    for file, text in FILES.items():
        (copy / file).write_text(text + ("# edited\n" if file == "alone.py" else ""))
    assert sources_stamp(copy / "outer.py") == sources_stamp(package / "outer.py")


def test_a_compiled_function_carries_the_stamp_of_its_sources() -> None:
    source = Path(engine.__file__)
    assert engine.gather._cache._cache_file._source_stamp[1] == sources_stamp(source)  # type: ignore[attr-defined]


@pytest.mark.parametrize("gone", ["protocord.statistics.compiled\nGone", "protocord.gone\nGone"])
def test_a_kept_index_that_speaks_of_a_class_no_longer_there_counts_as_empty(gone: str, tmp_path: Path) -> None:
    file = tmp_path / "thrice.py"
    file.write_text(
        "from protocord.statistics.compiled import compiled\n\n@compiled\ndef thrice(x: float) -> float:\n    return 3.0 * x\n"
    )

    def thrice() -> Any:
        return runpy.run_path(str(file))["thrice"]

    assert thrice()(2.0) == 6.0
    (index,) = tmp_path.rglob("*.nbi")
    # An index is its version, then what it speaks of: here a name, as pickle's first protocol writes it.
    index.write_bytes(pickle.dumps(numba.__version__) + f"c{gone}\n.".encode())
    anew, again = thrice(), thrice()
    assert anew(2.0) == again(2.0) == 6.0
    assert [sum(one.stats.cache_hits.values()) for one in (anew, again)] == [0, 1]


@pytest.mark.slow
def test_an_edited_callee_or_constant_is_compiled_anew_and_unedited_code_comes_from_disk(package: Path) -> None:
    run = "from sums.outer import outer; print(outer(3.0), sum(outer.stats.cache_hits.values()))"

    def result() -> str:
        told = subprocess.run([sys.executable, "-c", run], cwd=package.parent, capture_output=True, text=True, check=True)
        return told.stdout.strip()

    assert result() == "7.0 0"
    assert result() == "7.0 1"
    (package / "codes.py").write_text("FACTOR = 5.0\n")
    assert result() == "16.0 0"
    (package / "inner.py").write_text(FILES["inner.py"].replace("* x", "* x * x"))
    assert result() == "46.0 0"
