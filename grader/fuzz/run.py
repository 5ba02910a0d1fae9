"""Runs targets: so many cases each, and what was found."""

import time
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from grader.fuzz import databases, exports, files, network, verdicts
from grader.fuzz.target import Target
from grader.scrub import scrub

TARGETS: tuple[Target, ...] = (
    *files.TARGETS,
    *network.TARGETS,
    *verdicts.TARGETS,
    *databases.TARGETS,
    *exports.TARGETS,
)


@dataclass(frozen=True)
class Fuzzed:
    """What came of one target."""

    target: Target
    cases: int
    seconds: float
    found: str  # what did not hold; "" when all did

    def __str__(self) -> str:
        """A line of the table."""
        return f"{self.target.name:<17}{self.cases:>7} cases {self.seconds:>7.1f} s   {self.found or 'holds'}"


def fuzz(target: Target, cases: int, number: int, *, plant: bool = False) -> Fuzzed:
    """Try cases, until one does not hold.

    Args:
        target: what is fuzzed.
        cases: how many are tried at most.
        number: the seed; the same one makes the same cases.
        plant: put the target's bug in first.
    """
    tried = 0

    def holds(case: Any) -> None:
        nonlocal tried
        tried += 1
        target.holds(case)

    options = settings(
        max_examples=cases, deadline=None, database=None, phases=[Phase.generate], report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    test = seed(number)(options(given(target.cases)(holds)))
    began, found = time.monotonic(), ""
    try:
        with warnings.catch_warnings(), target.plant() if plant else nullcontext():
            warnings.simplefilter("ignore")  # a case that is long to print, a name that is in a zip twice
            test()
    except Exception as problem:  # noqa: BLE001 -- whatever was raised is what was found
        found = scrub(f"{type(problem).__name__}: {problem}", 200)
    return Fuzzed(target, tried, time.monotonic() - began, found)


def fuzz_all(names: list[str], cases: int, number: int, say: Callable[[str], None], *, plant: bool = False) -> bool:
    """Fuzz these targets, all when none is named.

    Returns:
        Whether all held; with planted bugs, whether each was found.
    """
    done = []
    for target in TARGETS:
        if not names or target.name in names:
            done.append(fuzz(target, cases, number, plant=plant))
            say(str(done[-1]) + (f"   (planted: {target.planted})" if plant else ""))
    say(f"{sum(each.cases for each in done)} cases, seed {number}")
    return all(bool(each.found) == plant for each in done)
