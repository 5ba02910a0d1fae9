"""The watcher in a real terminal: keys, resize, Ctrl-C, no colour, narrow, no Unicode; and really grading."""

import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from types import SimpleNamespace

import pytest

from grader import starters
from grader.course import ROOT, Chapter
from grader.day import progress, warm

PATIENCE = 60
# A watcher of a made-up chapter; its grading is a process that answers each request at once.
FAKE = """
import sys
from pathlib import Path
from grader.commands import cli
from grader.day import watch
from grader.course import Chapter
from grader.report import CheckResult, Outcome, Report, TaskInfo
class Fake:
    def __init__(self, chapter):
        import os
        self.chapter, (self.reader, self.writer), self.tasks = chapter, os.pipe(), ()
    def ask(self, tasks):
        import os
        self.tasks = tasks
        os.write(self.writer, b".")
    def hear(self):
        import os
        os.read(self.reader, 100)
        text = (self.chapter.starter / "app" / "a.py").read_text()
        outcome = Outcome.PASSED if "y = 1" in text else Outcome.TODO
        checks = tuple(CheckResult(id=f"{t}/a", task=t, label="l", points=1, outcome=outcome) for t in self.chapter.tasks)
        return [{"report": Report(chapter="01", title="t", source="student", folder="f", level="p", checks=checks, tasks=(TaskInfo(id="1.1", title="one"),))}]
    def fileno(self):
        return self.reader
    def end(self):
        pass
watch.Warm = Fake
chapter = Chapter("01_made_up", Path(sys.argv[1]))
chapter.__dict__["tasks"] = {"1.1": "one", "1.2": "two"}
cli.course.chapter = lambda number: chapter
cli.course.chapters = lambda: [chapter]
sys.argv[1:] = ["watch", "01"]
from grader.__main__ import main
main()
"""


@pytest.fixture
def chapter(tmp_path):
    chapter = Chapter("01_made_up", tmp_path)
    (chapter.solution / "app").mkdir(parents=True)
    (chapter.solution / "app" / "a.py").write_text("# TODO 1.1: one. >>>\n#: y = 0\ny = 1\n# <<<\n")
    starters.write(chapter)
    return chapter


def own_terminal():
    """In the child: its terminal is what it was given, and Ctrl-C counts, however the tests were started."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Screen:
    """A program in a terminal of its own."""

    def __init__(self, command, columns=100, lines=24, **environment):
        self.main, side = pty.openpty()
        self.resize(columns, lines)
        self.before = termios.tcgetattr(side)
        self.side = side
        names = {"TERM": "xterm-256color", "PYTHONIOENCODING": "", "PYTHONPATH": "", **environment}
        self.process = subprocess.Popen(
            command, stdin=side, stdout=side, stderr=side, cwd=ROOT, start_new_session=True,
            env={name: value for name, value in (os.environ | names).items() if name not in {"COLUMNS", "NO_COLOR"} or name in names},
            preexec_fn=own_terminal,  # noqa: PLW1509 -- no threads start watchers
        )  # fmt: skip
        self.text = ""

    def resize(self, columns, lines):
        fcntl.ioctl(self.main, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def wait(self, text, patience=PATIENCE):
        """Read until the last screen shows a text; that screen, without escapes."""
        end = time.monotonic() + patience
        while True:
            ready, _, _ = select.select([self.main], [], [], 0.1)
            if ready:
                with contextlib.suppress(OSError):
                    self.text += os.read(self.main, 65536).decode(errors="replace")
            now = self.text.rpartition("\x1b[H")[2]
            plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", now)
            if text in plain and (now.endswith("\x1b[J") or text in plain.partition("\x1b[J")[0]):
                return plain.replace("\r", "")
            assert time.monotonic() < end, f"{text!r} is not in:\n{plain}"

    def press(self, keys):
        os.write(self.main, keys.encode())

    def ended(self):
        """Wait for its end, and read the rest; the exit status."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None or select.select([self.main], [], [], 0)[0]:
            assert time.monotonic() < end, self.text[-3000:]
            ready, _, _ = select.select([self.main], [], [], 0.05)
            if ready:
                self.text += os.read(self.main, 65536).decode(errors="replace")
        return self.process.returncode

    def as_before(self):
        """Whether the terminal is as it was."""
        return termios.tcgetattr(self.side) == self.before and self.text.endswith("\x1b[?25h\x1b[?1049l")

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(PATIENCE)
        os.close(self.main)
        os.close(self.side)


