"""Measure one way of screening in a process of its own, so that its processor time and its memory are its own."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Persons, Codes = npt.NDArray[np.int64], npt.NDArray[np.uint8]
Answers = tuple[Persons, Codes]  # codes[criterion, person]


@dataclass(frozen=True)
class Measured:
    """Processor seconds of the best run of several (all threads), of the first run, the most memory in MB, and where the answers are."""

    name: str
    seconds: float
    first: float
    memory: float
    answers: Path


def measured(
    name: str, prepare: Callable[..., Callable[[], Answers]], arguments: Iterable[Any], into: Path, times: int = 3
) -> Measured:
    """This will run what `prepare` returns several times in a new process and save its answers; what prepares is not measured."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, name, prepare, tuple(arguments), into, times).result()


def _measured(
    name: str, prepare: Callable[..., Callable[[], Answers]], arguments: tuple[Any, ...], into: Path, times: int
) -> Measured:
    job = prepare(*arguments)
    spent = []
    for _ in range(times):
        before = time.process_time()
        persons, codes = job()
        spent.append(time.process_time() - before)
    into.mkdir(parents=True, exist_ok=True)
    persons, codes = in_order(persons, codes)
    np.save(into / "persons.npy", persons)
    np.save(into / "codes.npy", codes)
    # Before its answers were saved it had less; what is stated is the most.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(name, min(spent), spent[0], peak, into)


def in_order(persons: Persons, codes: Codes) -> Answers:
    """This will return answers by person in ascending order."""
    if np.all(persons[:-1] <= persons[1:]):
        return persons, codes
    order = np.argsort(persons)
    return persons[order], codes[:, order]


def read(one: Measured) -> Answers:
    """This will return the answers that a run saved."""
    return np.load(one.answers / "persons.npy"), np.load(one.answers / "codes.npy")


def same(one: Measured, other: Measured) -> None:
    """This will refuse to give a figure unless both have the same persons and the same answer to every criterion of each."""
    (persons, codes), (others, other_codes) = read(one), read(other)
    if not (np.array_equal(persons, others) and np.array_equal(codes, other_codes)):
        differing = int((codes != other_codes).sum()) if codes.shape == other_codes.shape else "all"
        message = f"{one.name} and {other.name} differ in {differing} answers: no figure."
        raise SystemExit(message)
