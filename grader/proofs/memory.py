"""Remembers verdicts by what they depend on: the whole of one, and what each file of a suite came to.

What a verdict depends on is its key: the submission, the solution with its markers, the suite, the probes, the modules
of the grader that grade, the libraries, the Python. Verdicts are kept in .workbook/verdicts/; deleting them does no
harm. When a file of a suite has changed, what the checks of the other files said still holds: each has a life of its
own.
"""

import ast
import contextlib
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from grader import course
from grader.course import Chapter
from grader.report import Outcome, Report

GRADING = ("grader.run", "grader.worker")  # with what they import: the modules that have a say in a verdict
LEFT = (".pyc", ".db", ".db-wal", ".db-shm", ".db-journal")  # what running a program leaves behind
RAN = (Outcome.PASSED, Outcome.FAILED, Outcome.CRASHED)  # of the others another check may be the reason, or the machine


@dataclass(frozen=True)
class Key:
    """What a verdict depends on."""

    rest: str  # all but the files of the tasks
    files: dict[str, str]  # task -> the digest of its file

    @property
    def name(self) -> str:
        """For the whole."""
        return hashlib.sha256(json.dumps([self.rest, self.files], sort_keys=True).encode()).hexdigest()

    def asking(self, ids: Iterable[str]) -> "Key":
        """The key of a verdict for which only these checks were asked."""
        return Key(hashlib.sha256(f"{self.rest} {sorted(ids)}".encode()).hexdigest(), self.files)


def _imported(path: Path) -> Iterator[str]:
    """The modules a file imports, wherever in it: "grader.run"."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def grading_modules(root: Path) -> set[Path]:
    """The files of the grader a verdict depends on; commands for authors are not among them."""
    found = set((root / "grader" / "box").glob("*.py"))
    queue = [*found, *(root / f"{name.replace('.', '/')}.py" for name in GRADING)]
    while queue:
        path = queue.pop()
        found.add(path)
        names = {name for name in _imported(path) if name.startswith("grader.")}
        files = {root / f"{name.replace('.', '/')}.py" for name in names}
        queue += [file for file in files - found if file.is_file()]
    return found


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder that count."""
    for path in folder.rglob("*"):
        if not path.name.endswith(LEFT) and "__pycache__" not in path.parts and path.is_file():
            yield path


def _digest(title: str, base: Path, files: Iterable[Path]) -> bytes:
    digest = hashlib.sha256(title.encode())
    for path in sorted(files):
        data = path.read_bytes()
        digest.update(f"{path.relative_to(base).as_posix()} {len(data)} ".encode() + data)
    return digest.digest()


@cache
def _machinery(root: Path) -> bytes:
    """A fingerprint of what grades every chapter alike; a process that runs does not change under its own feet."""
    return b"".join((
        _digest("probes", root, (root / "grader" / "probes").glob("*.py")),
        _digest("grader", root, grading_modules(root)),
        _digest("libraries", root, [root / "requirements.lock"]),
    ))  # fmt: skip


def key(chapter: Chapter, folder: Path, tasks: tuple[str, ...] = (), root: Path | None = None, level: str = "") -> Key:
    """What the verdict on a folder depends on.

    Args:
        chapter: whose suite.
        folder: the submission: it holds app/.
        tasks: only these; all when empty.
        root: the repository whose grader grades; this one when None.
        level: graded in earnest at this level of confinement; in practice when empty.
    """
    root = root or course.ROOT
    suites = root / "grader" / "suites"
    suite = suites / chapter.slug
    files = {task: suite / path.name for task, path in chapter.files.items()}
    explains = (path for path in suites.glob("*/diagnosis.toml") if path.parent.name <= chapter.slug)
    shared = {*_files(suite), *explains, suites / "pytest.ini"} - {*files.values()}
    parts = (
        _digest("submission", folder, _files(folder / "app")),
        _digest("solution", root, _files(root / "solutions" / chapter.slug)),
        _digest("suite", root, shared),
        _machinery(root),
    )
    about = f"{sys.version} {sys.platform} {chapter.slug} {chapter.title} {tasks} {level}"
    return Key(
        hashlib.sha256(about.encode() + b"".join(parts)).hexdigest(),
        {task: _digest(task, root, [path]).hex() for task, path in files.items()},
    )


def store() -> Path:
    """Where verdicts are kept."""
    return course.ROOT / ".workbook" / "verdicts"


def recall(name: str) -> Report | None:
    """The verdict of that name; None when there is none, or none that can be read."""
    try:
        report = Report.from_json((store() / f"{name}.json").read_bytes())
    except (OSError, ValueError):
        return None
    return report if report.gradable else None


def recall_part(key: Key) -> Report | None:
    """What the checks said whose files are as they were, in the last verdict of which nothing else has changed."""
    try:
        last = Key(key.rest, dict(json.loads((store() / f"{key.rest}.last").read_bytes())))
        report = recall(last.name)
    except (OSError, ValueError, TypeError):
        return None
    same = {task for task, digest in key.files.items() if last.files.get(task) == digest}
    kept = [check for check in report.checks if check.task in same and check.outcome in RAN] if report else []
    return report.model_copy(update={"checks": tuple(kept)}) if report and kept else None


def keep(key: Key, report: Report) -> None:
    """Keep a verdict; a folder that cannot be written costs only the memory of it."""
    if not report.gradable:
        return
    with contextlib.suppress(OSError):
        store().mkdir(parents=True, exist_ok=True)
        _write(f"{key.name}.json", report.model_dump_json())
        _write(f"{key.rest}.last", json.dumps(key.files))


def _write(name: str, text: str) -> None:
    """Write a file of the store, whole or not at all."""
    handle, partial = tempfile.mkstemp(dir=store(), suffix=".part")
    with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 -- a descriptor, not a path
        file.write(text)
    os.replace(partial, store() / name)  # noqa: PTH105 -- a name as mkstemp gives it
