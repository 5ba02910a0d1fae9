"""The student's file is read from outside, and trusted in nothing."""

import contextlib
import sqlite3
import threading
import time
from contextlib import closing

import pytest

from grader import database
from grader.database import Database
from grader.expect import CheckFailed

ENDLESS = "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


def run(path, *statements):
    with closing(sqlite3.connect(path)) as connection:
        for sql in statements:
            connection.execute(sql)
        connection.commit()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "chat 1.db"
    run(path, "CREATE TABLE users (name TEXT)", "INSERT INTO users VALUES ('mira'), ('noor')")
    return Database(path)


def test_rows_and_values_are_read(file):
    assert file.rows("SELECT name FROM users ORDER BY name") == [("mira",), ("noor",)]
    assert file.value("SELECT name FROM users WHERE name = ?", ["noor"]) == "noor"
    assert file.value("SELECT name FROM users WHERE 0") is None
    assert file.tables() == {"users"}


def test_reading_cannot_write(file):
    with pytest.raises(CheckFailed, match="readonly"):
        file.rows("INSERT INTO users VALUES ('x')")


def test_a_journal_that_is_just_going_away_is_waited_for(file):
    journal = file.path.with_name(file.path.name + "-journal")
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(600))
    with pytest.raises(CheckFailed, match="readonly"):
        file.rows("SELECT name FROM users")
    threading.Timer(0.2, journal.unlink).start()
    assert len(file.rows("SELECT name FROM users")) == 2


def test_writing_is_for_those_who_ask(file):
    file.write("INSERT INTO users VALUES (?)", ["ines"])
    assert file.value("SELECT count(*) FROM users") == 3


def test_a_missing_file_fails_the_check_and_is_not_made(tmp_path):
    missing = Database(tmp_path / "chat.db")
    for call in (lambda: missing.rows("SELECT 1"), lambda: missing.write("CREATE TABLE x (y)")):
        with pytest.raises(CheckFailed, match="there is none"):
            call()
    assert list(tmp_path.iterdir()) == []
    assert missing.raw() == b""


@pytest.mark.parametrize("content", [b"this is not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_fails_the_check(tmp_path, content):
    (tmp_path / "chat.db").write_bytes(content)
    with pytest.raises(CheckFailed, match="sqlite3 says"):
        Database(tmp_path / "chat.db").rows("SELECT * FROM users")


def test_names_that_are_no_text_fail_the_check(tmp_path):
    path = tmp_path / "chat.db"
    run(path, "CREATE TABLE users (name TEXT)", "INSERT INTO users VALUES ('mira')")
    path.write_bytes(path.read_bytes().replace(b"(name TEXT)", b"(\x94ame TEXT)"))
    with pytest.raises(CheckFailed, match="sqlite3 says"):
        Database(path).rows("SELECT * FROM users")


def test_rows_of_any_size_are_not_read(file):
    run(file.path, "CREATE VIEW large AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT zeroblob(1000000) FROM n")  # fmt: skip
    with pytest.raises(CheckFailed, match="more than 32 MB"):
        file.rows("SELECT * FROM large")
    with pytest.raises(CheckFailed, match="too big"):
        file.value("SELECT zeroblob(100000000)")


def test_a_view_that_never_ends_does_not_hang_us(file, monkeypatch):
    run(file.path, ENDLESS)
    monkeypatch.setattr(database, "LONGEST_QUERY", 0.3)
    began = time.monotonic()
    with pytest.raises(CheckFailed, match="interrupted"):
        file.value("SELECT count(*) FROM endless")
    assert time.monotonic() - began < 5


def test_rows_without_end_are_cut(file, monkeypatch):
    run(file.path, ENDLESS)
    monkeypatch.setattr(database, "MOST_ROWS", 10)
    assert len(file.rows("SELECT * FROM endless")) == 10


def test_a_schema_of_a_strangers_is_not_trusted(file):
    with file.open() as connection:
        assert connection.execute("PRAGMA trusted_schema").fetchone()[0] == 0


def test_a_schema_that_uses_json_or_searches_is_read_and_written(file):
    run(
        file.path, "CREATE TABLE posts (tags TEXT CHECK (json_valid(tags)))", "CREATE VIRTUAL TABLE found USING fts5 (tags)",
        "CREATE TRIGGER found_it AFTER INSERT ON posts BEGIN INSERT INTO found VALUES (NEW.tags); END",
    )  # fmt: skip
    file.write("INSERT INTO posts VALUES ('[1]')")
    assert file.value("SELECT tags FROM posts") == "[1]"


def test_the_number_of_rows_is_expected_in_words(file):
    file.expect_rows(2, "users")
    file.expect_rows(1, "users", "name = ?", ["mira"])
    with pytest.raises(CheckFailed) as caught:
        file.expect_rows(1, "users", why="because", look="create_user")
    assert (caught.value.did, caught.value.expected) == ("look into table users", "table users: 1 row")
    assert (caught.value.got, caught.value.why, caught.value.look) == ("table users: 2 rows", "because", "create_user")


def test_while_it_is_locked_nobody_else_writes(file):
    with file.locked(), closing(sqlite3.connect(file.path, timeout=0)) as other:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO users VALUES ('x')")
        assert other.execute("SELECT count(*) FROM users").fetchone() == (2,)
    file.write("INSERT INTO users VALUES ('after')")


def test_the_lock_is_given_back_and_nothing_is_written_when_the_check_fails(file):
    with contextlib.suppress(ZeroDivisionError), file.locked() as connection:
        connection.execute("INSERT INTO users VALUES ('x')")
        raise ZeroDivisionError
    assert file.value("SELECT count(*) FROM users") == 2


def test_we_wait_for_the_students_lock(file):
    locked, done = threading.Event(), threading.Event()

    def hold():
        with closing(sqlite3.connect(file.path)) as theirs:
            theirs.execute("BEGIN EXCLUSIVE")
            locked.set()
            done.wait(0.3)
            theirs.rollback()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait(5)
    assert file.value("SELECT count(*) FROM users") == 2
    done.set()
    thread.join()


def test_a_copy_holds_what_was_written_ahead_and_can_be_changed(file):
    with closing(sqlite3.connect(file.path)) as theirs:
        theirs.execute("PRAGMA journal_mode=WAL")
        theirs.execute("INSERT INTO users VALUES ('in the log')")
        theirs.commit()
        assert b"in the log" in file.raw()
        with file.copy() as copy:
            assert copy.value("SELECT count(*) FROM users") == 3
            copy.write("DELETE FROM users")
    assert file.value("SELECT count(*) FROM users") == 3


def test_links_are_not_followed(file, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    file.path.with_name(file.path.name + "-wal").symlink_to(tmp_path / "secret")
    assert b"secret" not in file.raw()
    with file.copy() as copy:
        assert [path.name for path in copy.path.parent.iterdir()] == [file.path.name]


def test_a_journal_that_comes_and_goes_is_no_odd_file(file):
    journal, over = file.path.with_name(file.path.name + "-journal"), threading.Event()

    def writes():
        while not over.is_set():
            journal.touch()
            journal.unlink(missing_ok=True)

    writer = threading.Thread(target=writes)
    writer.start()
    try:
        for _ in range(20_000):
            assert not database._is_odd(journal)
    finally:
        over.set()
        writer.join()
