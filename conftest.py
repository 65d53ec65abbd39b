"""The examples in README.md and docs/ run as tests, each document in a folder of its own.

- ```python blocks run; with `>>>` they are compared with what they print.
- ```console blocks run each line after `$ ` and compare what it prints; `...` stands for anything.
- A block whose fence ends in title="name" is saved in the document's folder under that name.
- The folder `data` in the document's folder is `docs/tutorials/data`: a reader runs a tutorial's commands in `docs/tutorials`.
- <!-- skip: next --> before a block that cannot run here (a server, make).
"""

from __future__ import annotations

import doctest
import functools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sybil import Document, Example, Region, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer
from xdist.scheduler import LoadScopeScheduling

TITLED = RawFencedCodeBlockLexer(info_pattern=re.compile(r'(?P<language>\w+) title="(?P<title>[\w./-]+)"\n'))


def parse_titled_blocks(document: Document) -> Iterable[Region]:
    """This will find the blocks that are files, and save each when its turn comes."""
    for region in TITLED(document):
        region.parsed = (region.lexemes["title"], region.lexemes["source"])
        region.evaluator = save_block
        yield region


def save_block(example: Example) -> None:
    """This will save a titled block in the document's folder."""
    title, source = example.parsed
    target = Path(title)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(source, encoding="utf-8")


def run_console(example: Example) -> str | None:
    """This will run a console block command by command and say where its output differs from the page."""
    checker = doctest.OutputChecker()
    for command, expected in commands_of(example.parsed):
        printed = run_command(command, example.namespace)
        case = doctest.Example(command, expected)
        if not checker.check_output(case.want, printed, doctest.ELLIPSIS):
            return f"$ {command}\n{checker.output_difference(case, printed, doctest.REPORT_NDIFF)}"
    return None


def commands_of(block: str) -> Iterator[tuple[str, str]]:
    """This will split a console block into its commands, each with the output that follows it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, expected = part.replace("\\\n", " ").partition("\n")
        yield command, expected if expected.endswith("\n") or not expected else expected + "\n"


def run_command(command: str, namespace: dict[str, Any]) -> str:
    """This will run `protocord` in this process, for speed, and anything else in a shell; `echo $?` gives the last exit code."""
    from protocord.cli import main

    if command == "echo $?":
        return f"{namespace['exit code']}\n"
    words = shlex.split(command, comments=True)
    if words[0] == "protocord":
        result = CliRunner().invoke(main, words[1:], catch_exceptions=False, prog_name="protocord")
        namespace["exit code"] = result.exit_code
        return result.output
    here = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    run = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, env={**os.environ, "PATH": here})
    namespace["exit code"] = run.returncode
    return run.stdout + run.stderr


def open_folder(namespace: dict[str, Any]) -> None:
    """This will give the document a folder to work in, with nothing in it but the tutorials' `data`."""
    namespace["folder before"] = Path.cwd()
    namespace["folder"] = Path(tempfile.mkdtemp(prefix="protocord-docs-"))
    (namespace["folder"] / "data").symlink_to(Path(__file__).parent / "docs" / "tutorials" / "data")
    os.chdir(namespace["folder"])


def close_folder(namespace: dict[str, Any]) -> None:
    """This will remove the document's folder again."""
    os.chdir(namespace["folder before"])
    shutil.rmtree(namespace["folder"])


_collect = Sybil(
    parsers=[
        CodeBlockParser("console", evaluator=run_console),
        PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE),
        SkipParser(),
        parse_titled_blocks,
    ],
    patterns=["README.md", "docs/**/*.md", "docs/*.md"],
    setup=open_folder,
    teardown=close_folder,
).pytest()


# What is started once and takes long: one worker has all its files, and has them first, so that nobody waits for it at the end.
STARTED_ONCE = ("spark", "cql", "browser")


class ByFile(LoadScopeScheduling):
    """A worker takes a file at a time, since a file shares its fixtures and what it compiles; or all files of one engine."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return engine_of(Path(self.config.rootpath, file)) or file


@functools.cache
def engine_of(file: Path) -> str:
    """This will say which of the engines that are started once a test file's marks name, if any."""
    text = file.read_text(encoding="utf-8") if file.name.startswith("test_") else ""
    return next((name for name in STARTED_ONCE if f"pytest.mark.{name}" in text), "")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """This will share the tests out between workers; `-n0` keeps them in one process."""
    return ByFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """This will put the engines' files first on a worker."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not engine_of(item.path))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """This will collect the documents' examples."""
    return _collect(file_path, parent)
