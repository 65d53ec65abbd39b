"""The commands, in the order in which a newcomer meets them."""

from __future__ import annotations

import click

from protocord.cli.cohort import cohort
from protocord.cli.design import design
from protocord.cli.door import Door
from protocord.cli.events import events
from protocord.cli.export import export
from protocord.cli.generate import generate
from protocord.cli.grade import grade
from protocord.cli.installation import demo, install, manage, migrate, seal, serve, vault_key
from protocord.cli.kinetics import kinetics
from protocord.cli.monitor import monitor
from protocord.cli.nca import nca
from protocord.cli.people import user
from protocord.cli.records import import_, verify
from protocord.cli.respond import respond
from protocord.cli.scales import scale
from protocord.cli.screen import screen
from protocord.cli.study import check, describe, examples
from protocord.cli.survive import survive


@click.group(cls=Door, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="protocord", message="protocord %(version)s")
def main() -> None:
    """Run a clinical trial from its protocol.

    A study is a folder of documents; STUDY is that folder's path, or the name of a study that comes
    with Protocord.

    \b
    Try:
      protocord describe nct06848582
      protocord demo
    """


for command in (
    screen,
    cohort,
    check,
    describe,
    examples,
    grade,
    scale,
    events,
    respond,
    survive,
    nca,
    kinetics,
    design,
    monitor,
    demo,
    verify,
    export,
    import_,
    serve,
    migrate,
    install,
    user,
    seal,
    vault_key,
    manage,
    generate,
):
    main.add_command(command)
