"""What a level of confinement is, and the limits that every life has.

A level turns the command that starts the launcher into the one that starts it confined, and says what each life may
reach. `practice` confines nothing but the resources: it is for a student's own machine and own code. The levels for
code that nobody has read are in confined.py.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

Rules: TypeAlias = "Mapping[str, Sequence[str]]"

MEGABYTE = 1024 * 1024
MEMORY = 2048 * MEGABYTE  # resident, the life and all below it: 20 argon2 hashes at once take 1.3 GB
OUTPUT = 16 * MEGABYTE  # what a life may print before it is stopped; far less is kept
PROCESSES = 150  # the life and all below it
DISK = 256 * MEGABYTE  # in the folder of a life

LIMITS = {
    "RLIMIT_CPU": 60,  # seconds
    "RLIMIT_FSIZE": 64 * MEGABYTE,
    "RLIMIT_NOFILE": 1024,
    "RLIMIT_CORE": 0,
}
if sys.platform == "linux":  # macOS reserves address space so freely that this limit means nothing there
    LIMITS["RLIMIT_AS"] = 8192 * MEGABYTE  # address space, not memory: 40 threads reserve gigabytes


@dataclass(frozen=True)
class Refuge:
    """Where a confined program finds what it needs, and what it may write.

    Args:
        python: the interpreter.
        code: the folder that holds grader/box.
        program: where copies of submissions go; the program may read them.
        lives: where the folders of lives go; each life may write its own.
        uid: the user it runs as, None for ours.
        packages: a folder of packages to add, where the interpreter does not find them by itself.
    """

    python: str
    code: Path
    program: Path
    lives: Path
    uid: int | None = None
    packages: str = ""


class Level(Protocol):
    """A way to confine the launcher."""

    @property
    def name(self) -> str:
        """As the report says it."""

    @property
    def limits(self) -> Mapping[str, int]:
        """The resource limits of each life."""

    @property
    def refuge(self) -> Refuge | None:
        """Where everything is; None where nothing is confined."""

    def confine(self, command: list[str]) -> list[str]:
        """The command that runs `command` confined."""

    def rules(self, own: Path) -> Rules:
        """What a life whose folder is `own` shuts itself in with; nothing where nothing is confined."""


@dataclass(frozen=True)
class Practice:
    """Process group, deadlines, output caps and resource limits; needs no privilege, keeps no secret."""

    name: str = "practice"
    limits: Mapping[str, int] = field(default_factory=lambda: LIMITS)
    refuge: None = None

    def confine(self, command: list[str]) -> list[str]:
        """The command as it is."""
        return command

    def rules(self, own: Path) -> Rules:
        """None."""
        del own
        return {}
