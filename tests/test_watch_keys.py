"""What each key and each save does, with a grading that says what the test wants."""

import time

import pytest

from grader import course, starters
from grader.board import Look
from grader.course import Chapter
from grader.day import progress
from grader.day.changes import Changes
from grader.day.watch_keys import Watch
from grader.day.watch_screen import screen
from grader.report import CheckResult, Finding, Line, Outcome, Report, TaskInfo

TEXT = "# TODO 1.1: one. >>>\n#: y = 0\ny = 1\n# <<<\n\nz = 3\n# TODO 1.2: two. >>>\n#: w = None\nw = 2\n# <<<\n"
MINE = "# TODO 1.1: one.\ny = 'mine'\n\nz = 3\n# TODO 1.2: two.\nw = None\n"


PASSED = CheckResult(id="1.1/a", task="1.1", label="l", points=2, outcome=Outcome.PASSED)


class Grading:
    """Answers when the test says so."""

    def __init__(self):
        self.asked = []
        self.answers = []

    def ask(self, tasks):
        self.asked.append(tasks)

    def hear(self):
        answers, self.answers = self.answers, []
        return answers

    def fileno(self):
        return 0


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    chapter = Chapter("01_made_up", tmp_path)
    chapter.__dict__["tasks"] = {"1.1": "one", "1.2": "two"}
    (chapter.solution / "app").mkdir(parents=True)
    (chapter.solution / "app" / "a.py").write_text(TEXT)
    starters.write(chapter)
    (chapter.starter / "app" / "a.py").write_text(MINE)
    (chapter.starter / "HINTS.md").write_text("## 1.1 one\n\n### Hint 1\n\nwhich one?\n\n### Hint 2\n\nthat one\n")
    monkeypatch.setattr(course, "chapters", lambda: [chapter])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VISUAL", "vim")
    return chapter


@pytest.fixture
def watch(chapter):
    opened = []
    watch = Watch(chapter, "1.1", Grading(), opened.append)
    watch.opened = opened
    return watch


def report(*outcomes, place="", **more):
    checks = tuple(
        CheckResult(id=f"{task}/a", task=task, label="l", points=2, outcome=outcome, **more)
        for task, outcome in outcomes
    )
    tasks = tuple(TaskInfo(id=task, title="t", place=place) for task, _ in outcomes)
    return Report(
        chapter="01", title="t", source="student", folder="chapters/01_made_up", level="practice", tasks=tasks, checks=checks,
        partial=True,
    )  # fmt: skip


def verdict(watch, *outcomes, **more):
    graded = report(*outcomes, **more)
    progress.graded(watch.chapter, tuple(task for task, _ in outcomes), lambda: graded)
    watch.grading.answers = [{"heard": graded.checks[0]}, {"report": graded}]
    assert watch.hear()


def shown(watch):
    return screen(watch.seen, Look(100), 30)


def save(watch, text, deadline=10):
    (watch.chapter.starter / "app" / "a.py").write_text(text)
    end = time.monotonic() + deadline
    while not watch.tick():
        assert time.monotonic() < end


def test_a_save_is_checked_and_its_verdict_shown(watch):
    assert watch.grading.asked == [("1.1",)]
    assert not watch.hear()
    verdict(watch, ("1.1", Outcome.FAILED), finding=Finding(did="GET /", expected="200", got="500"))
    assert "GET /" in shown(watch)
    save(watch, MINE + "# more\n")
    assert watch.grading.asked == [("1.1",), ("1.1",)]
    assert "checking 1.1 ..." in shown(watch)
    assert "GET /" in shown(watch)
    verdict(watch, ("1.1", Outcome.PASSED))
    assert "1.1  one: done." in shown(watch)
    assert watch.seen.task == "1.1"


def test_how_far_a_check_is_can_be_seen(watch):
    watch.grading.answers = [{"heard": PASSED}, {"heard": PASSED}]
    assert not watch.hear()
    assert "checking 1.1 ... 2 checks" in shown(watch)


def test_a_check_that_fails_is_shown_before_the_rest_is_known(watch):
    verdict(watch, ("1.1", Outcome.PASSED))
    failed = PASSED.model_copy(
        update={"outcome": Outcome.FAILED, "finding": Finding(did="GET /", expected="2", got="5")}
    )
    watch.grading.answers = [{"heard": failed.model_copy(update={"id": "1.1/other"})}, {"heard": failed}]
    assert not watch.hear()
    assert "GET /" in shown(watch)
    watch.grading.answers = [{"heard": PASSED}]
    watch.hear()
    assert "1.1  one: done." in shown(watch)


