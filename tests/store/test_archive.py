"""A study's ledger leaves one database and enters another with every hash as it was."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from protocord.errors import LedgerProblems, Refused
from protocord.ledger import read_lines, verify
from protocord.protocol import STUDIES
from protocord.store import actions, archive, folding, projections, record
from protocord.store.access import NotAllowed, NotThere
from protocord.store.answers import PersonalIdentity

both_databases = pytest.mark.parametrize("trial", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)


@pytest.fixture
def lived(trial: Any) -> Any:
    """A trial with some history and a seal."""
    for name in ("dan", "bo"):
        subject = trial.register(name)
        trial.record(subject, "consent", name=name)
    actions.set_identity(trial.viewer("dan"), trial.study, "01-001", PersonalIdentity("王小明"))
    actions.seal(None, trial.study)
    return trial


def exported(trial: Any, **more: Any) -> str:
    file = io.StringIO()
    archive.export_study(trial.study, file, **more)
    return file.getvalue()


@both_databases
def test_a_ledger_comes_back_byte_for_byte(lived: Any, sqlite_template: Path, tmp_path: Path, scratch_database: Any) -> None:
    from protocord.store.engines import database_from_url

    text = exported(lived)
    before, heads = projections.snapshot(lived.study), record.heads(lived.study)
    other = tmp_path / "other.sqlite3"
    other.write_bytes(sqlite_template.read_bytes())

    with scratch_database(database_from_url(f"sqlite:///{other}")):
        count = archive.import_study(io.StringIO(text))
        again = io.StringIO()
        again.writelines(_lines(lived.study))

        assert again.getvalue() == text
        assert count == text.count("\n") - 1
        assert record.heads(lived.study) == heads
        assert projections.snapshot(lived.study) == before
        assert archive.verify_database(lived.study)[lived.study].ok
        assert folding.state(lived.study, "01-001") is not None


def _lines(study: str) -> Any:
    from protocord.ledger import write_lines

    return write_lines(record.all_entries(study))


def test_an_imported_study_goes_on(lived: Any, sqlite_template: Path, tmp_path: Path, scratch_database: Any) -> None:
    from protocord.conduct import RegisterSubject, Role
    from protocord.store.access import viewer_named
    from protocord.store.engines import database_from_url

    text = exported(lived)
    other = tmp_path / "other.sqlite3"
    other.write_bytes(sqlite_template.read_bytes())

    with scratch_database(database_from_url(f"sqlite:///{other}")):
        archive.import_study(io.StringIO(text))
        actions.install_study(STUDIES / lived.study)  # at hand already: no second entry
        actions.create_user("dan", "Dan Li", lived.password)
        actions.grant("dan", lived.study, Role.COORDINATOR, lived.sites[0], starts=date(2020, 1, 1))
        done = actions.perform(viewer_named("dan"), lived.study, RegisterSubject(lived.sites[0]))

        kinds = [entry.kind for entry in record.chain(lived.study, None)]
        assert done.state.id == "01-002"
        assert kinds.count("protocol_installed") == 1
        assert archive.verify_database(lived.study)[lived.study].ok


def test_the_file_verifies_without_us_and_holds_its_own_export(lived: Any) -> None:
    text = exported(lived)

    entries = read_lines(io.StringIO(text))

    assert verify(entries).ok
    assert [entry.kind for entry in entries if entry.subject is None][-1] == "exported"


def test_an_export_is_an_entry_even_for_a_person(lived: Any) -> None:
    exported(lived, viewer=lived.viewer("dora"), source="web")

    last = record.chain(lived.study, None)[-1]
    assert (last.kind, last.by.user) == ("exported", "dora")


@pytest.mark.parametrize(("name", "refusal"), [("ana", NotAllowed), ("bo", NotAllowed), ("mia", NotAllowed), ("cai", NotThere)])
def test_the_whole_ledger_is_not_for_everybody(lived: Any, name: str, refusal: type[Exception]) -> None:
    """A site's investigator exports her own children's trail, never the study's ledger."""
    with pytest.raises(refusal):
        exported(lived, viewer=lived.viewer(name))


def test_an_altered_file_is_refused_and_nothing_is_stored(
    lived: Any, sqlite_template: Path, tmp_path: Path, scratch_database: Any
) -> None:
    from protocord.store.engines import database_from_url

    text = exported(lived).replace("guardian", "participant")
    other = tmp_path / "other.sqlite3"
    other.write_bytes(sqlite_template.read_bytes())

    with scratch_database(database_from_url(f"sqlite:///{other}")):
        with pytest.raises(LedgerProblems):
            archive.import_study(io.StringIO(text))
        assert record.heads(lived.study) == ()


def test_a_study_is_not_imported_over_itself(lived: Any) -> None:
    text = exported(lived)
    before = record.heads(lived.study)

    with pytest.raises(Refused, match="already holds"):
        archive.import_study(io.StringIO(text))

    assert record.heads(lived.study) == before


def test_a_study_that_is_not_there_is_not_exported(trial: Any) -> None:
    with pytest.raises(NotThere):
        archive.export_study("another", io.StringIO())


def test_an_anchor_kept_elsewhere_is_found_again(lived: Any) -> None:
    root = record.chain(lived.study, None)[-1].data["root"]
    lived.register("dan")

    assert archive.verify_database(roots=[root])[lived.study].ok
    assert not all(found.ok for found in archive.verify_database(roots=["f" * 64]).values())


def test_a_chain_cut_short_by_hand_is_found_by_its_head(lived: Any) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER store_ledgerentry_no_delete")
        cursor.execute("DELETE FROM store_ledgerentry WHERE subject = '02-001' AND position = 2")

    found = archive.verify_database(lived.study)[lived.study]

    assert not found.ok
    assert any("02-001" in str(problem) for problem in found.problems)
