"""What is fuzzed: a way to make cases, what must hold for each, and a bug to plant that must be found."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from random import Random
from typing import Any
from unittest import mock

from hypothesis.strategies import SearchStrategy, integers


@dataclass(frozen=True)
class Target:
    """One part of the grader that reads or writes what a stranger made.

    Args of `holds`: one case. It raises AssertionError, or whatever the part should not have raised.
    """

    name: str
    cases: SearchStrategy[Any]
    holds: Callable[[Any], None]
    plant: Callable[[], AbstractContextManager[Any]]
    planted: str  # what the planted bug is


def replaced(name: str, by: Any) -> Callable[[], AbstractContextManager[Any]]:
    """A plant that replaces something of the grader: "grader.exports.words.scrub"."""
    return lambda: mock.patch(name, by)


def seeded(make: Callable[[Random], Any]) -> SearchStrategy[Any]:
    """Cases made from a seed: for structures that hypothesis would take longer to make than we to test."""
    return integers(0, 2**32).map(lambda seed: make(Random(seed)))


def mutated(random: Random, data: bytes) -> bytes:
    """The bytes with some of them changed, cut, doubled or put elsewhere; half of the time as they are."""
    if random.random() < 0.5 or not data:
        return data
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8, 40))):
        at = random.randrange(len(changed) + 1)
        end = min(len(changed), at + random.choice((1, 1, 4, 60)))
        how = random.randrange(4)
        if how == 0:
            changed[at:end] = random.randbytes(end - at)
        elif how == 1:
            changed[at:end] = bytes([random.choice((0, 0x7F, 0x80, 0xFF))]) * (end - at)
        elif how == 2:
            changed[at:at] = changed[at:end]
        elif random.random() < 0.2:
            del changed[at:]
        else:
            del changed[at:end]
    return bytes(changed)
