"""What the tests share: the grader as a person starts it, programs to grade, and what a run leaves behind."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from grader import course, starters
from grader.box import kernel

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 300  # seconds for one command of the grader, on a machine that has other work
IGNORED = shutil.ignore_patterns("__pycache__", "*.db*")


class Ran(NamedTuple):
    """A command that has ended."""

    status: int
    out: str
    err: str


class Grader:
    """`python -m grader ...` in a process of its own, with a folder of its own for temporary files."""

    def __init__(self, tmp: Path, root: Path = ROOT) -> None:
        self.tmp = tmp
        self.root = root

    def start(self, *arguments: object, **options: Any) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "grader", *map(str, arguments)]
        environment = os.environ | {"TMPDIR": str(self.tmp), "COLUMNS": "100", "NO_COLOR": "1", "PYTHONPATH": ""}
        return subprocess.Popen(
            command, cwd=self.root, env=environment, text=True, encoding="utf-8", start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            # Tests that were started in the background ignore Ctrl-C, and their children would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 -- no threads start graders
            **options,
        )  # fmt: skip

    def __call__(self, *arguments: object, **options: Any) -> Ran:
        return self.wait(self.start(*arguments, **options))

    @staticmethod
    def wait(process: "subprocess.Popen[str]", patience: float = PATIENCE) -> Ran:
        with process:
            try:
                out, err = process.communicate(timeout=patience)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Ran(process.returncode, out, err)


@pytest.fixture
def tmp() -> Iterator[Path]:
    """A folder with a short name: a socket's path may have 103 bytes."""
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def grader(tmp: Path) -> Grader:
    return Grader(tmp)


@pytest.fixture
def wait_for() -> Callable[..., Any]:
    """A function that asks again and again until the answer is true, or patience ends: gives the last answer."""

    def wait(condition: Callable[[], Any], patience: float = 30.0) -> Any:
        end = time.monotonic() + patience
        while not (found := condition()) and time.monotonic() < end:
            time.sleep(0.01)
        return found

    return wait


def command_line(pid: int) -> bytes:
    """What a process was started with; nothing when it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


@pytest.fixture
def colleagues() -> Callable[[int], list[int]]:
    """A function that gives the second workers below a process."""
    return lambda pid: [below for below in kernel.descendants(pid) if b"grader.worker" in command_line(below)]


def alive(before: set[int], patience: float = 5.0) -> dict[int, str]:
    """What was started below us, meanwhile, and still runs: orphans come to us, `setsid` or not."""
    end = time.monotonic() + patience
    while found := set(kernel.descendants(os.getpid())) - before:
        if time.monotonic() > end:
            break
        time.sleep(0.02)
    return {pid: command_line(pid).decode(errors="replace")[:200] for pid in found}


@pytest.fixture
def nothing_left(tmp: Path) -> Iterator[None]:
    """Fail unless every process and every temporary file of the run is gone afterwards."""
    if not kernel.LINUX:
        pytest.skip("only Linux hands orphans to a process that asks for them")
    kernel.adopt_orphans()
    before = set(kernel.descendants(os.getpid()))
    yield
    assert alive(before) == {}
    assert [path.name for path in tmp.glob("wb-*")] == []


@pytest.fixture
def submission(tmp_path: Path) -> Callable[..., Path]:
    """A function that copies the solution of chapter 01, with some files replaced: submission({"app/x.py": "..."})."""

    def make(files: dict[str, str | bytes] | None = None, base: Path = ROOT / "solutions" / "01_orm_setup") -> Path:
        folder = tmp_path / "submission"
        shutil.copytree(base / "app", folder / "app", ignore=IGNORED)
        for name, data in (files or {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        return folder

    return make


@pytest.fixture
def edited(submission: Callable[..., Path]) -> Callable[..., Path]:
    """A function that copies the solution of chapter 01 with one text replaced in one file."""

    def make(file: str, old: str, new: str) -> Path:
        text = (ROOT / "solutions" / "01_orm_setup" / file).read_text("utf-8")
        assert text.count(old) == 1
        return submission({file: text.replace(old, new)})

    return make


@pytest.fixture
def made_up(tmp_path: Path) -> Callable[..., course.Chapter]:
    """A function that makes a chapter which nobody teaches: its solution's files, and the titles of its tasks."""

    def make(files: dict[str, str], **tasks: str) -> course.Chapter:
        chapter = course.Chapter("01_made_up", tmp_path)
        chapter.__dict__["tasks"] = {name.replace("task_", "1."): title for name, title in tasks.items()}
        for name, text in files.items():
            file = chapter.solution / "app" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return chapter

    return make


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with untouched starters, in which a test may do what it likes."""
    copy = tmp_path_factory.mktemp("copy") / "repository"
    for tree in ("grader", "solutions", "chapters"):
        shutil.copytree(ROOT / tree, copy / tree, ignore=IGNORED)
    for chapter in course.chapters():
        starters.write(chapter, copy / "chapters" / chapter.slug)
    return copy
