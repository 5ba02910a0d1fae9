"""The bank of attacks: tests/attacks/*.toml, and how an entry becomes a submission.

An entry puts code into a starter in which only task 1.1 is solved (or into the solution). The code runs inside a
function that has the modules of PREPARED and calls `worked("...")` when something came of it. In the code @SECRET@,
@CANARY@ and the other names of world.py stand for what there is to aim at.
"""

import shutil
import textwrap
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from grader import course, starters

FOLDER = course.ROOT / "tests" / "attacks"
CHAPTER = "01"
HONEST = 4  # points of task 1.1
SOLVED = ("    return None\n", "    return create_engine(url)\n")  # task 1.1 in app/database.py
PREPARED = "import ctypes, gc, json, os, resource, signal, socket, sqlite3, struct, subprocess, sys, threading, time"
KINDS = {
    "exit": "ends the program: at import, at exit, by a signal of its own",
    "outlive": "threads and children that outlive the run",
    "results": "writes result files",
    "collect": "conftest.py, pytest.ini, sitecustomize.py, .pth",
    "shadow": "modules that shadow the standard library or the grader",
    "equal": "objects equal to everything, patched libraries",
    "inspect": "frames, descriptors, /proc",
    "signal": "signals and ptrace at the grader, the launcher, other lives",
    "channel": "control socket, probes and their nonce, testimony, listening descriptors",
    "read": "suites, solutions, other submissions, secrets",
    "network": "the network, of every kind",
    "exhaust": "processes, memory, disk, output, processor time",
    "answer": "hostile answers over HTTP and WebSockets",
    "database": "hostile files in the place of the database",
    "files": "hostile files in the submission",
    "constant": "answers from constants",
    "detect": "behaves well only while it is graded",
}


class Attack(BaseModel):
    """One hostile submission.

    Args:
        id: its name.
        kind: one of KINDS.
        tries: what it tries, in a sentence.
        code: what is put at the end of `file`.
        file: where.
        raw: `code` as it is, at the top of the file; else in a function, its exceptions told.
        files: further files of the submission, by their path.
        make: Python run by the bank in the folder of the submission, for links, pipes and the like.
        base: what it is put into.
        tasks: grade only these and what they need; all when empty.
        honest: the points its honest part earns.
        outcome: how check 1.1 must end; not looked at when empty.
        says: words that the report must hold.
        known: why it works, for the few that do; then `honest` counts what it gains.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: str
    tries: str
    code: str = ""
    file: str = "app/database.py"
    raw: bool = False
    files: Mapping[str, str] = {}
    make: str = ""
    base: Literal["starter", "solution"] = "starter"
    tasks: tuple[str, ...] = ()
    honest: int = HONEST
    outcome: str = ""
    says: str = ""
    known: str = ""

    def program(self) -> str:
        """The code as it is put into the file."""
        if not self.code or self.raw:
            return self.code
        body = textwrap.indent(self.code.strip(), "    ")
        return (
            f"\n\ndef _attack():\n    {PREPARED}\n\n    def worked(what):\n        print('worked:', what, flush=True)\n\n"
            f"{body}\n\n\nprint('tried', flush=True)\ntry:\n    _attack()\nexcept Exception as _problem:\n"
            "    print('refused:', type(_problem).__name__, _problem, flush=True)\n"
        )

    def write(self, folder: Path, aims: Mapping[str, object]) -> None:
        """Make the submission in an empty folder.

        Args:
            folder: becomes the submission: it will hold app/.
            aims: what the names between @ stand for.
        """
        chapter = course.chapter(CHAPTER)
        if self.base == "starter":
            starters.write(chapter, folder)
            engine = folder / "app" / "database.py"
            engine.write_text(engine.read_text("utf-8").replace(*SOLVED), "utf-8")
        else:
            shutil.copytree(chapter.solution / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__"))

        def aimed(text: str) -> str:
            for name, value in aims.items():
                text = text.replace(f"@{name}@", str(value))
            return text

        for name, text in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(aimed(text), "utf-8")
        if code := aimed(self.program()):
            path = folder / self.file
            was = path.read_text("utf-8")
            path.write_text(code + was if self.raw else was + code, "utf-8")
        if self.make:
            exec(compile(aimed(self.make), self.id, "exec"), {"folder": folder})  # noqa: S102 -- the bank's own words


def load(folder: Path = FOLDER) -> list[Attack]:
    """The bank, in the order of its files.

    Raises:
        ValueError: an entry is not written as Attack says, or two have one name.
    """
    found: dict[str, Attack] = {}
    for path in sorted(folder.glob("*.toml")):
        for entry in tomllib.loads(path.read_text("utf-8"))["attack"]:
            attack = Attack.model_validate(entry)
            if attack.id in found or attack.kind not in KINDS:
                raise ValueError(f"{path.name}: {attack.id} is there already, or its kind {attack.kind} is none")
            found[attack.id] = attack
    return list(found.values())