@pytest.fixture
def screen(chapter):
    """A function that starts the watcher with the fake grading."""
    started = []

    def start(**options):
        started.append(Screen([sys.executable, "-c", FAKE, str(chapter.root)], **options))
        return started[-1]

    yield start
    for each in started:
        each.close()


def test_keys_need_no_enter_and_saves_bring_verdicts_and_q_gives_the_terminal_back(screen, chapter):
    shown = screen()
    shown.wait("1.1  one: to do.")
    shown.press("?")
    shown.wait("put this task back")
    (chapter.starter / "app" / "a.py").write_text("y = 1\n")
    shown.wait("1.1  one: done.")
    (chapter.starter / "app" / "a.py").unlink()
    (chapter.starter / "app" / "a.py").write_text("y = 2\n")
    shown.wait("1.1  one: to do.")
    shown.press("\x1b[A\x1b[C")  # arrows are no keys
    shown.press("l")
    shown.wait("> ")
    shown.press("\x1b[B\r")  # but in the list
    shown.wait("1.2  two: ")
    shown.press("q")
    assert shown.ended() == 0
    assert shown.as_before()


def test_a_resize_draws_anew_within_the_new_bounds(screen):
    shown = screen()
    shown.wait("c check all")
    shown.resize(60, 12)
    text = shown.wait("?: what they do")
    assert max(map(len, text.splitlines())) <= 60
    assert len(text.splitlines()) <= 12


