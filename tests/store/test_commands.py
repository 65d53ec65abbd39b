"""The store's own management commands, for whoever runs the machine."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from protocord.store import actions, archive, projections, record, vault
from protocord.store.answers import PersonalIdentity
from protocord.store.models import SubjectRow


def said(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_a_seal_is_appended_and_its_root_printed_as_an_anchor(trial: Any) -> None:
    trial.register()

    printed = said("seal_study", trial.study)

    root = record.chain(trial.study, None)[-1].data["root"]
    assert printed.endswith(f"root {root}\n")
    assert archive.verify_database(trial.study, roots=[root])[trial.study].ok


def test_the_lists_are_made_again(trial: Any) -> None:
    trial.register()
    before = projections.snapshot(trial.study)
    SubjectRow.objects.all().delete()

    assert said("rebuild_projections", trial.study).endswith("1 subjects; they differed from the ledger and are right again.\n")
    assert said("rebuild_projections", trial.study).endswith("1 subjects; they were right.\n")
    assert projections.snapshot(trial.study) == before


def test_the_vault_is_sealed_with_the_new_key(trial: Any, settings: Any) -> None:
    trial.register()
    actions.set_identity(trial.viewer("dan"), trial.study, "01-001", PersonalIdentity("王小明"))
    settings.PROTOCORD_VAULT_KEYS = (vault.new_key(), *settings.PROTOCORD_VAULT_KEYS)

    assert said("reseal_vault").startswith("1 identities")


def test_an_account_is_closed_with_its_reason(trial: Any) -> None:
    said("close_account", "dan", "--reason", "left the hospital")

    last = record.chain(trial.study, None)[-1]
    assert not trial.user("dan").is_active
    assert (last.kind, last.reason) == ("account_changed", "left the hospital")


@pytest.mark.parametrize("command", ["seal_study", "rebuild_projections"])
def test_a_study_that_is_not_there_is_said_plainly(trial: Any, command: str) -> None:
    with pytest.raises(CommandError, match="nct00000000"):
        said(command, "nct00000000")


def test_roles_are_postgresqls_matter(trial: Any) -> None:
    with pytest.raises(CommandError, match="only PostgreSQL has roles"):
        said("grant_application_role", "app")


def test_the_migrations_make_the_tables_that_the_models_say(database: Any) -> None:
    call_command("makemigrations", "store", check_changes=True, dry_run=True, verbosity=0)
