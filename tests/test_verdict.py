"""From a check that failed to what the student is told."""

import signal
import threading
from types import SimpleNamespace

import pytest

from grader import diagnosis, scrub, verdict
from grader.check import Check
from grader.course import chapter
from grader.expect import CheckFailed, Trouble
from grader.report import Outcome

CHECK = Check("1.8/a-taken-name", "1.8", "a taken name is refused", 2, (), testimony=False, lesson="")
ERROR = {
    "kind": "error", "type": "sqlalchemy.exc.IntegrityError", "message": "UNIQUE constraint failed: users.username",
    "path": "/register", "frames": [["app/crud.py", 3, "create_user", "db.commit()"]], "via": ["create_user", "commit"],
}  # fmt: skip


class FakeLife:
    """What a verdict reads of a life."""

    def __init__(self, *records, printed="", exit_=None):
        self.all = records
        self.stdout = SimpleNamespace(text=lambda: printed)
        self.exit = exit_
        self.over = threading.Event()
        self.signals = []
        self.signal = self.signals.append

    def signal_works(self):
        return self.exit is None

    def records(self, kind=None):
        return (record for record in self.all if kind in (None, record["kind"]))


@pytest.fixture
def judge(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "crud.py").write_text("import x\ndef create_user():\n    db.commit()\n")

    def run(failure, check=CHECK, untouched=frozenset(), timeline=()):
        return verdict.judge(check, failure, chapter("01"), tmp_path, set(untouched), timeline)

    return run


def failed(got="200 {}", life=None, **more):
    return CheckFailed("POST /register", "409", got, life=life, path="/register", **more)


def test_what_a_concept_names_is_shown_where_the_error_knows_no_line(judge, monkeypatch):
    concept = diagnosis.Concept(id="x", why="w", lesson="l", look="create_user")
    monkeypatch.setattr(diagnosis, "explain", lambda *_: (concept, {"kind": "error", "type": "x.E", "message": "m"}))
    line = judge(failed("500 x", look="nothing")).finding.line
    assert (line.path, line.number) == ("app/crud.py", 2)


def test_an_error_that_the_program_caught_is_told_where_a_check_asks_for_it(judge):
    logged = ERROR | {"kind": "logged", "path": ""}
    failure = failed("It was not stored.", life=FakeLife(logged))
    assert judge(failure).finding.got == "It was not stored."
    failure.caught = True
    found = judge(failure).finding
    assert found.got == "It was not stored. In the log: IntegrityError: UNIQUE constraint failed: users.username"
    assert (found.line.path, found.line.number) == ("app/crud.py", 3)


def test_for_a_file_that_cannot_be_read_the_lesson_is_that_of_errors(judge):
    strange = ERROR | {"type": "x.Strange", "message": "m", "frames": [["app/crud.py", 1, "<module>", "import x"]]}
    assert judge(failed("500 x", life=FakeLife(strange))).finding.lesson.endswith("#common-errors")


def test_what_a_concept_names_goes_before_the_line_the_error_passed_through(judge, monkeypatch):
    concept = diagnosis.Concept(id="x", why="w", lesson="l", look="create_user")
    monkeypatch.setattr(diagnosis, "explain", lambda *_: (concept, ERROR))
    assert judge(failed("500 x", look="nothing")).finding.line.number == 2


def test_a_program_that_does_not_answer_is_asked_where_it_is(judge):
    stuck = {"kind": "stuck", "frames": [["app/crud.py", 3, "create_user", ""]]}
    life = FakeLife(stuck)
    slow = Trouble(Outcome.TIMEOUT, "POST /register", "409", "nothing", life=life, look="create_user")
    line = judge(slow).finding.line
    assert (line.number, line.text, life.signals) == (3, "db.commit()", [signal.SIGUSR1])
    for silent in (FakeLife(stuck, exit_="it has ended"), FakeLife(), None):
        slow = Trouble(Outcome.TIMEOUT, "POST /register", "409", "nothing", life=silent, look="create_user")
        assert judge(slow).finding.line.number == 2
    assert judge(failed("200 {}", FakeLife(stuck), look="create_user")).finding.line.number == 2


