"""The file a program leaves behind: it is read within bounds, or a check fails; nothing else is raised."""

import contextlib
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

from grader import database
from grader.database import Database
from grader.expect import CheckFailed
from grader.fuzz.hostile import text
from grader.fuzz.target import Target, mutated, seeded

LONGEST = 0.1  # seconds for a query, in place of the 10 of an honest run
SLACK = 8.0  # seconds more, on a busy machine, for all that is done with one file
MOST_BYTES = database.MOST_BYTES
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
SCHEMAS = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT UNIQUE)",
    "CREATE TABLE users (id, name, g AS (zeroblob(100000000)))",
    f"CREATE VIEW users AS {ENDLESS} SELECT i AS id, 'x' AS name FROM n",
    f"CREATE VIEW users AS {ENDLESS} SELECT i AS id, zeroblob(1000000) AS name FROM n LIMIT 60",
    "CREATE VIEW users AS SELECT 1 AS id, zeroblob(900000000) AS name",
    "CREATE VIEW users AS SELECT 1 AS id, load_extension('/tmp/x') AS name",
    "CREATE VIEW users AS SELECT id, CAST(x'ff' AS TEXT) AS name FROM other",
    "CREATE VIEW users AS SELECT * FROM users",
    "CREATE TABLE other (id INTEGER PRIMARY KEY, name TEXT CHECK (length(name) < 5))",
    "CREATE TRIGGER t1 AFTER INSERT ON other BEGIN INSERT INTO other(name) SELECT name FROM other; END",
    "CREATE TRIGGER t2 AFTER INSERT ON users BEGIN DELETE FROM users; END",
    "CREATE INDEX i1 ON other(name COLLATE NOCASE)",
    "CREATE VIRTUAL TABLE v USING fts5(name)",
    "CREATE TABLE wide (" + ",".join(f"c{number}" for number in range(900)) + ")",
    "PRAGMA user_version=-1", "PRAGMA journal_mode=WAL", "PRAGMA application_id=7",
)  # fmt: skip


def file(random: Random) -> tuple[bytes, bytes]:
    """A database with a schema of a stranger's, damaged half of the time, and what lies beside it."""
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        path = Path(folder, "chat.db")
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for sql in random.sample(SCHEMAS, random.randrange(7)):
                with contextlib.suppress(sqlite3.Error):
                    connection.execute(sql)
            for number in range(random.choice((0, 3, 3, 300)) if random.random() < 0.1 else 0):
                connection.execute(f"CREATE TABLE t{number} (a)")
            with contextlib.suppress(sqlite3.Error, UnicodeError):
                connection.execute("INSERT INTO users (name) VALUES (?)", [text(random)])
        wal = random.randbytes(100) if random.random() < 0.1 else b""
        return mutated(random, path.read_bytes()), wal


def file_holds(case: tuple[bytes, bytes]) -> None:
    """What a suite does with a database, done with this one."""
    with tempfile.TemporaryDirectory(prefix="wb-") as folder, mock.patch.object(database, "LONGEST_QUERY", LONGEST):
        path = Path(folder, "chat.db")
        path.write_bytes(case[0])
        if case[1]:
            Path(folder, "chat.db-wal").write_bytes(case[1])
        there = Database(path)
        uses = (
            there.tables, lambda: there.rows("SELECT * FROM users"), lambda: there.value("SELECT count(*) FROM users"),
            lambda: there.expect_rows(1, "users"), lambda: there.write("INSERT INTO users (name) VALUES ('mira')"),
            lambda: there.value("PRAGMA integrity_check"),
        )  # fmt: skip
        began = time.monotonic()
        for use in uses:
            with contextlib.suppress(CheckFailed):
                assert_bounded(use())
        with there.copy() as copy, contextlib.suppress(CheckFailed):
            assert_bounded(copy.rows("SELECT * FROM users"))
        assert time.monotonic() - began < SLACK + LONGEST * (len(uses) + 1)


def assert_bounded(found: Any) -> None:
    """Not more than we said we would read."""
    if isinstance(found, list):
        assert sum(len(cell) for row in found for cell in row if isinstance(cell, str | bytes)) <= MOST_BYTES


TARGETS = (
    Target("database", seeded(file), file_holds, lambda: mock.patch.object(database, "MOST_BYTES", 10**12), "rows of any size are read"),
)  # fmt: skip
