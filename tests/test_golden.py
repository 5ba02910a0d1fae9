"""The boards of the banks are kept as text, without what is random in them."""

import re

import pytest

from grader import course
from grader.course import Chapter
from grader.proofs import golden
from grader.proofs.bank import Mistake
from grader.report import CheckResult, Finding, Line, Outcome, Report, TaskInfo

ENTRY = Mistake(id="m", task="1.1", source="s", why="w", loses=("1.1/a",), says=(), edit=())


def report(got="g", did="d", printed=""):
    finding = Finding(
        did=did,
        expected="e",
        got=got,
        why="y",
        printed=printed,
        rows=("INSERT",),
        line=Line(path="app/a.py", number=1, text="x"),
    )
    check = CheckResult(id="1.1/a", task="1.1", label="label", points=5, outcome=Outcome.FAILED, finding=finding)
    passed = check.model_copy(update={"id": "1.1/b", "outcome": Outcome.PASSED, "finding": None})
    task = TaskInfo(id="1.1", title="t")
    return Report(
        chapter="01",
        title="t",
        source="submission",
        folder="f",
        level="practice",
        tasks=(task,),
        checks=(check, passed),
    )


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "ROOT", tmp_path)
    return Chapter("01_made_up", tmp_path)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("POST /register mira-4821307", "POST /register name-1"),
        ("mira-4821307 and tomas-123456, mira-4821307", "name-1 and name-2, name-1"),
        ("token eyJhbGciOi.eyJzdWIi.c2ln", "token TOKEN"),
        ("$2b$04$abcdefghijklmnopqrstuv/x", "HASH"),
        ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", "UUID"),
        ("open /tmp/wb-abc/7/db/chat.db", "open TEMPORARY/db/chat.db"),
        ("<object at 0x7f3a21d0>", "<object at ADDRESS>"),
        ("at 2026-11-22T06:33:15.123456+00:00", "at TIME"),
        ("about 08:13 UTC, app/crud.py:14", "about TIME UTC, app/crud.py:14"),
        ("nothing within 20 seconds", "nothing within SECONDS"),
        ("http://127.0.0.1:54321/x", "http://127.0.0.1:NUMBER/x"),
        ('{"a": "bcd…', '{"a": …'),
        ("table users: 3 rows at chat.py:31", "table users: 3 rows at chat.py:31"),
    ],
)
def test_what_is_random_is_named_in_place(text, wanted):
    assert golden.normal(text, {}) == wanted


def test_what_else_varies_is_said_by_the_entry():
    assert golden.normal("7 answers 201", {}, [r"\d+(?= answers)"]) == "(varies) answers 201"


def test_the_same_failure_gives_the_same_text_with_other_names():
    first, second = (
        golden.text(report(f"hello {name}", f"POST {name}", f"{name}\n")) for name in ("mira-1234567", "tomas-765432")
    )
    assert first == second
    assert "POST name-1" in first
    assert "chapter 01 · t" in first


def test_a_whole_part_may_vary():
    text = golden.text(report(printed="7 rows\n"), ["it ran", "it printed", "sockets"])
    assert re.search(r"it ran +\(varies\)\n +it printed +\(varies\)", text)
    assert "sockets" not in text


def test_a_board_is_kept_once_and_compared_ever_after(chapter, tmp_path):
    board = golden.text(report())
    assert golden.unread(chapter, [ENTRY]) == ["m"]
    assert [golden.update(chapter, ENTRY, board) for _ in range(2)] == [True, False]
    assert (tmp_path / "tests/golden/mistakes/01/m.txt").read_text() == board
    assert golden.complaints(chapter, ENTRY, board) == []
    (complaint,) = golden.complaints(chapter, ENTRY, golden.text(report("another")))
    assert "-     got        g; +     got        another" in complaint


def test_the_board_of_no_mistake_is_found(chapter):
    golden.update(chapter, ENTRY, "x")
    assert golden.orphans(chapter, [ENTRY]) == []
    assert [path.name for path in golden.orphans(chapter, [])] == ["m.txt"]


@pytest.mark.parametrize("each", course.chapters(), ids=lambda chapter: chapter.slug)
def test_no_kept_board_names_what_is_random(each):
    for path in (course.ROOT / "tests/golden/mistakes" / each.number).glob("*.txt"):
        text = path.read_text("utf-8")
        assert "/tmp/" not in text, path
        assert not golden.NAME.search(text), path


def test_a_check_that_is_lost_by_luck_is_shown_as_kept():
    found = report("hello")
    lost = next(check.id for check in found.checks if check.finding)
    assert "✗" in golden.text(found)
    assert "✗" not in golden.text(golden.lucky(found, [lost]))
