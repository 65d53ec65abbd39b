"""kill -9 at any moment of a save: the form is there whole, with its entry and its lists, or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from protocord.store import archive, folding, projections, protocols, record

# A writer that corrects one form again and again, and tells each save that it was told is done.
WRITER = """
import sys, django
django.setup()
from protocord.conduct import RecordForm
from protocord.forms import ItemAnswer
from protocord.store import actions, folding
from protocord.store.access import viewer_named
from protocord.store.answers import Done
study, subject = sys.argv[1:]
dan = viewer_named("dan")
print("ready", flush=True)
score = 0
while True:
    score = (score + 10) % 110
    state = folding.state(study, subject)
    base = next((form.position for key, form in state.forms.items() if key.form == "performance"), 0)
    answers = {"score.assessed_on": "2026-01-06", "score.scale": "lansky", "score.score": str(score)}
    typed = {item: ItemAnswer(value) for item, value in answers.items()}
    answer = actions.perform(dan, study, RecordForm("SCR", "performance", typed, base), subject=subject, reason="again")
    if isinstance(answer, Done):  # a killed client's last save may still be on its way in the server: then this one conflicts
        print(answer.state.position, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("trial", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_killed_writer_leaves_whole_saves_only(trial: Any) -> None:
    subject = trial.register()
    trial.record(subject, "consent")
    trial.record(subject, "demographics")
    environment = {**os.environ, "PROTOCORD_DATABASE_URL": trial.database.url, "PROTOCORD_PLAIN_HTTP": "1"}
    environment["DJANGO_SETTINGS_MODULE"] = "protocord.settings"

    for wait in (0.011, 0.037, 0.083):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, trial.study, subject], env=environment, stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            first = writer.stdout.readline()
            time.sleep(wait)
            writer.send_signal(signal.SIGKILL)
            told = [int(line) for line in [first, *writer.stdout.read().splitlines()] if line.strip()]

        folding.forget_all()
        live = projections.snapshot(trial.study)
        projections.rebuild(protocols.current(trial.study))
        head = record.head_of(trial.study, subject)
        assert archive.verify_database(trial.study)[trial.study].ok
        assert projections.snapshot(trial.study) == live
        assert head is not None
        assert told
        assert head[0] >= max(told), "a save that was told done is there"
