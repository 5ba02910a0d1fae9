"""sessions"""

from collections.abc import Callable
from contextlib import suppress

from grader.check import check
from grader.database import Database
from grader.expect import CheckFailed, expect
from grader.student import Student

EXPIRED = (
    "A commit makes SQLAlchemy forget what it has read. To read it again takes an await, and an attribute has none."
)
AGAIN = "A commit ends a transaction, not the session: what is written next is in the file after the next commit."
OVER = "After close() there is no engine any more: forget it. An engine that is disposed of, and kept, opens the file again."
OWN = "A session works on the engine of its own manager. What is kept for all managers works on that of the first."
LATE = "The commit itself may fail. An error that is kept there makes an answer say that something is stored, and it is not."
COMMIT = "Nothing is in the file before commit(). Whoever owns the session commits: here that is get_session."


def stored(database: Database, value: str) -> bool:
    """Whether the value stands in the file: as a note, or as a user where sessions are not SQLAlchemy's."""
    tables = database.tables()
    places = [place for place in (("notes", "value"), ("users", "username")) if place[0] in tables]
    return any(database.value(f"SELECT count(*) FROM {table} WHERE {name} = ?", [value]) for table, name in places)


@check("2.2", points=2, needs="2.1", lesson="async-engine-and-session")
def test_commit_writes(student: Student, probe: Callable) -> None:
    """what a session has written is in the file after commit, and is gone after rollback"""
    value, undone = student.name(), student.name()
    did = f"async with db.session() as session: write '{value}'; await session.commit()"
    probe(
        "sessions.committed",
        did,
        value=value,
        undone=undone,
        look="DatabaseManager.session",
    )
    expect(
        stored(student.database, value),
        did=did,
        expected="it is in the file",
        got="it is not",
        why="The session works on the manager's own engine, and commit() is what writes.",
        look="DatabaseManager.session",
        life=student.lives[-1],
    )
    did = f"async with db.session() as session: write '{undone}'; await session.rollback()"
    why = "rollback() undoes all since the last commit: nothing may be committed behind the back of whoever owns the session."
    expect(
        not stored(student.database, undone),
        did=did,
        expected="it is not in the file",
        got="it is",
        look="DatabaseManager.session",
        why=why,
    )


@check("2.2", points=2, needs="2.2/commit-writes", lesson="objects-after-a-commit")
def test_readable_after_commit(student: Student, probe: Callable) -> None:
    """objects stay readable after commit, and when the session is closed"""
    value, again = student.name(), student.name()
    did = f"store '{value}'; await session.commit(); then read it from the object, and store what was read"
    probe("sessions.read_after_commit", did, value=value, again=again, why=EXPIRED, look="DatabaseManager.session")
    for copy in (f"{value}-{again}", f"{value}-{again}-{again}"):
        expect(
            stored(student.database, copy),
            did=did,
            expected=f"'{copy}' is in the file",
            got="it is not",
            why=AGAIN,
            look="DatabaseManager.session",
        )


@check("2.2", points=1, needs="2.2/commit-writes", lesson="one-session-per-task")
def test_apart(student: Student, probe: Callable) -> None:
    """a rollback in one session does not touch what another has written; a session has its manager's file, until close"""
    value, late, other = student.name(), student.name(), student.folder.database.with_name("other.db")
    did = f"write '{value}' in one session; read and roll back in another; commit the first"
    why = "One session is one piece of work, on a connection of its own. Shared by two, each can undo, or commit, half of what the other does."
    probe("sessions.apart", did, value=value, late=late, other=str(other), why=why, look="DatabaseManager.session")
    expect(
        stored(student.database, value),
        did=did,
        expected="it is in the file",
        got="it is not",
        why=why,
        look="DatabaseManager.session",
    )
    life, look = student.lives[-1], "DatabaseManager.session"
    expect(
        stored(Database(other, life), value), did=f"write '{value}' in a session of another manager, for other.db; commit", life=life,
        expected="it is in other.db", got="it is not", look=look, why=OWN,
    )  # fmt: skip
    expect(
        not stored(student.database, late), did=f"await db.close(); then write '{late}' in a session of db, and commit", life=life, why=OVER,
        expected="an error, and nothing in the file", got="it is in the file", look="DatabaseManager.def close",
    )  # fmt: skip


@check("2.2", points=1, needs="2.2/commit-writes", lesson="one-session-per-request")
def test_a_request_commits(student: Student, probe: Callable) -> None:
    """get_session commits when the request went well"""
    value = student.name()
    did = f"in a route whose session comes from get_session: write '{value}', and return"
    probe("sessions.requested", did, value=value, by_crud=False, look="get_session")
    life = student.lives[-1]
    if not stored(student.database, value):
        with suppress(CheckFailed):  # functions that commit for themselves are as good
            probe("sessions.requested", did, value=value, by_crud=True)
    expect(
        stored(student.database, value),
        did=did,
        expected="it is in the file",
        got="it is not",
        why=COMMIT,
        look="get_session",
        life=life,
    )


@check("2.2", points=2, needs="2.2/a-request-commits", lesson="one-session-per-request")
def test_a_failing_request(student: Student, unlocked: Callable, refuse_commits: Callable) -> None:
    """when the request fails its session is rolled back, holds no lock, and the error goes on"""
    value = student.name()
    did = f"in a route whose session comes from get_session: write '{value}', then raise an error"
    why = "What failed half way must not stay, and a session that stays open keeps its lock: roll back and close whatever happens."
    with student.probing("02_async_crud_sessions.request_failed", did, value=value) as probe:
        for raised in (did, f"{did} that is an answer: HTTPException(409)"):
            probe.did = raised
            ours, heard = probe.next()
            unlocked(raised, why=why, look="get_session")
            left = bool(ours) and stored(student.database, value)
            expect(
                not left,
                did=raised,
                expected="it is not in the file",
                got="it is",
                why=why,
                look="get_session",
                life=probe.life,
            )
            expect(
                bool(heard),
                did=raised,
                expected="the error goes on to whoever should hear of it",
                got="get_session kept it to itself",
                why="FastAPI must hear of the error, or it cannot answer: after your rollback, `raise` it again.",
                look="get_session.except",
                life=probe.life,
            )
            probe.go_on()
        did = "in a route whose session comes from get_session: write something that the database refuses at commit (a deferred foreign key)"
        probe.did = did
        probe.next()
        refuse_commits("notes")
        probe.go_on()
        ours, heard = probe.next()
        committed = stored(student.database, f"{value}-kept")  # functions that commit for themselves are as good
        expect(
            heard or not ours or not committed or stored(student.database, value), did=did, expected="the error goes on to whoever should hear of it",
            got="get_session kept it to itself", why=LATE, look="get_session", life=probe.life,
        )  # fmt: skip
