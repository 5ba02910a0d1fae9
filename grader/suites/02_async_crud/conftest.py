"""What the checks of chapter 02 share: people, and posts in their name."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest

from grader.answers import Answer
from grader.app import App
from grader.expect import CheckFailed, expect
from grader.student import Student


@dataclass
class Person:
    """A registered user, logged in."""

    username: str
    email: str
    full_name: str | None
    password: str
    id: int
    token: str = ""


TYPED = "Who registered with this name must be able to log in with the very same: what was given is stored as it was given, capitals and all."
LOGIN = "Name and password are those of the registration: login finds the user by that name, and verify_password takes the password, then the hash."
Newcomer = Callable[..., Person]


@pytest.fixture
def database_url() -> str:
    """From this chapter on the driver is aiosqlite."""
    return "sqlite+aiosqlite:///{path}"


@pytest.fixture
def newcomer(student: Student) -> Newcomer:
    """A function that registers somebody with an app, and logs them in."""

    def register(app: App, *, login: bool = True, capital: bool = False) -> Person:
        name, password = student.name(), f"{student.name()}-secret"
        username = name.capitalize() if capital else name
        body = {
            "username": username,
            "email": f"{username}@example.com",
            "password": password,
            "full_name": username.title(),
        }
        answer = app.post("/register", json=body)
        if capital and answer.status == 422:  # names in small letters alone are a rule of some
            return register(app, login=login)
        answer.expect(201, why="Nothing can be tried until somebody can register.", look="create_user")
        found = answer.expect_keys("id", "username")
        person = Person(username, body["email"], body["full_name"], password, found["id"])
        if login:
            answer = app.post("/token", form={"username": username, "password": password}).expect(
                200, why=TYPED if capital else LOGIN, look="create_user" if capital else "verify_password"
            )
            person.token = answer.expect_keys("access_token")["access_token"]
        return person

    return register


@pytest.fixture
def write_post(student: Student) -> Callable[..., dict[str, Any]]:
    """A function that publishes a post through POST /posts; fields of the body can be given."""

    def write(app: App, person: Person, **fields: Any) -> dict[str, Any]:
        body = {"title": student.name(), "content": "...", "tags": [], "published": True} | fields
        answer = app.post("/posts", token=person.token, json=body).expect(201, look="create_post")
        return answer.expect_keys("id", "title", "content", "tags", "published", "author")

    return write


@pytest.fixture
def probe(student: Student) -> Callable[..., Any]:
    """Like student.probe, with the words to say when the student's code raises."""

    def run(function: str, did: str, *, why: str = "", look: str = "", **options: Any) -> Any:
        try:
            return student.probe(f"02_async_crud_{function}", did, **options)
        except CheckFailed as problem:
            problem.why, problem.look = problem.why or why, problem.look or look
            raise

    return run


@pytest.fixture
def unlocked(student: Student) -> Callable[..., None]:
    """A function that fails unless another program can write to the file at once."""

    def expect_unlocked(did: str, *, why: str, look: str) -> None:
        try:
            with closing(sqlite3.connect(f"{student.database.path.as_uri()}?mode=rw", uri=True, timeout=2)) as other:
                other.execute("BEGIN IMMEDIATE")
                other.execute("ROLLBACK")
        except sqlite3.Error as problem:
            got = (
                f"{problem}: your program still holds its lock"
                if "locked" in str(problem)
                else f"sqlite3 says: {problem}"
            )
            raise CheckFailed(
                did, "another program can write at once", got, why=why, look=look, life=student.lives[-1]
            ) from problem

    return expect_unlocked


@pytest.fixture
def one_wins() -> Callable[..., None]:
    """A function that fails unless one of many answers is yes, and all others are refusals.

    At a file that somebody holds (`App.together`) they all come to the same point, on a busy machine too.
    """

    def expect_one(answers: list[Answer], yes: int, *, did: str, why: str, look: str) -> None:
        for answer in answers:
            replace(answer, did=did).expect(yes, 409, 400, 503, expected=f"{yes} once, else 409", why=why, look=look)
        won = sum(answer.status == yes for answer in answers)
        expect(
            won == 1 or (not won and any(answer.status == 503 for answer in answers)),  # who is held up may give up
            did=did, expected=f"one {yes}", got=f"{won} answers {yes}", why=why, look=look, life=answers[0].life,
        )  # fmt: skip

    return expect_one


