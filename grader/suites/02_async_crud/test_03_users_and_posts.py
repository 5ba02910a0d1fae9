"""users and posts"""

import datetime
import sqlite3
from collections.abc import Callable
from typing import Any

from grader.check import check
from grader.database import Database
from grader.expect import expect
from grader.student import Student

CREATE = "create the tables of the models"
COLUMNS = {
    "users": (
        "id",
        "username",
        "email",
        "hashed_password",
        "full_name",
        "role",
        "is_active",
        "created_at",
        "message_count",
    ),
    "posts": ("id", "title", "content", "author_id", "published", "created_at", "updated_at"),
}
NULLABLE = ("id", "full_name")
USER = "INSERT INTO users (username, email, hashed_password) VALUES ('mira', 'mira@example.com', 'x')"
POST = "INSERT INTO posts (title, content, author_id) VALUES ('Hello', '...', 1)"
LEFT_OUT = "Other programs leave columns out. Each of these may be NULL, Mapped[... | None], or has a server_default, which stands in the table itself."
CLASS = {"users": "User", "posts": "Post"}
HAND = """INSERT INTO users (username, email, hashed_password, role, is_active, message_count)
          VALUES (hex(randomblob(8)), hex(randomblob(8)) || '@example.com', 'x', 'reader', 1, 0)"""
POST_BY_HAND = (
    "INSERT INTO posts (title, content, author_id, published) VALUES ('a', 'b', (SELECT max(id) FROM users), 1)"
)
UNREAD = "What the default puts into the table your own column must be able to read, as a time. func.now() gives a time that it can."
WALL = "A time without a zone is taken for UTC, so UTC it has to be: no 'localtime' in SQL, and no datetime.now() without UTC."
FROZEN = "A time that is made when the module is imported is one time for all rows. A function is called for each: func.now() by the database, default=utc_now without parentheses by SQLAlchemy."


def schema(probe: Callable, student: Student) -> Database:
    """The file, with the tables of the models in it."""
    probe("tables.tables_of_models", CREATE)
    return student.database


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


def instant(told: Any) -> datetime.datetime:
    """A time in UTC; without a zone it is taken for UTC, and a number for seconds since 1970."""
    try:
        found = datetime.datetime.fromisoformat(str(told))
    except ValueError:
        found = datetime.datetime.fromtimestamp(float(told), datetime.UTC)
    return found.replace(tzinfo=datetime.UTC) if found.tzinfo is None else found.astimezone(datetime.UTC)


def expect_a_time(insert: str, look: str, error: str, first: Any, last: Any) -> None:
    """Fail unless the program has read a time that is about now, and a later one in a later row."""
    did, now = f"{insert}, with the clock of Tokyo; then read it by {look}", datetime.datetime.now(datetime.UTC)
    try:
        off = abs(instant(first) - now)
    except (ValueError, OverflowError, OSError):
        off = datetime.timedelta.max
    near = off < datetime.timedelta(minutes=10)
    why = WALL if off < datetime.timedelta(days=1) else UNREAD
    expect(near, did=did, expected=f"about {now:%H:%M} UTC", got=error or first, why=why, look=look)
    did = f"{insert}, again and again for seconds"
    expect(
        first != last, did=did, expected="each row with its own time", got=f"{first} each time", why=FROZEN, look=look
    )


@check("2.3", points=2, needs="2.1")
def test_the_columns(student: Student, probe: Callable) -> None:
    """the tables users and posts have their columns, and a post refers to its author"""
    database = schema(probe, student)
    for table, names in COLUMNS.items():
        found = [name for (name,) in database.rows("SELECT name FROM pragma_table_info(?)", [table])]
        missing = [name for name in names if name not in found]
        expect(
            not missing, did=CREATE, expected=f"table {table} with {', '.join(names)}", look=CLASS[table],
            got=f"it has no {', '.join(missing)}" if found else f"there is no table {table}",
            why="A column exists when the class has an attribute for it: name: Mapped[str].",
        )  # fmt: skip
    keys = database.rows('SELECT "table", "to" FROM pragma_foreign_key_list(\'posts\') WHERE "from" = \'author_id\'')
    good = any(table == "users" and column in ("id", None) for table, column in keys)
    got = f"it refers to {keys[0][0]}.{keys[0][1]}" if keys else "it refers to nothing"
    expect(
        good,
        did=CREATE,
        expected="posts.author_id refers to users.id",
        got=got,
        look="Post",
        why="ForeignKey names the table and its column.",
    )


