"""What is fuzzed: a way to make cases, what must hold for each, and a bug to plant that must be found."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from hypothesis.strategies import SearchStrategy


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