@pytest.fixture
def insert(student: Student) -> Callable[..., int]:
    """A function that adds a row from outside, every column given, so that no default of the table is needed; its id.

    Times are as a row of the program's has them, if there is one: how they are stored is the student's choice.
    """
    now = "2026-01-01 00:00:00.000000"
    rest: dict[str, dict[str, Any]] = {
        "users": {"hashed_password": "x", "role": "reader", "is_active": 1, "created_at": now, "message_count": 0},
        "posts": {"title": "a", "content": "b", "published": 1, "created_at": now, "updated_at": now},
        "messages": {"content": "a", "timestamp": now},
    }

    def write(table: str, without: tuple[str, ...] = (), **values: Any) -> int:
        if table == "users":
            name = values.get("username") or student.name()
            values = {"username": name, "email": f"{name}@example.com"} | values
        with student.database.open(write=True) as connection:
            written = connection.execute("SELECT created_at FROM users").fetchone()
            times = (
                dict.fromkeys((name for name, value in rest[table].items() if value is now), written[0])
                if written
                else {}
            )
            row = {name: value for name, value in (rest[table] | times | values).items() if name not in without}
            marks = ", ".join("?" * len(row))
            cursor = connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
            return int(cursor.lastrowid or 0)

    return write


@pytest.fixture
def copy_row(student: Student) -> Callable[..., int]:
    """A function that copies a row from outside, so many times; a change is SQL in which :n counts; the last id.

    What else is unique (a public id, say) is left to the table.
    """

    def copy(table: str, row: int, times: int = 1, **changes: str) -> int:
        own = f"""SELECT max(part.name) FROM pragma_index_list('{table}') keys JOIN pragma_index_info(keys.name) part
                  WHERE keys."unique" GROUP BY keys.name HAVING count(*) = 1"""
        with student.database.open(write=True) as connection:
            left = {"id", *(name for (name,) in connection.execute(own))} - changes.keys()
            names = [
                each["name"] for each in connection.execute(f"PRAGMA table_info({table})") if each["name"] not in left
            ]
            values = ", ".join(changes.get(name, f'"{name}"') for name in names)
            columns = ", ".join(f'"{name}"' for name in names)
            sql = f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} WHERE id = :row"
            for number in range(times):
                made = connection.execute(sql, {"row": row, "n": number}).lastrowid
            return int(made or 0)

    return copy


@pytest.fixture
def as_cheap(student: Student, copy_row: Callable[..., int]) -> Callable[..., None]:
    """A function that fails unless a list of 50 rows, each somebody else's, takes as few SELECTs as one of 5."""

    def selects(app: App, call: Callable[[], object]) -> int:
        before, mark = len(app.statements()), student.name()
        call()
        app.get(f"/users/{mark}")  # a name that only we know marks the end of the record
        end = time.monotonic() + 5
        while not any(mark in sql for sql in app.statements()[before:]) and time.monotonic() < end:
            time.sleep(0.005)
        return sum("select" in sql.lower() for sql in app.statements()[before:])

    def expect_as_cheap(app: App, call: Callable[[int], object], of: tuple[str, str, int, int], look: str) -> None:
        """`call` asks for so many rows; `of` is a table, its column of owners, one of its rows, and whose that is."""
        table, column, row, owner = of
        copy_row("users", owner, 50, username="username || '-' || :n", email=":n || email")
        first = student.database.value("SELECT min(id) FROM users WHERE id > ?", [owner])
        copy_row(table, row, 50, **{column: f"{first} + :n"})
        call(5)
        few, many = (selects(app, partial(call, limit)) for limit in (5, 50))
        why = "One statement for the owner of each row makes a page of 50 ten times as dear as one of 5. Let one query bring the owners."
        expect(
            many <= few, did=f"GET /{table} with limit=5 and limit=50, counting SELECTs", life=app.life, why=why, look=look,
            expected=f"no more for 50 {table} than for 5", got=f"{few} for 5 {table}, and {many} for 50",
        )  # fmt: skip

    return expect_as_cheap


@pytest.fixture
def refuse_commits(student: Student) -> Callable[[str, str], None]:
    """A function that has a row break a foreign key that is looked at in the end: the commit fails, no statement does."""

    def refuse(table: str, rows: str = "1") -> None:
        for sql in (
            "CREATE TABLE elders (id INTEGER PRIMARY KEY)",
            "CREATE TABLE wards (elder INTEGER REFERENCES elders (id) DEFERRABLE INITIALLY DEFERRED)",
            f"CREATE TRIGGER late AFTER INSERT ON {table} WHEN {rows} BEGIN INSERT INTO wards VALUES (99); END",
        ):
            student.database.write(sql)

    return refuse