@check("2.3", points=2, needs="2.3/the-columns", lesson="defaults-in-the-database-too")
def test_defaults(student: Student, probe: Callable) -> None:
    """the database itself fills in role, is_active, published and message_count"""
    database = schema(probe, student)
    why = "A plain default is SQLAlchemy's: other programs do not know it. server_default stands in the table itself."
    for table, insert, wanted in (
        ("users", USER, {"role": "reader", "is_active": 1, "message_count": 0, "full_name": None}),
        ("posts", POST, {"published": 0}),
    ):
        said = refused(database, insert)
        left_out = LEFT_OUT if said.endswith(("full_name", "tags")) else why
        expect(not said, did=f"sqlite3: {insert}", expected="a row", got=said, why=left_out, look=CLASS[table])
        database.write(insert)
        row = database.rows(f"SELECT {', '.join(wanted)} FROM {table}")
        for (name, value), found in zip(wanted.items(), row[0] if row else [None] * len(wanted), strict=True):
            expect(
                type(found) is type(value) and found == value, did=f"sqlite3: {insert}", expected=f"{name} = {value!r}",
                got=f"{name} = {found!r}", why=why, look=f"{CLASS[table]}.{name}",
            )  # fmt: skip


@check("2.3", points=1, needs="2.3/the-columns", testimony=True, lesson="defaults-in-the-database-too")
def test_times(student: Student, probe: Callable, insert: Callable) -> None:
    """the database itself fills in the times; each row has its own, in UTC"""
    database = schema(probe, student)
    why = 'server_default=func.now() is a function the database calls; the text "now()" is only a text.'
    author: dict[str, int] = {}
    for table, names in (("users", ("created_at",)), ("posts", ("created_at", "updated_at"))):
        row = insert(table, without=names, **author)
        author = author or {"author_id": row}
        for name in names:
            found = database.value(f"SELECT {name} FROM {table} WHERE id = ?", [row])
            good = found is not None and str(found)[:1].isdigit()
            did, got = f"sqlite3: INSERT INTO {table}, without {name}", f"{name} = {found!r}"
            expect(good, did=did, expected=f"{name}: now", got=got, why=why, look=f"{CLASS[table]}.{name}")
    did = "store users and posts without their times, and read them, with the clock of Tokyo (TZ=Asia/Tokyo)"
    told = probe("tables.times", did, by_hand=[HAND, POST_BY_HAND], why=UNREAD, look="User", env={"TZ": "JST-9"})
    for how, table, name, error, first, last in told or ():
        expect_a_time(f"{how} INTO {table}, without {name}", f"{CLASS[table]}.{name}", error, first, last)


@check("2.3", points=1, needs="2.3/the-columns")
def test_refused(student: Student, probe: Callable, insert: Callable) -> None:
    """text is stored as text, a username and an email are unique, and what is required is never missing"""
    database = schema(probe, student)
    numbers = insert("users", full_name="007")
    insert("posts", title="007", content="007", author_id=numbers)
    for table, name in (("users", "full_name"), ("posts", "title"), ("posts", "content")):
        found = database.value(f"SELECT {name} FROM {table}")
        expect(
            found == "007", did=f"sqlite3: INSERT INTO {table}, with '007' for {name}", expected="the text '007'", got=repr(found),
            why="Mapped[str] makes a column of text. In a column of numbers '007' becomes 7.", look=f"{CLASS[table]}.{name}",
        )  # fmt: skip
    insert("users", username="noor")
    author = insert("users", username="mira")
    tries = [
        (table, name, "NULL", "NOT NULL") for table, names in COLUMNS.items() for name in names if name not in NULLABLE
    ]
    tries += [("users", "username", "'noor'", "UNIQUE"), ("users", "email", "'noor@example.com'", "UNIQUE")]
    insert("posts", author_id=author)
    for table, name, value, word in tries:
        said = refused(database, f"UPDATE {table} SET {name} = {value} WHERE id = (SELECT max(id) FROM {table})")
        expect(
            word in said, did=f"sqlite3: UPDATE {table} SET {name} = {value}" + (", which is taken" if word == "UNIQUE" else ""),
            expected=f"refused: {word} constraint", got=said or "it is stored", look=f"{CLASS[table]}.{name}",
            why="Two requests can both find a name free, and a bug can forget a value. Only the database can promise.",
        )  # fmt: skip


@check("2.3", points=1, needs="2.3/the-columns")
def test_ids_are_never_reused(student: Student, probe: Callable, insert: Callable) -> None:
    """the id of a deleted user is not given to the next"""
    database = schema(probe, student)
    old = insert("users")
    database.write("DELETE FROM users")
    new = insert("users")
    expect(
        new > old, did="store a user, delete it, store another", expected=f"an id above {old}", got=f"id {new}", look="User",
        why="SQLite gives a freed id to the next row, unless the table was made with AUTOINCREMENT. An old token would open the new user's account.",
    )  # fmt: skip
