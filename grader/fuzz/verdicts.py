"""The verdict on a failure: whatever came back and whatever the program says of itself, there is one, soon."""

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from random import Random
from typing import Any

from grader import course, scrub, verdict
from grader.box.lives import Life
from grader.check import Check
from grader.expect import CheckFailed
from grader.fuzz.exports import assert_printable
from grader.fuzz.hostile import NASTY, text
from grader.fuzz.target import Target, mutated, replaced, seeded

CHECK = Check("1.8/fuzzed", "1.8", "label", 1, (), testimony=False, lesson="")
LONGEST = 30_000  # characters of an answer here; a hundred times as many come in
PATIENCE = 0.5  # seconds of processor time
PIECES = (*NASTY, " ", "x", "/submission/", "[SQL: ", 'File "', "TODO 1.", "coroutine '", "INSERT INTO ", "\n  ")
KINDS = ("error", "error", "warning", "sql", "started")
TYPES = ("sqlalchemy.exc.IntegrityError", "builtins.NotImplementedError", "x", 7, None)


def run_of(random: Random) -> str:
    """A text, short or a long run of one piece."""
    if random.random() < 0.8:
        return text(random)
    piece = random.choice(PIECES)
    return piece * (random.choice((100, 1500, LONGEST, LONGEST)) // len(piece))


def record(random: Random) -> dict[str, Any]:
    """Testimony as it is, or forged."""
    frame = [
        random.choice(("app/crud.py", "../secret", text(random))),
        random.randrange(-1, 10**7),
        "f",
        run_of(random),
    ]
    found = {
        "kind": random.choice(KINDS), "type": random.choice(TYPES), "message": run_of(random), "text": run_of(random),
        "path": random.choice(("/register", text(random), 3)), "frames": random.choice(([], [frame], frame)),
        "via": random.choice(([], ["commit"], [run_of(random)], 1)),
    }  # fmt: skip
    return {name: value for name, value in found.items() if random.random() < 0.8}


def case(random: Random) -> tuple[str, bytes]:
    """What came back, and what the program says."""
    said = b"\n".join(json.dumps(record(random)).encode() for _ in range(random.randrange(6)))
    return f"200 {run_of(random)}", mutated(random, said)


@contextmanager
def soon() -> Iterator[None]:
    """Stop what takes too much processor time: a pattern that walks a long run for each of its characters takes hours."""

    def too_late(*_: object) -> None:
        raise AssertionError(f"no verdict after {PATIENCE:g} seconds of processor time")

    before = signal.signal(signal.SIGVTALRM, too_late)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def verdict_holds(made: tuple[str, bytes]) -> None:
    """There is a verdict, of bounded texts."""
    got, said = made
    chapter = course.chapter("01")
    life = Life(1, "nonce")
    for descriptor in life.hand_over():
        os.close(descriptor)
    life.testimony.kept += said
    failure = CheckFailed("POST /register", "201", got, look="create_user", life=life, path="/register")
    with closing(life.stdout), closing(life.stderr), closing(life.testimony), soon():
        finding = verdict.judge(CHECK, failure, chapter, chapter.solution, set()).finding
    if finding:
        place = (finding.line.path, finding.line.text) if finding.line else ()
        for shown in (finding.got, finding.why, finding.traceback, *finding.rows, *place):
            assert_printable(shown)
            assert len(shown) <= scrub.LONGEST * 20


TARGETS = (
    Target(
        "verdict", seeded(case), verdict_holds,
        replaced("grader.verdict.TEMPORARY", re.compile(r"[^\s\"']*/submission/(?=app/)")), "a pattern begins anywhere",
    ),
)  # fmt: skip
