"""Which protocol a study runs under: installed by content, never changed under people's hands."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from protocord.errors import DocumentProblems, Refused
from protocord.protocol import STUDIES
from protocord.store import actions, archive, projections, protocols, reads, record
from protocord.store.access import NotThere

ON = date(2026, 1, 7)


@pytest.fixture
def amended(tmp_path: Path) -> Path:
    """The reference study in a folder of its own, as version 2.0.0."""
    folder = tmp_path / "amended"
    shutil.copytree(STUDIES / "nct06848582", folder)
    study = folder / "study.yaml"
    text = study.read_text(encoding="utf-8")
    assert 'version: "1.0.0"' in text
    study.write_text(text.replace('version: "1.0.0"', 'version: "2.0.0"'), encoding="utf-8")
    return folder


def installed(trial: Any) -> list[str]:
    return [entry.data["version"] for entry in record.chain(trial.study, None) if entry.kind == "protocol_installed"]


def test_installing_the_same_content_again_leaves_no_second_entry(trial: Any) -> None:
    actions.install_study(STUDIES / trial.study)

    assert installed(trial) == ["1.0.0"]


def test_a_new_version_is_an_entry_and_the_children_go_on_under_it(trial: Any, amended: Path) -> None:
    subject = trial.register()
    trial.record(subject, "consent")

    actions.install_study(amended)
    answer = trial.record(subject, "demographics")

    assert installed(trial) == ["1.0.0", "2.0.0"]
    assert protocols.current(trial.study).version == "2.0.0"
    assert [entry.protocol.version for entry in record.chain(trial.study, subject)] == ["1.0.0", "1.0.0", "2.0.0"]
    assert answer.state.forms
    assert archive.verify_database(trial.study)[trial.study].ok
    live = projections.snapshot(trial.study)
    projections.rebuild(protocols.current(trial.study))
    assert projections.snapshot(trial.study) == live


def test_documents_that_were_changed_after_they_were_installed_are_not_used(trial: Any, amended: Path) -> None:
    actions.install_study(amended)
    study = amended / "study.yaml"
    study.write_text(study.read_text(encoding="utf-8").replace('version: "2.0.0"', 'version: "2.0.1"'), encoding="utf-8")
    protocols.forget_all()

    with pytest.raises(Refused, match="no longer those that were installed"):
        trial.register()


def test_documents_that_make_no_protocol_are_refused_and_change_nothing(trial: Any, amended: Path) -> None:
    (amended / "schedule.yaml").write_text("visits: []\n", encoding="utf-8")

    with pytest.raises(DocumentProblems):
        actions.install_study(amended)

    assert installed(trial) == ["1.0.0"]


def test_a_study_that_is_not_installed_is_not_there(trial: Any) -> None:
    with pytest.raises(NotThere):
        reads.protocol(trial.viewer("ana"), "nct00000000")
