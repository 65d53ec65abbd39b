"""The door of the command line: help that teaches, exit codes, problems without traceback, bugs with one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from protocord import __version__
from protocord.cli import main
from protocord.cli.door import Door
from protocord.errors import DocumentProblems, LedgerProblems, Place, Problem, ProblemsFound, Refused, SubjectProblems

Run = Callable[..., Result]


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


ROOT = Path(__file__).parents[2]
ALL = dict(commands(main))


def test_the_version_is_told(run: Run) -> None:
    assert run("--version").output == f"protocord {__version__}\n"


@pytest.mark.parametrize("name", ALL)
def test_the_help_of_every_command_teaches_with_an_example_of_itself(name: str) -> None:
    help_text = ALL[name].help or ""

    assert "Example:" in help_text
    assert f"protocord {name}" in help_text.partition("Example:")[2]


@pytest.mark.parametrize("name", ALL)
def test_every_option_says_what_it_is_for(name: str) -> None:
    silent = [option.name for option in ALL[name].params if isinstance(option, click.Option) and not option.help]

    assert not silent


def test_the_summary_of_every_command_fits_its_line(run: Run) -> None:
    listed = run("--help").output.partition("Commands:")[2]

    assert "..." not in listed
    assert all(command in listed for command in main.commands)


def test_a_command_that_does_not_exist_ends_with_two(run: Run) -> None:
    result = run("screem")

    assert result.exit_code == 2
    assert "No such command 'screem'" in result.stderr


@pytest.fixture
def failing() -> Callable[[BaseException], Door]:
    """A command line whose one command raises what it is given."""

    def make(error: BaseException) -> Door:
        group = Door(name="protocord")

        @group.command()
        def fail() -> None:
            raise error

        return group

    return make


@pytest.mark.parametrize(("kind", "code"), [(DocumentProblems, 3), (SubjectProblems, 4), (LedgerProblems, 5), (Refused, 6)])
def test_problems_for_a_person_are_lines_without_a_traceback_and_have_their_own_exit_code(
    failing: Callable[[BaseException], Door], kind: type[ProblemsFound], code: int
) -> None:
    problems = [Problem(Place("study.yaml", 7), "The title is missing.", "Write one."), Problem(Place(), "And more.")]

    result = CliRunner().invoke(failing(kind(problems)), ["fail"])

    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr == "study.yaml:7: The title is missing. Write one.\nAnd more.\n2 problems\n"


def test_a_bug_keeps_its_traceback(failing: Callable[[BaseException], Door]) -> None:
    with pytest.raises(ZeroDivisionError):
        CliRunner().invoke(failing(ZeroDivisionError()), ["fail"], catch_exceptions=False)


def test_no_color_takes_colours_away_even_where_they_were_asked_for() -> None:
    group = Door(name="protocord")

    @group.command()
    def tell() -> None:
        click.echo(click.style("met", fg="green"))

    assert "\x1b[" in CliRunner(env={"NO_COLOR": ""}).invoke(group, ["tell"], color=True).output
    assert CliRunner(env={"NO_COLOR": "1"}).invoke(group, ["tell"], color=True).output == "met\n"


def test_a_terminal_without_the_signs_gets_others_instead_of_an_error() -> None:
    script = (
        "from protocord.cli.door import Door; import click\ng = Door(name='p')\n@g.command()\ndef t(): click.echo('✓ 符合')\ng()"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, "t"], capture_output=True, check=False, env={"PYTHONIOENCODING": "latin-1", "PATH": ""}
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == b"? ??\n"


def test_python_m_protocord_is_protocord() -> None:
    done = subprocess.run([sys.executable, "-m", "protocord", "--version"], capture_output=True, text=True, check=True)

    assert done.stdout == f"protocord {__version__}\n"


@pytest.mark.parametrize(
    "program",
    ["import protocord", "import protocord; protocord.load, protocord.screen, protocord.read_subject", "import protocord.cli"],
)
def test_the_library_and_the_command_line_load_no_django(program: str) -> None:
    script = f"{program}\nimport sys; print(sorted(name for name in sys.modules if name.split('.')[0] == 'django'))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_starting_and_asking_for_help_loads_none_of_the_libraries_that_compute() -> None:
    heavy = {"numpy", "scipy", "polars", "numba", "matplotlib", "statsmodels", "pandas", "ibis", "duckdb", "pyarrow"}
    program = f"""
import sys
from click.testing import CliRunner
from protocord.cli import main
assert CliRunner().invoke(main, ["--help"]).exit_code == 0
print(sorted({heavy} & {{name.split(".")[0] for name in sys.modules}}))
"""

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == "[]"


def test_a_study_that_is_not_there_is_told_with_the_likely_one(run: Run) -> None:
    result = run("check", "nct06848528")

    assert result.exit_code == 2
    assert "Did you mean nct06848582?" in result.stderr


def test_a_day_that_is_none_is_told_with_the_way_to_write_it(run: Run, tmp_path: Path) -> None:
    facts = tmp_path / "facts.yaml"
    facts.write_text("subject: x\n")

    result = run("screen", "nct06848582", facts, "--on", "30.6.2025")

    assert result.exit_code == 2
    assert "2025-06-30" in result.stderr


def test_every_generated_file_is_current(run: Run) -> None:
    result = run("generate", "--check", "--root", ROOT)

    assert result.exit_code == 0, f"make generate\n{result.output}"


def test_generate_names_a_stale_file_and_writes_it_anew(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    assert run("generate", "--check", "--root", tmp_path).exit_code == 1
    assert not (tmp_path / "docs").exists(), "--check writes nothing"

    assert run("generate", "--root", tmp_path).exit_code == 0
    page = tmp_path / "docs/reference/cli.md"
    page.write_text("stale")
    result = run("generate", "--check", "--root", tmp_path)

    assert result.exit_code == 1
    assert result.stderr == "docs/reference/cli.md is not current; `make generate` writes it.\n"


def test_generate_outside_the_repository_is_refused(run: Run, tmp_path: Path) -> None:
    result = run("generate", "--root", tmp_path)

    assert result.exit_code == 6
    assert "--root" in result.stderr


def test_the_roles_that_user_add_offers_are_those_of_the_study(run: Run) -> None:
    from protocord.cli.people import ROLES
    from protocord.conduct import Role

    assert tuple(role.value for role in Role) == ROLES
