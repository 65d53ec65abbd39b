"""The demonstration goes through the same door as real work, and tells itself the same way each time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from protocord.errors import DocumentProblems
from protocord.protocol import STUDIES
from protocord.store import archive, clock, demo, projections, protocols, reads, record, vault
from protocord.store.access import viewer_named
from protocord.store.engines import database_from_url
from protocord.store.models import Identity, User

SHIPPED = sorted(file.parent.name for file in STUDIES.glob("*/demo.yaml"))
REFERENCE = "nct06848582"
TODAY = date(2026, 3, 4)


@pytest.fixture(scope="module", autouse=True)
def noon() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: datetime(2026, 3, 4, 12, tzinfo=UTC))
        yield


@pytest.fixture(scope="module")
def played(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, scratch_database: Any, django_db_blocker: Any
) -> Iterator[tuple[demo.SignIn, ...]]:
    """The accounts of the reference study's demonstration, played once for the tests that only look at it."""
    path = tmp_path_factory.mktemp("played") / "database.sqlite3"
    shutil.copy(sqlite_template, path)
    with django_db_blocker.unblock(), scratch_database(database_from_url(f"sqlite:///{path}")):
        yield demo.load(STUDIES / REFERENCE, TODAY)


@pytest.mark.parametrize("study", SHIPPED)
def test_the_shipped_demonstration_plays_without_a_refusal(database: Any, study: str) -> None:
    accounts = demo.load(STUDIES / study, TODAY)

    roles = {account.role for account in accounts}
    matrix = reads.subject_matrix(viewer_named("monitor", TODAY), study, TODAY)
    assert len(roles) == 8
    assert {row.card.status for row in matrix.rows} >= {"screening", "enrolled"}
    assert archive.verify_database(study)[study].ok
    live = projections.snapshot(study)
    projections.rebuild(protocols.current(study))
    assert projections.snapshot(study) == live


def test_the_reference_study_shows_at_least_a_dozen_children_in_many_states(played: Any) -> None:
    rows = reads.subject_matrix(viewer_named("monitor", TODAY), REFERENCE, TODAY).rows

    assert len(rows) >= 12
    assert {row.card.outcome for row in rows} == {"", "eligible", "ineligible", "incomplete", "review"}
    assert {row.card.signature for row in rows} == {"", "valid", "broken"}
    assert {row.card.site for row in rows} == {"dongguan-taixin", "sysucc"}


def test_nothing_in_the_demonstration_lies_in_the_future(played: Any) -> None:
    assert max(entry.at for entry in record.all_entries(REFERENCE)) <= clock.now()


def test_its_passwords_are_the_same_each_time_and_right(played: tuple[demo.SignIn, ...]) -> None:
    assert all(User.objects.get(username=account.username).check_password(account.password) for account in played)
    assert len({account.password for account in played}) == len(played)


def test_its_identities_lie_in_the_vault_and_not_in_the_ledger(played: Any) -> None:
    names = [vault.open_identity(row.sealed, study=row.study, subject=row.subject).name for row in Identity.objects.all()]
    text = "".join(entry.body or "" for entry in record.all_entries(REFERENCE))
    assert len(names) == 3
    assert not any(name in text for name in names)


def test_a_step_that_the_rules_refuse_is_named_and_nothing_stays(database: Any, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(STUDIES / REFERENCE, folder)
    (folder / "demo.yaml").write_text(
        "children:\n  - site: sysucc\n    steps:\n      - { do: register, day: today }\n      - { do: enrol, day: today }\n"
    )

    with pytest.raises(DocumentProblems, match=r"child 1, step 2 \(enrol\)"):
        demo.load(folder, TODAY)

    assert User.objects.count() == 0
