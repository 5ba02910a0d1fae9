"""Which level of confinement is used: the best one that works here, and that a canary did not get out of."""

import contextlib
import inspect
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader.box import canary, confined, refuge
from grader.box.control import Launcher
from grader.box.sandbox import Level, Practice
from grader.probing import Probe


@contextlib.contextmanager
def chosen(require: str | None = None) -> Iterator[Level]:
    """The level to grade with; what belongs to it is removed at the end.

    Args:
        require: this one and no other: "namespaces", "landlock" or "practice". The best one that works when None;
            practice is never chosen by itself.

    Raises:
        RefusedError: none works. The message names what is missing for each, and what to do.
    """
    if require == "practice":
        yield Practice()
        return
    reasons = []
    for name in [require] if require else confined.LEVELS:
        try:
            level = confined.make(name)
        except confined.RefusedError as problem:
            reasons.append(str(problem))
            continue
        with contextlib.ExitStack() as stack:
            if level.refuge:
                stack.callback(refuge.remove, level.refuge)
            if worked := escapes(level):
                reasons.append(f"{name}: the canary got out ({', '.join(worked)})")
                continue
            yield level
            return
    raise confined.RefusedError("; ".join(reasons))


def escapes(level: Level) -> list[str]:
    """Let the canary try a level; the ways out that worked, or what kept it from trying."""
    launcher = Launcher(level)
    try:
        with tempfile.TemporaryDirectory(prefix="wb-") as ours, _listeners() as aims:
            base = level.refuge.lives if level.refuge else Path(ours)
            program = level.refuge.program if level.refuge else Path(ours)
            own, neighbour, secret = base / "canary", base / "neighbour", Path(ours, "secret")
            secret.write_text(secrets.token_hex(), "utf-8")
            for folder in (own, neighbour):
                folder.mkdir()
                if level.refuge and level.refuge.uid is not None:
                    os.chown(folder, level.refuge.uid, level.refuge.uid)
            aims |= {"secret": str(secret), "neighbour": str(neighbour), "program": str(program), "pid": os.getpid()}
            life = launcher.begin(
                {"do": "probe", "app": str(program), "cwd": str(own), "env": {}, "own": str(own),
                 "confine": level.rules(own), "probe": canary.__file__, "source": inspect.getsource(canary),
                 "function": "escapes", "arguments": {"aims": aims}}
            )  # fmt: skip
            with Probe(life, "try every way out", launcher.end) as probe:
                found = probe.finish()
            return list(found) if isinstance(found, list) else ["nothing was tried"]
    except Exception as problem:  # whatever it is, nothing was proven
        return [f"it could not try: {problem}"]
    finally:
        launcher.close()


@contextlib.contextmanager
def _listeners() -> Iterator[dict[str, object]]:
    name = f"wb-{secrets.token_hex(8)}"
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(f"\0{name}")
        abstract.listen()
        yield {"port": tcp.getsockname()[1], "name": name}