@pytest.mark.parametrize("end", ["\x03", signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_and_the_end_of_the_terminal_leave_it_as_it_was(screen, end):
    shown = screen()
    shown.wait("1.1  one")
    if isinstance(end, str):
        shown.press(end)
    else:
        shown.process.send_signal(end)
    assert shown.ended() == (0 if end == "\x03" else 128 + end)
    assert shown.as_before()
    assert "Traceback" not in shown.text


def test_without_colour_and_unicode_the_screen_is_plain(screen):
    shown = screen(NO_COLOR="1", PYTHONIOENCODING="ascii", columns=60)
    shown.wait("1.1  one: to do.")
    assert not re.search(r"\x1b\[[0-9;]*m", shown.text)
    assert shown.text.isascii()
    assert "o [1.1]" in shown.text


def test_after_ctrl_z_and_fg_the_screen_is_there_again(screen):
    shown = screen()
    shown.wait("1.1  one: to do.")
    shown.process.send_signal(signal.SIGSTOP)
    shown.text = ""
    shown.process.send_signal(signal.SIGCONT)
    shown.wait("1.1  one: to do.")
    assert "\x1b[?1049h" in shown.text


def test_an_editor_gets_the_terminal_and_gives_it_back(screen, tmp_path):
    (tmp_path / "ed").write_text('#!/bin/sh\necho "editing $*"\n')
    (tmp_path / "ed").chmod(0o755)
    shown = screen(VISUAL=str(tmp_path / "ed"))
    shown.wait("1.1  one: to do.")
    shown.press("o")
    end = time.monotonic() + PATIENCE
    while "editing +1 " not in shown.text:
        assert time.monotonic() < end
        shown.text += os.read(shown.main, 65536).decode(errors="replace")
    shown.wait("1.1  one: to do.")
    shown.press("q")
    assert shown.ended() == 0


def test_without_a_terminal_there_are_plain_lines(chapter):
    lines = []
    with subprocess.Popen(
        [sys.executable, "-c", FAKE, str(chapter.root)], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 -- no threads start watchers
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:  # fmt: skip
        for line in process.stdout:
            lines.append(line)
            if line.startswith("next "):
                (chapter.starter / "app" / "a.py").write_text("y = 1\n")
            if line.startswith("Compare yours"):
                process.send_signal(signal.SIGINT)
    text = "".join(lines)
    assert "Ctrl-C ends it" in text
    assert "saved; checking 1.1" in text
    assert "\x1b" not in text


# What noxfile.py does with the grader, without an environment of its own.
NOX = """
import sys, types
sys.path.insert(0, "")
import noxfile
noxfile.prepare, noxfile.PYTHON = lambda *_: None, sys.executable
noxfile.grader(types.SimpleNamespace(posargs=["01"]), "watch")
"""


@pytest.fixture
def real(repository, tmp_path):
    """The first chapter of a copy of the course, and a folder to keep its own."""
    copy = tmp_path / "copy"
    shutil.copytree(repository, copy)
    return Chapter("01_orm_setup", copy)


def answer(chapter, task="1.1"):
    file = chapter.starter / "app" / "database.py"
    text = file.read_text()
    file.write_text(text.replace("    return None", "    return create_engine(url)", 1))
    return text


def test_a_real_save_is_really_graded_by_two_watchers_at_once(real, nothing_left):
    command = [sys.executable, "-m", "grader", "watch", "1.1"]
    shown = [Screen(["env", "-C", str(real.root), *command]) for _ in range(2)]
    try:
        for each in shown:
            each.wait("1.1  the engine: to do.")
        answer(real)
        for each in shown:
            each.wait("1.1  the engine: done.")
            each.press("q")
            assert each.ended() == 0
    finally:
        for each in shown:
            each.close()
    assert progress.states(real)["1.1"].standing is progress.Standing.DONE


def test_ctrl_c_reaches_the_watcher_under_nox_which_waits_for_it(real, nothing_left):
    shutil.copy(ROOT / "noxfile.py", real.root)
    shown = Screen(["env", "-C", str(real.root), sys.executable, "-c", NOX])
    try:
        shown.wait("c check all")
        shown.press("\x03")
        assert shown.ended() == 0
        assert shown.as_before()
    finally:
        shown.close()


def hear(grading, kind):
    """What it says, until something of this kind."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if select.select([grading], [], [], 1)[0]:
            for message in grading.hear():
                if kind in message:
                    return message[kind]
    pytest.fail(f"no {kind}")


def test_a_new_request_overtakes_the_one_before_and_a_killed_grader_is_followed_by_another(real, nothing_left):
    grading = warm.Warm(real)
    try:
        grading.ask(())
        hear(grading, "heard")
        grading.ask(("1.1",))
        graded = hear(grading, "report")
        assert (graded.partial, len(graded.tasks)) == (True, 1)
        grading.process.kill()
        assert "ended in the middle" in hear(grading, "problem")
        answer(real)
        grading.ask(("1.2",))
        assert {check.task for check in hear(grading, "report").checks} == {"1.1", "1.2"}
        grading.ask(("1.2",))  # what it needs is known to pass now
        assert {check.task for check in hear(grading, "quick").checks} == {"1.2"}
        assert {check.task for check in hear(grading, "report").checks} == {"1.1", "1.2"}
    finally:
        grading.end()


def test_what_runs_for_a_request_is_ended_when_another_comes():
    ended = []
    ours, theirs = socket.socketpair()
    desk = warm.Desk(theirs, SimpleNamespace(lives={1: SimpleNamespace(signal=ended.append)}))
    desk.put({"number": 1})
    assert ended == []
    assert desk.next(0) == {"number": 1}
    desk.put({"number": 2})
    assert ended == [signal.SIGKILL]
    ours.close()
    desk.thread.join()
    assert desk.next(2) is None
    theirs.close()


def test_a_program_that_hangs_does_not_keep_the_next_save_waiting(real, wait_for, nothing_left):
    file, began = real.starter / "app" / "database.py", real.root / "began"
    answer(real)
    good = file.read_text()
    loop = f"    open({str(began)!r}, 'w').close()\n    while True: pass"
    file.write_text(good.replace("    return create_engine(url)", loop))
    grading = warm.Warm(real)
    try:
        grading.ask(("1.1",))
        assert wait_for(began.exists)
        file.write_text(good)
        grading.ask(("1.1",))
        assert hear(grading, "report").complete
    finally:
        grading.end()


def test_a_chapter_that_two_workers_share_can_be_overtaken_and_graded_again(real, colleagues, nothing_left):
    shutil.copytree(real.solution / "app", real.starter / "app", dirs_exist_ok=True)
    grading = warm.Warm(real)
    try:
        grading.ask(("1.1",))
        hear(grading, "report")
        for _ in range(2):
            grading.ask(())
            hear(grading, "heard")
            assert len(colleagues(grading.process.pid)) == min(1, os.cpu_count() - 1)
            grading.ask(("1.1",))
            assert hear(grading, "report").complete
            assert colleagues(grading.process.pid) == []
    finally:
        grading.end()