def test_a_quick_verdict_is_shown_while_the_rest_is_checked(watch):
    watch.grading.answers = [{"quick": report(("1.1", Outcome.PASSED))}, {"heard": PASSED}]
    assert not watch.hear()
    assert "1.1  one: done." in shown(watch)
    assert "checking what 1.1 needs ... 1 checks" in shown(watch)


def test_n_goes_on_only_when_the_task_is_done(watch):
    watch.key("n")
    assert "1.1 is not done yet" in shown(watch)
    verdict(watch, ("1.1", Outcome.PASSED))
    watch.key("n")
    assert (watch.seen.task, watch.grading.asked[-1]) == ("1.2", ("1.2",))
    verdict(watch, ("1.1", Outcome.PASSED), ("1.2", Outcome.PASSED))
    save(watch, "y = 1\n\nz = 3\nw = 2\n")
    verdict(watch, ("1.1", Outcome.PASSED), ("1.2", Outcome.PASSED))
    watch.key("n")
    assert "Every task is done or was." in shown(watch)


def test_n_goes_to_what_a_task_waits_for(watch):
    watch.seen.task = "1.2"
    verdict(watch, ("1.1", Outcome.TODO), ("1.2", Outcome.BLOCKED), waits_for="1.1")
    watch.key("n")
    assert watch.seen.task == "1.1"


def test_h_shows_one_step_after_the_other(watch):
    watch.key("h")
    assert "which one?" in shown(watch)
    watch.key("h")
    assert "that one" in shown(watch)
    watch.key("\n")
    assert "that one" not in shown(watch)
    watch.seen.task = "1.2"
    watch.key("h")
    assert "There are no hints for task 1.2." in shown(watch)


def test_l_lists_the_tasks_and_question_mark_the_keys_and_space_goes_on(watch):
    watch.key("l")
    assert "1.2  two" in shown(watch)
    watch.key("?")
    assert "put this task back to how it began" in shown(watch)
    watch.key(" ")
    assert watch.seen.offset > 0
    watch.key("b")
    watch.key("b")
    assert watch.seen.offset == 0
    assert "put this task back to how it began" in shown(watch)


@pytest.mark.parametrize("look", [Look(100), Look(60, colour=True)])
def test_in_the_list_a_task_can_be_chosen(watch, look):
    watch.look = look
    watch.key("l")
    assert [line for line in watch.seen.page if line.startswith(">")] == [watch.seen.page[2]]
    assert "Enter goes there" in shown(watch)
    for key in "kjjj":
        watch.key(key)
    assert [line for line in watch.seen.page if line.startswith(">")] == [watch.seen.page[-1]]
    watch.key("\n")
    assert (watch.seen.task, watch.grading.asked[-1], watch.seen.page) == ("1.2", ("1.2",), [])


def test_the_list_can_leave_out_what_is_done(watch):
    watch.seen.states["1.1"] = progress.State(progress.Standing.DONE, "done 2026-01-01")
    watch.key("l")
    watch.key("p")
    assert not [line for line in watch.seen.page if " 1.1 " in line]
    assert [line for line in watch.seen.page if line.startswith(">")] == [watch.seen.page[-1]]
    watch.key("p")
    assert [line for line in watch.seen.page if " 1.1 " in line]
    watch.seen.states = dict.fromkeys(watch.seen.states, watch.seen.states["1.1"])
    watch.key("p")
    assert [line for line in watch.seen.page if " 1.1 " in line]


def test_outside_the_list_the_keys_of_the_list_do_nothing(watch):
    for key in "jk\n":
        watch.key("h")
        watch.key(key)
        assert (watch.seen.task, watch.seen.page) == ("1.1", [])


def test_a_verdict_does_not_close_the_page_that_is_read_meanwhile(watch):
    watch.key("l")
    verdict(watch, ("1.1", Outcome.PASSED))
    assert "Enter goes there" in shown(watch)
    save(watch, MINE + "# more\n")
    assert watch.seen.page == []


def test_c_checks_the_whole_chapter_and_shows_its_board(watch):
    watch.key("c")
    assert watch.grading.asked[-1] == ()
    assert "checking chapter 01" in shown(watch)
    verdict(watch, ("1.1", Outcome.PASSED), ("1.2", Outcome.TODO))
    assert "2 / 4" in shown(watch)
    save(watch, MINE + "# more\n")
    assert watch.grading.asked[-1] == ("1.1",)
    assert "2 / 4" not in shown(watch)


