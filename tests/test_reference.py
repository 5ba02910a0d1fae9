"""The corners of the reference solutions that no check asks for: model code does not break there either."""

from contextlib import closing

import pytest

from grader.box.control import Launcher
from grader.box.sandbox import Practice
from grader.course import chapter
from grader.expect import CheckFailed
from grader.run import private
from grader.student import Student
from grader.submission import Submission

SECOND = chapter("02")


@pytest.fixture(scope="module")
def submission():
    """The reference of chapter 02, in its own place, so that coverage finds it."""
    place = str(SECOND.solution.relative_to(SECOND.root))
    with (
        private() as run,
        closing(Launcher(Practice())) as launcher,
        closing(Submission(SECOND.solution / "app", run, launcher, place)) as submission,
    ):
        submission.database_url = "sqlite+aiosqlite:///{path}"
        yield submission


@pytest.fixture
def student(submission):
    student = Student(submission)
    yield student
    student.close()


def register(app, username, **changes):
    body = {"username": username, "email": f"{username}@example.com", "password": "correct horse"}
    return app.post("/register", json=body | changes)


@pytest.mark.parametrize("password", ["é" * 37, "a\0bcdefgh"])
def test_a_password_that_bcrypt_cannot_hash_is_refused(student, password):
    app = student.start()
    register(app, "mira", password=password).expect(422)
    app.post("/token", form={"username": "mira", "password": "correct horse"}).expect(401)


def test_such_a_password_is_a_wrong_one_when_somebody_logs_in(student):
    app = student.start()
    register(app, "mira").expect(201)
    app.post("/token", form={"username": "mira", "password": "a\0b" * 40}).expect(401)


def test_a_token_that_is_none_is_refused_and_the_page_is_there(student):
    app = student.start()
    app.get("/users/me", token="no.token").expect(401)
    assert "<html" in app.get("/").body.decode()


def test_a_database_that_stays_locked_is_busy(student):
    app = student.start()
    app.get("/").expect(200)  # it has made its tables
    with student.database.locked():
        answer = register(app, "mira").expect(503)
    assert (answer.headers["retry-after"], answer.json()["detail"]) == (
        "1",
        "The database is busy. Please try again.",
    )
    register(app, "mira").expect(201)


@pytest.mark.parametrize(
    ("taken", "posts"), [("admin@example.com", True), ("author@example.com", False)], ids=["admin", "author"]
)
def test_sample_data_go_without_an_email_that_is_taken(student, taken, posts):
    app = student.start()
    register(app, "stranger", email=taken).expect(201)
    student.probe("02_async_crud_sql.sample_data", "python -m app.sample_data", env={"ADMIN_PASSWORD": "correct horse"})
    assert (student.database.value("SELECT count(*) FROM posts") > 0) == posts
    assert student.database.value("SELECT count(*) FROM users") == 2


def test_the_engine_is_there_between_connect_and_close_only(student, tmp_path, monkeypatch):
    monkeypatch.setattr("grader.student.PROBES", tmp_path)
    (tmp_path / "p.py").write_text(
        "def engine():\n    from app.database import DatabaseManager\n    return DatabaseManager().engine\n"
    )
    with pytest.raises(CheckFailed, match="RuntimeError: The database is not connected"):
        student.probe("p.engine", "read .engine")
