"""Grades a folder in a fresh grader process, unless exactly the same was graded before.

What a verdict depends on is its key: the submission, the solution with its markers, the suite, the probes, the modules
of the grader that grade, the libraries, the Python. Verdicts are kept in .workbook/verdicts/; deleting them does no
harm.
"""

import ast
import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TypeVar

from grader import course
from grader.course import Chapter
from grader.report import Report

Item = TypeVar("Item")
Result = TypeVar("Result")
PATIENCE = 400  # seconds for one grading
GRADING = ("grader.run", "grader.worker")  # with what they import: the modules that have a say in a verdict
LEFT = (".pyc", ".db", ".db-wal", ".db-shm", ".db-journal")  # what running a program leaves behind


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


def key(chapter: Chapter, folder: Path, tasks: tuple[str, ...] = (), root: Path | None = None, level: str = "") -> str:
    """What the verdict on a folder depends on, as a name for it.

    Args:
        chapter: whose suite.
        folder: the submission: it holds app/.
        tasks: only these; all when empty.
        root: the repository whose grader grades; this one when None.
        level: graded in earnest at this level of confinement; in practice when empty.
    """
    root = root or course.ROOT
    grader = root / "grader"
    explains = (path for path in (grader / "suites").glob("*/diagnosis.toml") if path.parent.name <= chapter.slug)
    parts = (
        _digest("submission", folder, _files(folder / "app")),
        _digest("solution", root, _files(root / "solutions" / chapter.slug)),
        _digest(
            "suite", root, {*_files(grader / "suites" / chapter.slug), *explains, grader / "suites" / "pytest.ini"}
        ),
        _machinery(root),
    )
    about = f"{sys.version} {sys.platform} {chapter.slug} {chapter.title} {tasks} {level}"
    return hashlib.sha256(about.encode() + b"".join(parts)).hexdigest()


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


def keep(name: str, report: Report) -> None:
    """Keep a verdict; a folder that cannot be written costs only the memory of it."""
    if not report.gradable:
        return
    with contextlib.suppress(OSError):
        store().mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=store(), suffix=".part")
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 -- a descriptor, not a path
            file.write(report.model_dump_json())
        os.replace(partial, store() / f"{name}.json")  # noqa: PTH105 -- a name as mkstemp gives it


def grade(
    chapter: Chapter, folder: Path, tasks: tuple[str, ...] = (), root: Path | None = None, level: str = "",
    workers: int = 1,
) -> Report:  # fmt: skip
    """Grade a folder in a fresh grader process; in practice with so many workers, which is 2 for a student.

    Raises:
        RuntimeError: it gave no report.
        subprocess.TimeoutExpired: not within PATIENCE.
    """
    command = [
        sys.executable,
        "-m",
        "grader",
        "grade" if level else "chapter",
        chapter.number,
        "--submission",
        str(folder),
    ]
    for task in tasks:
        command += ["--task", task]
    with tempfile.TemporaryDirectory(prefix="wb-") as out:
        earnest = ["--require", level, "--out", out, "--formats", "json"]
        command += earnest if level else ["--json", "-", "--workers", str(workers)]
        done = subprocess.run(
            command, cwd=root or course.ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        written = Path(out, "report.json")
        said = written.read_text("utf-8") if written.is_file() else done.stdout
    try:
        return Report.from_json(said)
    except ValueError:
        raise RuntimeError(f"no report, exit status {done.returncode}: {done.stderr[-2000:]}") from None


def in_parallel(items: Iterable[Item], work: Callable[[Item], Result], at_once: int = 0) -> list[Result]:
    """Do work for each, so many at a time; one more than there are cores when 0, as each waits now and then; in order."""
    with ThreadPoolExecutor(at_once or (os.cpu_count() or 1) + 1) as pool:
        return list(pool.map(work, items))


def graded(
    chapter: Chapter, folder: Path, tasks: tuple[str, ...] = (), *, fresh: bool = False, root: Path | None = None,
    level: str = "",
) -> Report:  # fmt: skip
    """The report on a folder: remembered, or made now; the arguments are those of `key`.

    Args:
        chapter: whose suite.
        folder: the submission.
        tasks: only these and what they need.
        fresh: grade it whatever is remembered.
        root: the repository whose grader grades.
        level: graded in earnest at this level.

    Raises:
        RuntimeError: it gave no report.
        subprocess.TimeoutExpired: not within PATIENCE.
    """
    name = key(chapter, folder, tasks, root, level)
    report = None if fresh else recall(name)
    if report is None:
        report = grade(chapter, folder, tasks, root, level)
        keep(name, report)
    return report