def test_a_wrong_answer_is_told_in_the_words_of_the_check(judge):
    said = judge(failed(why="because", look="create_user"))
    finding = said.finding
    assert said.outcome is Outcome.FAILED
    assert (finding.did, finding.expected, finding.got, finding.why) == ("POST /register", "409", "200 {}", "because")
    assert (finding.line.path, finding.line.number) == ("app/crud.py", 2)
    assert finding.lesson == "chapters/01_orm_setup/README.md#18-registering"


def test_a_500_is_told_with_its_error_its_line_and_the_concept(judge):
    finding = judge(
        failed("500 Internal Server Error", FakeLife(ERROR), why="the check's own", look="create_user")
    ).finding
    assert finding.got == "500 IntegrityError: UNIQUE constraint failed: users.username"
    assert (finding.line.number, finding.line.text) == (3, "db.commit()")
    assert "The database said no" in finding.why
    assert finding.lesson.startswith("chapters/01_orm_setup/README.md#when-the-database-says-no")
    assert finding.concept.endswith("app/crud.py:3")
    assert finding.traceback == "app/crud.py:3 in create_user: db.commit()"


def test_an_error_nobody_explains_is_still_quoted(judge):
    strange = ERROR | {"type": "builtins.StrangeError", "message": "what?"}
    finding = judge(failed("500 x", FakeLife(strange), why="the check's own")).finding
    assert (finding.got, finding.why) == ("500 StrangeError: what?", "the check's own")


