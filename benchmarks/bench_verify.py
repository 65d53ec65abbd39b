"""How fast does a ledger verify, against the limit of 200,000 entries a second and against bare hashing of the same bytes?

    python benchmarks/bench_verify.py

Builds ledgers of many chains with bodies of 300 to 600 bytes, as forms leave them, and verifies them on one core. Bare hashing
is the floor: the two SHA-256 of each entry over bytes made ready beforehand. All figures are the best of five rounds in one run, in
processor time of one core, so that other work on the machine counts less.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import ClassVar

from protocord.ledger import By, Draft, Entry, Json, ProtocolStamp, append, read_lines, verify, write_lines
from protocord.ledger.chain import header

LIMIT = 200_000
CHAINS = 100


@dataclass(frozen=True, slots=True)
class Filled:
    """A form's entry, as far as its size goes."""

    kind: ClassVar[str] = "form_saved"
    visit: str
    changes: Json


def ledger(size: int) -> list[Entry]:
    """This will return `size` entries in CHAINS chains; each chain has its own people, and bodies grow and shrink."""
    stamp = ProtocolStamp("nct00000000", "1.0.0", "ab" * 32)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    last: dict[int, Entry] = {}
    entries: list[Entry] = []
    for number in range(size):
        chain = number % CHAINS
        by = By(f"coordinator-{chain}", "coordinator", "dongguan-taixin")
        changes = [
            {"item": f"haematology.item_{k}", "new": {"unit": "10*9/L", "value": f"{number % 97}.{k}"}, "old": None}
            for k in range(4 + number % 4)
        ]
        draft = Draft(
            "nct00000000", f"01-{chain:03d}", Filled(f"C{chain}D8", changes), stamp, by, start + timedelta(seconds=number)
        )
        last[chain] = append(last.get(chain), draft, sha256(str(number).encode()).hexdigest()[:32])
        entries.append(last[chain])
    return entries


def best(work: Callable[[], object]) -> float:
    """This will return the least processor time in seconds of five rounds of `work`."""
    rounds = []
    for _ in range(5):
        gc.collect()
        begun = time.process_time()
        work()
        rounds.append(time.process_time() - begun)
    return min(rounds)


def bare(pairs: list[tuple[bytes, bytes]]) -> None:
    """This will hash the bytes of every entry and nothing else."""
    for body, head in pairs:
        sha256(body).digest()
        sha256(head).digest()


def main() -> None:
    rates = {}
    for size in (25_000, 100_000):
        entries = ledger(size)
        bodies = [len(entry.body or "") for entry in entries]
        pairs = [(f"protocord-body-1\n{e.salt}\n{e.body}".encode(), header(e).encode()) for e in entries]
        assert verify(entries).ok
        broken = [*entries[:-1], replace(entries[-1], reason="another")]
        assert not verify(broken).ok
        whole, floor = best(lambda entries=entries: verify(entries)), best(lambda pairs=pairs: bare(pairs))
        rates[size] = size / whole
        print(
            f"{size:>7,} entries in {CHAINS} chains, bodies {min(bodies)} to {max(bodies)} bytes (mean {sum(bodies) // size}): "
            f"{size / whole:>9,.0f} entries/s = {size / whole / LIMIT:.2f} x the limit; bare hashing {size / floor:>9,.0f}/s "
            f"(verification / bare = {whole / floor:.2f})"
        )
    small, large = sorted(rates)
    print(f"growth: {large // small} x the entries take {large / rates[large] / (small / rates[small]):.2f} x the time")
    lines = list(write_lines(ledger(small)))
    from_file = best(lambda: verify(read_lines(lines)))
    print(f"from the text file (parse and verify): {small / from_file:,.0f} entries/s")


if __name__ == "__main__":
    main()
