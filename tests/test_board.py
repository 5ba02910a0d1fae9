"""The board: a Report as the terminal shows it. UPDATE_GOLDEN=1 writes what is then read by a person and committed."""

import os
import re
from pathlib import Path

import pytest

from grader.board import Look, first_failure, render, state, what_next
from grader.report import CheckResult, Finding, Line, Outcome, Report, TaskInfo

GOLDEN = Path(__file__).parent / "golden"
TITLES = {"2.1": "the engine speaks aiosqlite", "2.2": "a session per request", "2.5": "creating users",
          "2.6": "finding users", "2.9": "posts with their authors"}  # fmt: skip
FINDING = Finding(
    did='POST /register {"username": "mira-4821", "password": "mira-9113-secret"}   twice',
    expected="409, with a detail that names the problem",
    got="500 IntegrityError: UNIQUE constraint failed: users.username",
    line=Line(path="app/crud.py", number=31, text="    await session.commit()"),
    why="The database said no and nobody caught it. The session must be rolled back before it can be used again.",
    lesson="chapters/02_async_crud/README.md#when-the-database-says-no",
    concept="unique app/crud.py:31",
    rows=("BEGIN, INSERT users, ROLLBACK",),
    timeline=tuple(f"mira         -> frame {number}" for number in range(8)),
    printed="one\ntwo\nthree\nhere I am\n",
    traceback="app/main.py:20 in register: crud.create_user()\napp/crud.py:31 in create_user: await session.commit()",
)


def checked(id_, outcome, points=4, **more):
    label = f"the label of {id_}"
    return CheckResult(id=id_, task=id_.partition("/")[0], label=label, points=points, outcome=outcome, **more)


def report(*checks, **more):
    tasks = dict.fromkeys(check.task for check in checks)
    return Report(
        chapter="02", title="async CRUD", source="student", folder="chapters/02_async_crud", level="practice", checks=checks,
        tasks=tuple(TaskInfo(id=task, title=TITLES[task]) for task in tasks), **more,
    )  # fmt: skip


FAILING = report(
    checked("2.1/a", Outcome.PASSED, 8), checked("2.2/a", Outcome.PASSED, 8),
    checked("2.5/a", Outcome.PASSED), checked("2.5/b", Outcome.FAILED, 6, finding=FINDING),
    checked("2.6/a", Outcome.TODO, 10), checked("2.9/a", Outcome.BLOCKED, 10, waits_for="2.6"),
    checked("2.9/b", Outcome.FAILED, finding=FINDING), notes=("app/x y.py was left out: a name may hold letters",),
)  # fmt: skip
UNTOUCHED = report(*(checked(f"{task}/a", Outcome.TODO, 20) for task in TITLES))
COMPLETE = report(*(checked(f"{task}/a", Outcome.PASSED, 20) for task in TITLES))
UNGRADED = report(checked("2.1/a", Outcome.PASSED, 8), checked("2.2/a", Outcome.ERROR, 8))
SLOW = report(
    checked("2.1/a", Outcome.TIMEOUT, 8, finding=Finding(did="GET /", expected="an answer", got="nothing", lesson="l"))
)
BOARDS = {
    "failing": (FAILING, Look(100)),
    "failing-60": (FAILING, Look(60)),
    "failing-plain": (FAILING, Look(100, unicode=False)),
    "failing-colour": (FAILING, Look(100, colour=True)),
    "failing-traceback": (FAILING, Look(100, traceback=True)),
    "untouched": (UNTOUCHED, Look(100)),
    "untouched-60": (UNTOUCHED, Look(60)),
    "complete": (COMPLETE, Look(100)),
    "not-graded": (UNGRADED, Look(100)),
    "slow": (SLOW, Look(100)),
}


@pytest.mark.parametrize("name", BOARDS)
def test_the_board_reads_as_it_was_accepted(name):
    golden = GOLDEN / f"board-{name}.txt"
    text = render(*BOARDS[name])
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


@pytest.mark.parametrize("name", BOARDS)
def test_no_line_is_wider_than_the_terminal_but_a_path(name):
    graded, look = BOARDS[name]
    text = re.sub(r"\x1b\[[0-9;]*m", "", render(graded, look))
    assert max(map(len, text.splitlines())) <= look.width


@pytest.mark.parametrize("name", [name for name in BOARDS if name != "failing-traceback"])
def test_the_board_fits_on_a_screen(name):
    assert len(render(*BOARDS[name]).splitlines()) <= 40


def test_the_first_failure_takes_at_most_25_lines():
    lines = render(FAILING, Look(100)).splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("2.5  "))
    assert lines.index("", begin) - begin <= 25


