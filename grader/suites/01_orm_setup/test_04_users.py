"""users"""

import sqlite3

from grader.check import check
from grader.database import Database
from grader.expect import expect
from grader.student import Student

ROOM = "No constraint may stand in the way of this row. The hash has 60 characters, however short the password."
CREATE = "import app.models; create the table of User"


def schema(student: Student) -> Database:
    """The file, with the table of User in it."""
    student.probe("01_orm_setup_models.table_of_users", CREATE)
    return student.database


def columns(database: Database, table: str) -> dict[str, bool]:
    """The columns of a table: name -> whether it refuses NULL."""
    with database.open() as connection:
        found = {row["name"]: bool(row["notnull"]) for row in connection.execute(f"PRAGMA table_info({table})")}
    return found


def refused(database: Database, sql: str) -> str:
    """What SQLite says against a statement, "" when it takes it."""
    with database.open(write=True) as connection:
        try:
            connection.execute(sql)
        except sqlite3.IntegrityError as problem:
            return str(problem)
        finally:
            connection.rollback()
    return ""


def expect_columns(database: Database, table: str, names: set[str], look: str) -> None:
    """Fail unless the table has these columns (more are fine)."""
    found = columns(database, table)
    expect(
        names <= found.keys(), did=CREATE, expected=f"table {table} with {', '.join(sorted(names))}",
        got=f"table {table} with {', '.join(found)}" if found else f"there is no table {table}", look=look,
        why="A column exists when the class has an attribute for it: name: Mapped[str].",
    )  # fmt: skip


@check("1.4", points=2, needs="1.1", lesson="classes-and-tables")
def test_the_table(student: Student) -> None:
    """table users has id, username and hashed_password"""
    expect_columns(schema(student), "users", {"id", "username", "hashed_password"}, "User")


@check("1.4", points=2, needs="1.4/the-table", lesson="classes-and-tables")
def test_unique(student: Student) -> None:
    """a name is text, and the database itself refuses a second user of the same name"""
    database = schema(student)
    did = "INSERT INTO users (username, hashed_password) VALUES ('mira', '$2b$04$...')"
    student.probe("01_orm_setup_models.users", did, usernames=["mira", "noor", "007", "mira"])
    database.expect_rows(
        1, "users", "username = 'noor'", did=did.replace("mira", "noor"), look="User",
        why=ROOM,
    )  # fmt: skip
    name = database.value("SELECT username FROM users WHERE username NOT IN ('mira', 'noor')")
    expect(
        name == "007", did=did.replace("mira", "007"), expected="a user called '007'", got=f"one called {name!r}", look="User.username",
        why="Mapped[str] makes a column of text. In a column of numbers '007' becomes 7.",
    )  # fmt: skip
    stored = database.value("SELECT count(*) FROM users WHERE username = 'mira'")
    expect(
        stored == 1, did=f"{did}, twice", expected="the second is refused: UNIQUE constraint", look="User.username",
        got="both are stored", why="Two requests can both find a name free. Only the database can promise that it is unique.",
    )  # fmt: skip


@check("1.4", points=2, needs="1.4/the-table", lesson="classes-and-tables")
def test_never_null(student: Student) -> None:
    """neither the name nor the hash may be missing"""
    database = schema(student)
    for name, values in (("username", "(NULL, 'x')"), ("hashed_password", "('mira', NULL)")):
        sql = f"INSERT INTO users (username, hashed_password) VALUES {values}"
        said = refused(database, sql)
        expect(
            columns(database, "users")[name], did=sql, expected="refused: NOT NULL constraint", got=said or "it is stored", look=f"User.{name}",
            why="Mapped[str] makes a column that refuses NULL; Mapped[str | None] and a bare Column allow it.",
        )  # fmt: skip


@check("1.4", points=1, needs="1.4/the-table", lesson="classes-and-tables")
def test_ids_are_never_reused(student: Student) -> None:
    """the id of a deleted user is not given to the next"""
    database = schema(student)
    did = "store a user, delete it, store another"
    student.probe("01_orm_setup_models.users", did, usernames=["mira"])
    old = database.value("SELECT max(id) FROM users")
    database.write("DELETE FROM users")
    student.probe("01_orm_setup_models.users", did, usernames=["noor"])
    database.expect_rows(1, "users", "username = 'noor'", did=did, look="User", why=ROOM)
    new = database.value("SELECT max(id) FROM users")
    expect(
        new > old, did=did, expected=f"an id above {old}", got=f"id {new}", look="User",
        why="SQLite gives a freed id to the next row, unless the table was made with AUTOINCREMENT. An old token would open the new user's account.",
    )  # fmt: skip
