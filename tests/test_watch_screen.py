"""The watcher's one screen, as it was accepted. UPDATE_GOLDEN=1 writes what is then read by a person and committed."""

import os
from pathlib import Path

import pytest

from grader.board import Look
from grader.course import Chapter
from grader.day.progress import Standing, State
from grader.day.watch_screen import Seen, after, screen
from grader.report import CheckResult, Finding, Line, Outcome, Report, TaskInfo

GOLDEN = Path(__file__).parent / "golden"
TITLES = {"2.1": "connecting and closing", "2.2": "sessions", "2.5": "creating users", "2.6": "finding users"}
FINDING = Finding(
    did='POST /register {"username": "mira-4821", "password": "mira-9113-secret"}   twice',
    expected="409, with a detail that names the problem",
    got="500 IntegrityError: UNIQUE constraint failed: users.username",
    line=Line(path="app/crud.py", number=31, text="    await session.flush()"),
    why="The database said no and nobody caught it.", lesson="chapters/02_async_crud/README.md#refusals",
    rows=("BEGIN, INSERT users, ROLLBACK",), traceback="app/crud.py:31 in create_user: await session.flush()",
)  # fmt: skip
STATES = {
    "2.1": State(Standing.DONE, "done 2026-11-21"),
    "2.2": State(Standing.CHANGED, "was done 2026-11-21; app/crud.py has changed since"),
    "2.5": State(Standing.WRONG, "4 / 8 on 2026-11-21 14:02"),
    "2.6": State(Standing.TODO, "to do"),
}


def check(task, outcome, **more):
    return CheckResult(
        id=f"{task}/a", task=task, label="a second user of that name is refused", points=4, outcome=outcome, **more
    )


def report(*checks, place=""):
    tasks = tuple(TaskInfo(id=each.task, title=TITLES[each.task], place=place) for each in checks)
    return Report(
        chapter="02", title="async CRUD", source="student", folder="chapters/02_async_crud", level="practice", tasks=tasks,
        checks=checks, partial=True,
    )  # fmt: skip


def seen(*checks, task="2.5", place="", **more):
    chapter = Chapter("02_async_crud")
    chapter.__dict__.update(title="async CRUD", tasks=TITLES)
    graded = report(*checks, place=place) if checks else None
    return Seen(chapter, task, dict(STATES), graded, **more)


FAILING = (check("2.1", Outcome.PASSED), check("2.5", Outcome.FAILED, finding=FINDING))
DONE = (check("2.1", Outcome.PASSED), check("2.5", Outcome.PASSED))
LONG = [f"line {number}" for number in range(40)]
SCREENS = {
    "begins": (seen(running="checking 2.5 ..."), Look(100), 16),
    "to-do": (seen(check("2.5", Outcome.TODO), place="app/crud.py:31"), Look(100), 16),
    "to-do-without-place": (seen(check("2.5", Outcome.TODO)), Look(100), 16),
    "failing": (seen(*FAILING, running="checking 2.5 ... 3 checks"), Look(100), 24),
    "failing-60": (seen(*FAILING), Look(60, unicode=False), 24),
    "failing-low": (seen(*FAILING), Look(100), 12),
    "failing-colour": (seen(*FAILING), Look(100, colour=True), 24),
    "failing-traceback": (seen(*FAILING), Look(100, traceback=True), 24),
    "needs": (seen(FAILING[1], check("2.6", Outcome.BLOCKED, waits_for="2.5"), task="2.6"), Look(100), 20),
    "blocked": (seen(check("2.5", Outcome.TODO), check("2.6", Outcome.BLOCKED, waits_for="2.5"), task="2.6"), Look(100), 16),
    "done": (seen(*DONE), Look(100), 16),
    "crashed": (seen(check("2.5", Outcome.TIMEOUT)), Look(100), 16),
    "not-graded": (seen(check("2.5", Outcome.ERROR), message="fewer than 32 MB are free"), Look(100), 16),
    "page": (seen(*FAILING, page=LONG, offset=10, message="said"), Look(100), 16),
    "page-end": (seen(*FAILING, page=LONG, offset=99), Look(100, unicode=False), 16),
}  # fmt: skip


@pytest.mark.parametrize("name", SCREENS)
def test_the_screen_reads_as_it_was_accepted(name):
    golden = GOLDEN / f"watch-{name}.txt"
    text = screen(*SCREENS[name]) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


@pytest.mark.parametrize("height", [1, 3, 5, 8, 24, 60])
@pytest.mark.parametrize("name", SCREENS)
def test_the_screen_never_has_more_lines_than_the_terminal(name, height):
    shown, look, _ = SCREENS[name]
    lines = screen(shown, look, height).splitlines()
    assert len(lines) <= height
    assert "q" in lines[-1]


def test_a_page_is_broken_between_words_and_keeps_its_colours_and_empty_lines():
    page = ["a " * 40 + "last", "", "\x1b[32m+green\x1b[0m"]
    lines = screen(seen(*DONE, page=page), Look(60, colour=True), 24).splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("a a"))
    assert lines[begin + 1].endswith("a last")
    assert lines[begin + 2] == ""
    assert lines[begin + 3] == "\x1b[32m+green\x1b[0m"


@pytest.mark.parametrize("width", range(40, 70))
def test_a_task_stands_behind_its_sign_in_the_small_board(width):
    many = seen(*DONE)
    many.states = {f"2.{number}": STATES["2.1"] for number in range(1, 15)} | {"2.5": STATES["2.5"]}
    lines = screen(many, Look(width, unicode=False), 24).splitlines()
    board = "  ".join(line for line in lines if line.startswith(("+ ", "x ")))
    assert board.replace("[2.5]", "2.5").split("  ") == [f"{'x' if n == 5 else '+'} 2.{n}" for n in range(1, 15)]


def test_the_next_task_has_something_to_do():
    assert after(seen(*DONE)) == "2.6"
    everything = seen(*DONE)
    everything.states = dict.fromkeys(TITLES, STATES["2.1"])
    assert after(everything) == ""
    assert "Every task is done or was" in screen(everything, Look(100), 20)