def test_without_unicode_the_grader_says_nothing_beyond_ascii():
    assert all(
        render(graded, Look(100, unicode=False)).isascii() for graded in (FAILING, UNTOUCHED, COMPLETE, UNGRADED)
    )


def test_without_colour_there_are_no_escapes_and_with_it_only_colours():
    assert "\x1b" not in render(FAILING)
    coloured = render(FAILING, Look(colour=True))
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(FAILING)


def test_text_of_the_students_is_no_markup():
    finding = FINDING.model_copy(update={"got": "[red]a[/red] :smile: [/]"})
    assert "[red]a[/red] :smile: [/]" in render(report(checked("2.1/a", Outcome.FAILED, finding=finding)))


def test_a_very_narrow_terminal_is_survived():
    for graded, _ in BOARDS.values():
        assert "async CRUD" in render(graded, Look(1))


@pytest.mark.parametrize(
    ("outcomes", "kind", "words"),
    [
        ([Outcome.PASSED, Outcome.PASSED], "passed", "8 / 8"),
        ([Outcome.PASSED, Outcome.FAILED], "failed", "4 / 8"),
        ([Outcome.CRASHED, Outcome.BLOCKED], "failed", "0 / 8"),
        ([Outcome.TODO, Outcome.TODO], "todo", "to do"),
        ([Outcome.PASSED, Outcome.TODO], "todo", "to do   4 / 8"),
        ([Outcome.TODO, Outcome.BLOCKED], "todo", "to do"),
        ([Outcome.PASSED, Outcome.BLOCKED], "blocked", "needs 2.1   4 / 8"),
        ([Outcome.FAILED, Outcome.ERROR], "error", "not graded"),
    ],
)
def test_a_task_is_shown_by_the_outcomes_of_its_checks(outcomes, kind, words):
    checks = [
        checked(f"2.5/{number}", outcome, waits_for="2.1" if outcome is Outcome.BLOCKED else "")
        for number, outcome in enumerate(outcomes)
    ]
    graded = report(*checks)
    assert state(graded, graded.tasks[0]) == (kind, words)


def test_not_begun_and_blocked_are_not_failures():
    assert first_failure(UNTOUCHED) is None
    assert first_failure(FAILING).id == "2.5/b"


def test_the_next_step_is_said():
    assert "2 checks fail" in what_next(FAILING)[0]
    assert "--task 2.5" in what_next(FAILING)[0]
    assert "task 2.1, the engine speaks aiosqlite: look into chapters/02_async_crud/app" in what_next(UNTOUCHED)[0]
    placed = UNTOUCHED.tasks[0].model_copy(update={"place": "app/database.py:27"})
    assert (
        "open chapters/02_async_crud/app/database.py:27"
        in what_next(UNTOUCHED.model_copy(update={"tasks": (placed,)}))[0]
    )
    assert "Well done" in what_next(COMPLETE)[0]
    part = COMPLETE.model_copy(update={"partial": True})
    assert what_next(part) == [
        "Task 2.9 is done.",
        "Compare yours with the reference: nox -s diff -- 2.9",
        "What is next: nox",
    ]


def test_a_task_that_waits_for_one_outside_the_report_says_for_which():
    part = report(checked("2.1/a", Outcome.PASSED), checked("2.2/a", Outcome.BLOCKED, waits_for="2.5"), partial=True)
    assert what_next(part) == ["next      task 2.5, which 2.2 needs: nox -s hint -- 2.5"]


def test_a_failure_is_mended_in_the_task_of_its_line():
    other = FINDING.model_copy(update={"line": Line(path="app/database.py", number=9, text="x", task="2.2")})
    board = render(report(checked("2.1/a", Outcome.FAILED, finding=other)))
    assert "nox -s hint -- 2.2" in board
    assert "Mend it, then: nox -s chapter-02 -- --task 2.2" in board
    earlier = FINDING.model_copy(update={"line": Line(path="app/database.py", number=9, text="x", task="2.2")})
    board = render(report(checked("2.5/a", Outcome.FAILED, finding=earlier)))
    assert "nox -s hint -- 2.2" in board
    assert "Mend it, then: nox -s chapter-02 -- --task 2.5" in board
    sound = render(report(checked("2.2/a", Outcome.PASSED), checked("2.5/a", Outcome.FAILED, finding=earlier)))
    assert "nox -s hint -- 2.5" in sound
    assert "says nothing about your program" in what_next(UNGRADED)[0]


def test_a_check_that_failed_without_a_finding_is_still_counted():
    graded = report(checked("2.1/a", Outcome.TIMEOUT), checked("2.2/a", Outcome.TODO))
    assert "nox -s chapter-02 -- --task 2.1" in render(graded)