def test_when_all_is_done_a_save_checks_the_whole_chapter_and_leads_to_what_it_broke(watch):
    watch.key("c")
    verdict(watch, ("1.1", Outcome.PASSED), ("1.2", Outcome.PASSED))
    save(watch, "y = 1\n\nz = 3\nw = 2\n")
    assert watch.grading.asked[-1] == ()
    wrong = Finding(did="GET /", expected="2", got="5")
    verdict(watch, ("1.1", Outcome.PASSED), ("1.2", Outcome.FAILED), finding=wrong)
    assert "GET /" in shown(watch)
    assert watch.seen.task == "1.2"
    save(watch, "y = 1\n\nz = 3\nw = 4\n")
    assert watch.grading.asked[-1] == ("1.2",)


def test_d_asks_first_when_the_task_is_not_done(watch):
    watch.key("d")
    assert "d again shows it" in shown(watch)
    assert "+y = 1" not in shown(watch)
    watch.key("h")
    watch.key("d")
    assert "+y = 1" not in shown(watch)
    watch.key("d")
    assert "+y = 1" in shown(watch)
    verdict(watch, ("1.1", Outcome.PASSED))
    watch.key("d")
    assert "+y = 1" in shown(watch)
    (watch.chapter.starter / "app" / "a.py").write_text(TEXT)
    watch.key("d")
    assert "No difference." in shown(watch)


def test_x_puts_the_task_back_when_pressed_twice_and_says_how_to_undo(watch):
    watch.key("x")
    assert (watch.chapter.starter / "app" / "a.py").read_text() == MINE
    watch.key("x")
    assert (watch.chapter.starter / "app" / "a.py").read_text() == MINE.replace("'mine'", "0")
    watch.tick()
    watch.tick()
    verdict(watch, ("1.1", Outcome.TODO))
    assert len(watch.grading.asked) == 2
    assert "nox -s undo -- " in shown(watch).replace("\n", " ")


def test_o_opens_the_file_where_the_student_has_something_to_do(watch, monkeypatch):
    folder = watch.chapter.starter
    watch.key("o")
    assert watch.opened[-1] == ["vim", "+1", str(folder / "app" / "a.py")]
    line = Line(path="app/a.py", number=4, text="z")
    verdict(watch, ("1.1", Outcome.FAILED), finding=Finding(did="d", expected="e", got="g", line=line))
    watch.key("o")
    assert watch.opened[-1][1] == "+4"
    verdict(watch, ("1.1", Outcome.TODO), place="app/a.py:2")
    watch.key("o")
    assert watch.opened[-1][1] == "+2"
    for name in ("VISUAL", "EDITOR", "PATH"):
        monkeypatch.setenv(name, "")
    watch.key("o")
    assert "a.py:2 - set VISUAL to your editor" in shown(watch)


def test_a_file_that_is_deleted_under_it_is_said(watch):
    (watch.chapter.starter / "app" / "a.py").unlink()
    watch.tick()
    watch.tick()
    assert len(watch.grading.asked) == 2
    watch.key("o")
    assert "nox -s reset -- 1.1 brings them back" in shown(watch)


def test_t_shows_the_frames_and_hides_them(watch):
    watch.key("t")
    assert watch.seen.traceback
    watch.key("t")
    assert not watch.seen.traceback


def test_q_quits_and_no_other_key_does(watch):
    assert watch.key("q") is False
    assert all(watch.key(name) for name in "nhlcdoxt?zZ \n\t\x1bé")


def test_a_grader_that_cannot_work_is_said(watch):
    watch.grading.answers = [{"problem": "The grader ended in the middle of its work."}]
    assert watch.hear()
    assert "The grader ended in the middle of its work." in shown(watch)


def test_a_change_is_told_once_and_when_it_has_settled(tmp_path):
    app = tmp_path / "app"
    (app / "static").mkdir(parents=True)
    (app / "a.py").write_text("1")
    changes = Changes(app)
    assert not changes.look()
    (app / "a.py").write_text("22")
    assert [changes.look() for _ in range(3)] == [False, True, False]
    (app / "a.py").write_text("333")
    assert not changes.look()
    (app / "a.py").write_text("4444")
    assert [changes.look() for _ in range(3)] == [False, True, False]
    for name in ("__pycache__/a.py", ".cache/a.py", "notes.txt"):
        (app / name).parent.mkdir(exist_ok=True)
        (app / name).write_text("x")
    (app / "broken.py").symlink_to(app / "nowhere.py")
    assert [changes.look() for _ in range(3)] == [False] * 3
    (app / "static" / "page.html").write_text("x")
    (app / "a.py").unlink()
    assert [changes.look() for _ in range(3)] == [False, True, False]
