"""How a launcher is confined: one object a level, and the limits that every life has.

A level turns the command that starts the launcher into the one that starts it confined.
`practice` confines nothing but the resources: it is for a student's own machine and own code.
"""

import sys
from dataclasses import dataclass
from typing import Protocol

MEGABYTE = 1024 * 1024
MEMORY = 2048 * MEGABYTE  # resident, the life and all below it: 20 argon2 hashes at once take 1.3 GB
OUTPUT = 16 * MEGABYTE  # what a life may print before it is stopped; far less is kept

LIMITS = {
    "RLIMIT_CPU": 60,  # seconds
    "RLIMIT_FSIZE": 64 * MEGABYTE,
    "RLIMIT_NOFILE": 1024,
    "RLIMIT_CORE": 0,
}
if sys.platform == "linux":  # macOS reserves address space so freely that this limit means nothing there
    LIMITS["RLIMIT_AS"] = 8192 * MEGABYTE  # address space, not memory: 40 threads reserve gigabytes


class Level(Protocol):
    """A way to confine the launcher."""

    @property
    def name(self) -> str:
        """As the report says it."""

    def confine(self, command: list[str]) -> list[str]:
        """The command that runs `command` confined."""


@dataclass(frozen=True)
class Practice:
    """Process group, deadlines, output caps and resource limits; needs no privilege, keeps no secret."""

    name: str = "practice"

    def confine(self, command: list[str]) -> list[str]:
        """The command as it is."""
        return command


class RefusedError(Exception):
    """No level that was asked for works here; the text says what is missing, and what to install."""


def choose(require: str | None) -> Level:
    """The best level that works here, or the one that is required.

    Raises:
        RefusedError: there is none.
    """
    if require == "practice":
        return Practice()
    raise RefusedError("There is no sandbox here.")
