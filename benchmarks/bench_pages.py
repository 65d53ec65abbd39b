"""How long does the server take for the two heaviest pages? Limits: eligibility board 150 ms, matrix of 1,000 subjects 300 ms.

The demonstration is loaded through its door; for the matrix, the lists of one enrolled child are then copied under 1,000 numbers (the matrix
reads lists, never chains). Pages are asked for by Django's test client in this process: middleware, reads, template, no network.
The number of queries with 20 children and with 1,000 stands beside the time: it must be the same.

Run: python benchmarks/bench_pages.py
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

LIMITS = {"board": 0.150, "matrix": 0.300}
SUBJECTS = 1000
ROUNDS = 15
STUDY = "nct06848582"


def main() -> None:
    folder = tempfile.mkdtemp(prefix="protocord-bench-")
    os.environ["PROTOCORD_DATABASE_URL"] = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
    os.environ["PROTOCORD_PLAIN_HTTP"] = "1"
    os.environ["PROTOCORD_VAULT_KEY"] = "YmVuY2htYXJrLW9ubHktYmVuY2htYXJrLW9ubHktYmU="
    os.environ["DJANGO_SETTINGS_MODULE"] = "protocord.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    run()


def run() -> None:
    from django.contrib.auth import get_user_model
    from django.test import Client

    from protocord.protocol import STUDIES
    from protocord.store import clock, demo

    demo.load(STUDIES / STUDY, clock.today())
    client = Client()
    user = get_user_model().objects.get(username="monitor")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    few = queries(client, f"/studies/{STUDY}/subjects/")
    copy_children()
    many = queries(client, f"/studies/{STUDY}/subjects/")
    for name, address in (
        ("board", f"/studies/{STUDY}/subjects/01-005/eligibility/"),
        ("matrix", f"/studies/{STUDY}/subjects/"),
        ("matrix", f"/studies/{STUDY}/subjects/?rows=100"),
    ):
        measure(client, name, address)
    print(
        f"queries of the matrix: {few} with the demonstration's children, {many} with {SUBJECTS} more: {'same' if few == many else 'GROWS'}"
    )


def measure(client: Any, name: str, address: str) -> None:
    answer = client.get(address)
    address = answer.headers.get("Location", address)  # the page's own address holds the dates it answers for
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        answer = client.get(address)
        times.append(time.perf_counter() - begin)
        assert answer.status_code == 200, (address, answer.status_code)
    middle = statistics.median(times)
    verdict = "met" if middle <= LIMITS[name] else "MISSED"
    size = len(answer.content) // 1024
    print(f"{address}: {1000 * middle:.0f} ms (median of {ROUNDS}, {size} kB); limit {1000 * LIMITS[name]:.0f} ms: {verdict}")


def queries(client: Any, address: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(address)  # the first request reads the protocol and writes the session
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return len(captured)


def copy_children() -> None:
    """This will put the lists of one enrolled child under 1,000 numbers."""
    from protocord.store.models import FormRow, SubjectRow, VisitRow

    for model in (SubjectRow, VisitRow, FormRow):
        rows = list(model._default_manager.filter(study=STUDY, subject="01-001").values())
        copies = [model(**{**row, "id": None, "subject": f"01-{1000 + number}"}) for number in range(SUBJECTS) for row in rows]
        model._default_manager.bulk_create(copies, batch_size=500)


if __name__ == "__main__":
    main()
