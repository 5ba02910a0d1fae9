"""The SQLite file a student's program leaves behind, read from outside."""

import contextlib
import shutil
import sqlite3
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.expect import CheckFailed, expect

if TYPE_CHECKING:
    from grader.box.lives import Life

BUSY = 10.0  # seconds we wait for a lock of the student's
JOURNAL = 2.0  # seconds for a journal that looks as if nobody was there to end its transaction
LONGEST_QUERY = 10.0  # seconds; a view of the student's could be endless
MOST_ROWS = 100_000
MOST_BYTES = 32 * 1024 * 1024  # of one answer
UNSAFE_JSON = "unsafe use of json"
LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 4 * 1024 * 1024,  # bytes of a value, or of a row
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}


def _careful(connection: sqlite3.Connection, *, write: bool) -> sqlite3.Connection:
    """Take a schema we did not write for what it is: data from a stranger.

    What writes runs the program's own triggers, as the program does. What reads trusts none of its schema, unless that
    uses JSON, which SQLite takes for dangerous there: see docs/decisions/0009.
    """
    end = time.monotonic() + LONGEST_QUERY
    connection.execute(f"PRAGMA trusted_schema={int(write)}")
    connection.set_progress_handler(lambda: int(time.monotonic() > end), 50_000)
    connection.row_factory = sqlite3.Row
    for limit, most in LIMITS.items():
        connection.setlimit(limit, most)
    if not write:
        try:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.DatabaseError as problem:  # anything else is told by the first statement that matters
            if UNSAFE_JSON in str(problem):
                connection.execute("PRAGMA trusted_schema=ON")
    return connection


def _bounded(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The rows, as long as they are not too much together: a view could make gigabytes of nothing.

    Raises:
        sqlite3.DataError: they are.
    """
    size = 0
    for row in rows:
        size += sum(len(value) for value in row if isinstance(value, str | bytes))
        if size > MOST_BYTES:
            raise sqlite3.DataError(f"the answer has more than {MOST_BYTES // 2**20} MB")
        yield row


def _is_passing(problem: BaseException | None) -> bool:
    """Whether a reader met the journal of a transaction that just ended, and took it for one to roll back."""
    return getattr(problem, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_ROLLBACK


def _is_odd(path: Path) -> bool:
    """Whether it is there and no regular file, or its folder is a link: SQLite would follow a link, and wait for a pipe."""
    try:
        mode = path.lstat().st_mode  # one look: a journal comes and goes while we ask
    except OSError:
        mode = stat.S_IFREG
    return path.parent.is_symlink() or not stat.S_ISREG(mode)


class Database:
    """The file, as another program sees it."""

    def __init__(self, path: Path, life: "Life | None" = None) -> None:
        """`path` need not exist yet; `life` is who writes it, for its testimony when a check fails."""
        self.path = path
        self.life = life

    @contextlib.contextmanager
    def open(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection of our own, read-only unless asked; committed at the end.

        Raises:
            CheckFailed: there is no such file, it is no database, or the statement fails.
        """
        did = f"open {self.path.name} with sqlite3"
        if odd := next(filter(_is_odd, self.files()), None):
            raise CheckFailed(did, "the database file of your program", f"{odd.name} is no file", life=self.life)
        try:
            mode = "rw" if write else "ro"
            connection = sqlite3.connect(f"{self.path.as_uri()}?mode={mode}", uri=True, timeout=BUSY)
        except sqlite3.Error as problem:
            raise CheckFailed(
                did, "the database file of your program", f"{problem}: there is none", life=self.life
            ) from problem
        try:
            yield _careful(connection, write=write)
            connection.commit()
        except sqlite3.ProgrammingError:  # our statement and what we bind to it do not fit, whatever the file holds
            raise
        except (sqlite3.Error, UnicodeError) as problem:  # the name of a column may be no text at all
            raise CheckFailed(
                did, "tables as the chapter describes them", f"sqlite3 says: {problem}", life=self.life
            ) from problem
        finally:
            connection.close()

    def files(self) -> list[Path]:
        """The database, its journal, its write-ahead log: where they are, or would be."""
        return [self.path.with_name(self.path.name + suffix) for suffix in ("", "-journal", "-wal")]

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What a SELECT finds, read-only."""
        end = time.monotonic() + JOURNAL
        while True:
            try:
                with self.open() as connection:
                    return list(_bounded(tuple(row) for row in islice(connection.execute(sql, parameters), MOST_ROWS)))
            except CheckFailed as failure:
                if not _is_passing(failure.__cause__) or time.monotonic() > end:
                    raise
            time.sleep(0.01)

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        rows = self.rows(sql, parameters)
        return rows[0][0] if rows else None

    def write(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement and commit: a trigger, a copied row."""
        with self.open(write=True) as connection:
            connection.execute(sql, parameters)

    def tables(self) -> set[str]:
        """The names of the tables."""
        return {name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def expect_rows(
        self, number: int, table: str, where: str = "1", parameters: Sequence[Any] = (), **said: str
    ) -> None:
        """Fail the check unless the table holds that many such rows; `said` are keywords of CheckFailed."""
        sql = f"SELECT count(*) FROM {table} WHERE {where}"  # noqa: S608 -- the suite's own text
        said.setdefault("did", f"look into table {table}" + (f" WHERE {where}" if where != "1" else ""))
        said["expected"] = f"table {table}: {number} row{'s' * (number != 1)}"
        try:
            found = self.value(sql, parameters)
        except CheckFailed as failure:  # no such file, or table
            raise CheckFailed(got=failure.got, life=self.life, **said) from failure
        expect(found == number, got=f"table {table}: {found} row{'s' * (found != 1)}", life=self.life, **said)

    @contextlib.contextmanager
    def locked(self, how: str = "IMMEDIATE") -> Iterator[sqlite3.Connection]:
        """Hold the write lock, as another program might: BEGIN IMMEDIATE ... ROLLBACK. EXCLUSIVE keeps readers out, too."""
        with self.open(write=True) as connection:
            connection.isolation_level = None
            connection.execute(f"BEGIN {how}")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def copy(self) -> Iterator["Database"]:
        """A copy to play with, once the program is dead: the file, its journal and its write-ahead log."""
        with tempfile.TemporaryDirectory(prefix="wb-") as folder:
            for source in self.files():
                if source.is_file() and not _is_odd(source):
                    shutil.copyfile(source, Path(folder, source.name))
            yield Database(Path(folder, self.path.name))

    def raw(self) -> bytes:
        """All bytes on disk, once the program is dead: while it lives, closing the file would drop our locks."""
        return b"".join(name.read_bytes() for name in self.files() if name.is_file() and not _is_odd(name))