@pytest.mark.parametrize("piece", ["x", " ", "/submission/", "[SQL", 'File "'])
def test_an_answer_of_megabytes_is_quoted_before_the_day_is_over(judge, piece):
    assert len(judge(failed(piece * (4_000_000 // len(piece)))).finding.got) <= scrub.LONGEST


def test_where_a_copy_lay_and_what_sql_was_sent_are_left_out(judge):
    got = 'in "/tmp/wb-x/submission/app/crud.py" and /tmp/y/submission/app/a.py  [SQL: INSERT ...]\n(Background'
    assert judge(failed(got)).finding.got == 'in "app/crud.py" and app/a.py'


def test_a_task_that_is_not_begun_is_to_do_and_shows_nothing(judge):
    assert judge(failed(), untouched={"1.8"}) == verdict.Verdict(Outcome.TODO, "", None)


@pytest.mark.parametrize(("task", "outcome", "waits"), [("1.8", Outcome.TODO, ""), ("1.6", Outcome.BLOCKED, "1.6")])
def test_running_into_a_todo_is_to_do_or_waits_for_that_task(judge, task, outcome, waits):
    todo = {"kind": "error", "type": "builtins.NotImplementedError", "message": f"TODO {task}", "frames": []}
    for failure in (failed(f'501 {{"detail": "TODO {task}"}}'), failed("no answer", FakeLife(todo))):
        assert judge(failure) == verdict.Verdict(outcome, waits, None)


@pytest.mark.parametrize("failure", [failed('501 {"detail": "later"}'), failed("501 TODO soon")])
def test_a_501_that_names_no_task_is_a_failure(judge, failure):
    assert judge(failure).outcome is Outcome.FAILED


def test_not_implemented_of_the_students_own_is_a_failure(judge):
    own = {"kind": "error", "type": "builtins.NotImplementedError", "message": "later", "frames": []}
    assert judge(failed("500 x", FakeLife(own))).outcome is Outcome.FAILED


def test_errors_at_the_path_of_the_failure_go_before_others(judge):
    elsewhere = ERROR | {"path": "/messages", "type": "builtins.KeyError", "message": "elsewhere"}
    assert "UNIQUE" in judge(failed("500 x", FakeLife(ERROR, elsewhere))).finding.got
    assert "elsewhere" in judge(failed("500 x", FakeLife(elsewhere))).finding.got


def test_a_program_that_ended_is_told_with_its_error(judge):
    import_error = ERROR | {"path": "", "type": "builtins.SyntaxError", "message": "'(' was never closed"}
    failure = Trouble(
        Outcome.CRASHED, "start", "an answer", "your program is gone", life=FakeLife(import_error, exit_=object())
    )
    said = judge(failure)
    assert said.outcome is Outcome.CRASHED
    assert said.finding.got == "SyntaxError: '(' was never closed"


def test_an_error_that_is_not_the_answer_does_not_replace_it(judge):
    assert judge(failed("200 {}", FakeLife(ERROR))).finding.got == "200 {}"


def test_the_text_of_a_line_is_read_from_the_file_where_the_record_has_none(judge):
    awaited = {
        "kind": "warning",
        "message": "coroutine 'create_user' was never awaited\nCoroutine created at (most recent call last)\n"
        '  File "/tmp/wb-1/submission/app/crud.py", line 3, in x',
    }
    assert judge(failed(life=FakeLife(awaited))).finding.line.text == "db.commit()"


def forgotten(line):
    return {
        "kind": "warning",
        "message": f"coroutine 'flush' was never awaited\nCoroutine created at (most recent call last)\n"
        f'  File "/tmp/wb-1/submission/app/crud.py", line {line}, in create_user',
    }


@pytest.mark.parametrize(
    ("type_", "message", "line"),
    [
        ("fastapi.exceptions.ResponseValidationError", "'loc': ('response', 'id'), 'input': None", 2),
        ("builtins.AttributeError", "'coroutine' object has no attribute 'is_active'", 2),
        ("sqlalchemy.exc.IntegrityError", "UNIQUE constraint failed: users.username", 3),
    ],
)
def test_a_forgotten_await_explains_what_it_led_to_and_nothing_else(judge, type_, message, line):
    elsewhere = {} if line == 3 else {"frames": [["app/deps.py", 7, "find_user", "user.is_active"]]}
    life = FakeLife(ERROR | {"type": type_, "message": message} | elsewhere, forgotten(2))
    assert judge(failed("500 x", life)).finding.line.number == line


def test_a_failure_without_a_life_is_explained_by_any_of_the_check(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "crud.py").write_text("import x\nsession.flush()\n")
    lives = [FakeLife(), FakeLife(forgotten(2))]
    said = verdict.judge(CHECK, failed("True"), chapter("01"), tmp_path, set(), lives=lives)
    assert (said.finding.line.number, "await" in said.finding.why) == (2, True)


def test_a_forgotten_await_counts_only_where_the_student_made_the_coroutine():
    text = "coroutine 'x' was never awaited\nCoroutine created at\n  File \"{}\", line 3, in x"
    mine, theirs = (
        {"kind": "warning", "message": text.format(path)} for path in ("/r/submission/app/a.py", "/lib/b.py")
    )
    other = {"kind": "warning", "message": "a deprecation"}
    assert verdict.warnings_of([FakeLife(theirs, other)]) == []
    (found,) = verdict.warnings_of([FakeLife(theirs, mine)])
    assert found["frames"] == [("app/a.py", 3, "", "")]


def test_prints_statements_and_frames_are_shown_scrubbed(judge):
    life = FakeLife(
        {"kind": "sql", "text": "INSERT INTO users VALUES ('secret')"}, {"kind": "sql"}, printed="hi\x1b[31m\n"
    )
    finding = judge(failed(life=life), timeline=["mira -> hello\x1b[0m"] * 9).finding
    assert finding.printed == "hi\n"
    assert finding.rows[0].startswith("INSERT users")
    assert finding.timeline == ("mira -> hello",) * 8


def test_the_lesson_is_the_section_a_check_names():
    named = Check("1.8/x", "1.8", "x", 1, (), testimony=False, lesson="Transactions")
    assert verdict.lesson(named, chapter("01")) == "chapters/01_orm_setup/README.md#transactions"
