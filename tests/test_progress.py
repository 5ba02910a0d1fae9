"""What is remembered of the student's gradings: never wrong silently, never in the way."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grader import course, run, starters
from grader.board import Look
from grader.commands import app
from grader.course import Chapter
from grader.day import progress, progress_page
from grader.day.progress import Entry, Graded, Standing
from grader.report import CheckResult, Outcome, Report

GOLDEN = Path(__file__).parent / "golden"
TEXT = "# TODO 1.1: one. >>>\ny = 1\n# <<<\n\nz = 3\n# TODO 1.2: two. >>>\n#: w = None\nw = 2\n# <<<\n"


@pytest.fixture
def chapter(made_up, tmp_path, monkeypatch):
    """A made-up chapter of two tasks; the first one is written."""
    chapter = made_up({"a.py": TEXT, "b.py": "b = 1\n"}, task_1="one", task_2="two")
    starters.write(chapter)
    write(chapter, "# mine\ny = 1\n\nz = 3\n# TODO 1.2: two.\nw = None\n")
    monkeypatch.setattr(course, "chapters", lambda: [chapter])
    monkeypatch.setattr(course, "ROOT", tmp_path)
    monkeypatch.setattr("time.strftime", lambda _format: "2026-11-21 14:02")
    return chapter


def write(chapter, text, file="a.py"):
    (chapter.starter / "app" / file).write_text(text)


def report(*outcomes, **more):
    checks = [
        CheckResult(id=f"{task}/{number}", task=task, label="l", points=2, outcome=outcome)
        for number, (task, outcome) in enumerate(outcomes)
    ]
    return Report(
        chapter="01", title="t", source="student", folder="f", level="practice", tasks=(), checks=tuple(checks), **more
    )


PASSED = report(("1.1", Outcome.PASSED), ("1.2", Outcome.TODO))


def said(chapter):
    return {task: state.words for task, state in progress.states(chapter).items()}


def test_before_any_grading_the_files_alone_say_what_is_to_do(chapter):
    assert said(chapter) == {"1.1": "begun, not graded yet", "1.2": "to do"}
    assert progress.current_task(chapter) == "1.1"


def test_what_passed_is_done_until_something_changes(chapter):
    progress.graded(chapter, (), lambda: PASSED)
    assert said(chapter) == {"1.1": "done 2026-11-21", "1.2": "to do"}
    assert progress.current_task(chapter) == "1.2"
    mine = (chapter.starter / "app" / "a.py").read_text()
    write(chapter, mine + "# more\n")
    assert said(chapter)["1.1"] == "was done 2026-11-21; app/a.py has changed since"
    write(chapter, mine)
    write(chapter, "b = 2\n", "b.py")
    assert said(chapter)["1.1"] == "was done 2026-11-21; app/b.py has changed since"
    (chapter.starter / "app" / "b.py").unlink()
    assert said(chapter)["1.1"] == "was done 2026-11-21; app/b.py has changed since"
    write(chapter, "b = 1\n", "b.py")
    assert said(chapter)["1.1"] == "done 2026-11-21"


def test_the_own_file_of_a_task_is_named_before_others():
    before = {"app/a.py": "1", "app/b.py": "1", progress.CHECKS: "1"}
    assert progress.change(before, dict.fromkeys(before, "2"), ["app/b.py"]) == "app/b.py has changed since"
    assert progress.change(before, before | {progress.CHECKS: "2"}, []) == "the checks have changed since"


def test_what_failed_is_wrong_until_something_changes(chapter):
    progress.graded(chapter, (), lambda: report(("1.1", Outcome.PASSED), ("1.1", Outcome.FAILED)))
    assert said(chapter)["1.1"] == "2 / 4 on 2026-11-21 14:02"
    write(chapter, "y = 2\n\nz = 3\nw = 4\n")
    assert said(chapter) == {"1.1": "2 / 4 on 2026-11-21 14:02; changed since", "1.2": "begun, not graded yet"}


def test_what_was_done_and_is_put_back_is_to_do(chapter):
    progress.graded(chapter, (), lambda: PASSED)
    starters.write(chapter)
    assert said(chapter)["1.1"] == "to do"


def test_only_the_tasks_that_were_asked_for_are_remembered(chapter):
    progress.graded(chapter, ("1.2",), lambda: report(("1.1", Outcome.PASSED), ("1.2", Outcome.FAILED), partial=True))
    assert set(progress.load(chapter.root)[0]) == {"1.2"}


def test_what_passed_whole_on_the_way_to_another_task_is_done_again(chapter):
    progress.graded(chapter, (), lambda: PASSED)
    write(chapter, "y = 2\n\nz = 3\nw = 4\nmore = 5\n")
    assert "has changed since" in said(chapter)["1.1"]
    part = report(("1.1", Outcome.PASSED), ("1.2", Outcome.PASSED), partial=True)
    less = part.model_copy(update={"checks": (part.checks[0].model_copy(update={"points": 1}), *part.checks[1:])})
    progress.graded(chapter, ("1.2",), lambda: less)
    assert "has changed since" in said(chapter)["1.1"]
    progress.graded(chapter, ("1.2",), lambda: part)
    assert said(chapter)["1.1"].startswith("done")


@pytest.mark.parametrize("what", ["changed meanwhile", "could not be graded"])
def test_what_is_not_sure_is_not_remembered(chapter, what):
    def grade():
        if what == "changed meanwhile":
            write(chapter, "y = 5\n")
            return PASSED
        return report(("1.1", Outcome.PASSED), ("1.2", Outcome.ERROR))

    progress.graded(chapter, (), grade)
    assert progress.load(chapter.root) == ({}, True)


def test_a_passing_version_is_kept(chapter):
    progress.graded(chapter, (), lambda: PASSED)
    assert (chapter.root / ".workbook" / "passed" / "1.1" / "app" / "a.py").is_file()


@pytest.mark.parametrize("text", ["{", "[]", '{"1.1": 1}', '{"1.1": {"last": {}}}', "\udcff"])
def test_a_broken_memory_is_said_and_does_no_harm(chapter, text):
    progress.graded(chapter, (), lambda: PASSED)
    progress.memory_file(chapter.root).write_bytes(text.encode(errors="surrogateescape"))
    assert progress.load(chapter.root) == ({}, False)
    result = CliRunner().invoke(app, ["progress"])
    assert result.exit_code == 0
    assert "nox -s progress -- --rebuild" in result.output
    progress.graded(chapter, (), lambda: PASSED)
    assert progress.load(chapter.root)[1]


def test_a_folder_that_cannot_be_written_costs_only_the_memory(chapter):
    (chapter.root / ".workbook").write_text("a file where the folder should be")
    assert progress.graded(chapter, (), lambda: PASSED) is PASSED


def test_rebuild_grades_what_is_begun(chapter, monkeypatch):
    monkeypatch.setattr(run, "grade", lambda *_, **__: PASSED)
    result = CliRunner().invoke(app, ["progress", "--rebuild"])
    assert "1.1  one" in result.output
    assert "done 2026-11-21" in result.output
    assert result.output.endswith("Go on: nox -s watch -- 01, at task 1.2\n")


def test_rebuild_leaves_alone_what_is_not_begun(chapter, monkeypatch):
    monkeypatch.setattr(run, "grade", lambda *_, **__: pytest.fail("graded"))
    starters.write(chapter)
    assert "0 of 2 tasks" in CliRunner().invoke(app, ["progress", "--rebuild"]).output


def test_the_chapter_to_go_on_with_is_the_one_last_graded_or_the_next_with_something_to_do(chapter, tmp_path):
    second = Chapter("02_more", tmp_path)
    second.__dict__["tasks"] = {"2.1": "one"}
    (second.solution / "app").mkdir(parents=True)
    (second.solution / "app" / "a.py").write_text("# TODO 2.1: one. >>>\ny = 1\n# <<<\n")
    starters.write(second)
    both = [chapter, second]
    assert progress.current_chapter(both) is chapter
    done = Graded(at="2026-11-21 14:02", earned=1, points=1, files=progress.fingerprint(chapter))
    entries = {task: Entry(last=done, done=done) for task in chapter.tasks}
    write(chapter, "y = 1\n\nz = 3\nw = 2\n")
    progress.memory_file(tmp_path).parent.mkdir()
    now = done.model_copy(update={"files": progress.fingerprint(chapter)})
    entries = {task: Entry(last=now, done=now) for task in chapter.tasks}
    progress.memory_file(tmp_path).write_bytes(progress.MEMORY.dump_json(entries))
    assert progress.current_task(chapter) == ""
    assert progress.current_chapter(both) is second
    assert progress.current_chapter([chapter]) is chapter


def page(look):
    first, second, third = (Chapter(slug, Path("/nowhere")) for slug in ("01_first", "02_second", "03_third"))
    for each, title in ((first, "a chat that remembers"), (second, "async CRUD"), (third, "migrations")):
        each.__dict__["title"] = title
        each.__dict__["tasks"] = {f"{int(each.number)}.{number}": f"task number {number}" for number in range(1, 6)}
    words = [
        (Standing.DONE, "done 2026-11-21"), (Standing.CHANGED, "was done 2026-11-20; app/crud.py has changed since"),
        (Standing.WRONG, "4 / 10 on 2026-11-21 14:02"), (Standing.UNKNOWN, "begun, not graded yet"),
        (Standing.TODO, "to do"),
    ]  # fmt: skip
    states = [progress.State(*each) for each in words]
    found = {
        first: dict.fromkeys(first.tasks, states[0]),
        second: dict(zip(second.tasks, states, strict=True)),
        third: dict.fromkeys(third.tasks, states[4]),
    }
    return progress_page.render(found, look)


@pytest.mark.parametrize(
    ("name", "look"),
    [("progress", Look(100)), ("progress-60", Look(60)), ("progress-plain", Look(100, unicode=False))],
)
def test_the_page_reads_as_it_was_accepted(name, look):
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(page(look), "utf-8")
    assert page(look) == golden.read_text("utf-8")


def test_nox_alone_says_what_to_do_next(chapter):
    def said():
        return CliRunner().invoke(app, ["welcome"]).output

    assert "0 of 2 tasks are done. You are at 1.1, one: begun, not graded yet." in said()
    assert "nox -s watch -- 01" in said()
    starters.write(chapter)
    assert "Chapter 01 waits for you" in said()
    write(chapter, "y = 1\n\nz = 3\nw = 2\n")
    progress.graded(chapter, (), lambda: report(("1.1", Outcome.PASSED), ("1.2", Outcome.PASSED)))
    assert "2 of 2 tasks are done: all there are in chapter 01 and after it." in said()
    assert "nox -s hint" not in said()
