"""What every test of the command line needs: a way to run a command in this process."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from protocord.cli import main


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run `protocord` with these arguments; a bug's exception is raised, not swallowed."""

    def invoke(*arguments: object, **env: str) -> Result:
        said = [str(argument) for argument in arguments]
        return CliRunner(env=env).invoke(main, said, prog_name="protocord", catch_exceptions=False)

    return invoke
