"""the session factory and get_db"""

import sqlite3

from grader.check import check
from grader.expect import CheckFailed, expect
from grader.student import Student

CLOSE = "A session that stays open keeps its connection and its lock: each request needs one of its own, closed behind the yield, when it is over."
ERROR = "An error leaves get_db at the yield. Only a `with` or a `finally` still closes the session then."
UNDONE = "What is not committed is undone when the session is closed. So nothing may commit behind an error, and no connection may commit each statement by itself, as AUTOCOMMIT does."
OWN = "Two requests that run at the same time share a session, or its connection, so the commit of one also writes what the other has not finished. Each request needs a session of its own, and each session a connection of its own."
YIELD = "get_db is a dependency that yields: FastAPI takes what it yields, and goes on behind the yield when the request is over."


@check("1.3", points=1, needs="1.1", lesson="one-session-for-each-piece-of-work")
def test_a_session_from_the_factory(student: Student) -> None:
    """SessionLocal() gives a session on our engine"""
    value = student.name()
    did = f"with SessionLocal() as db: INSERT INTO notes VALUES ('{value}'); db.commit()"
    try:
        student.probe("01_orm_setup.session_row", did, table="notes", value=value)
    except CheckFailed as failure:
        failure.look = "make_session_factory.sessionmaker"
        raise
    why = "A session needs the engine: sessionmaker(engine). commit() is what writes."
    student.database.expect_rows(
        1, "notes", "value = ?", [value], did=did, look="make_session_factory.sessionmaker", why=why
    )


@check("1.3", points=2, needs="1.3/a-session-from-the-factory", lesson="one-session-for-each-piece-of-work")
def test_get_db_yields_a_session(student: Student) -> None:
    """get_db yields a session that works"""
    value = student.name()
    did = f"db = next(get_db()); INSERT INTO notes VALUES ('{value}'); db.commit()"
    try:
        student.probe("01_orm_setup.get_db_row", did, table="notes", value=value)
    except CheckFailed as failure:
        failure.look, failure.why = "get_db.SessionLocal", YIELD
        raise
    why = "The session is one of SessionLocal's, which knows the engine. commit() is what writes."
    student.database.expect_rows(1, "notes", "value = ?", [value], did=did, look="get_db.Session", why=why)


def lock_is_free(student: Student, how: str, did: str, why: str) -> object:
    """Fail unless another program can write, after a request left a write unfinished; what the probe saw."""
    with student.probing("01_orm_setup.abandoned_session", did, how=how) as probe:
        seen = probe.next()
        try:
            with sqlite3.connect(f"{student.database.path.as_uri()}?mode=rw", uri=True, timeout=1) as other:
                other.execute("BEGIN IMMEDIATE")
                other.execute("ROLLBACK")
        except sqlite3.OperationalError as problem:
            got = f"{problem}: the session still holds its lock"
            raise CheckFailed(did, "another program can write at once", got, why=why, look="get_db.yield") from problem
        finally:
            probe.go_on()
    return seen


@check("1.3", points=2, needs="1.3/get-db-yields-a-session", lesson="one-session-for-each-piece-of-work")
def test_closed_after_the_request(student: Student) -> None:
    """each request has a session of its own, which is closed when the request is over"""
    lock_is_free(student, "end", "end a request whose session has written but not committed", CLOSE)
    did = "one request has written and not committed; another, which runs meanwhile, reads and commits"
    with student.probing("01_orm_setup.side_by_side", did) as probe:
        probe.next()
        undone = student.database.value("SELECT count(*) FROM drafts") == 0  # if not, nothing can be told from the rest
        probe.go_on()
        probe.next()
        if undone:
            student.database.expect_rows(0, "drafts", did=did, look="get_db", why=OWN)
        probe.go_on()


@check("1.3", points=2, needs="1.3/get-db-yields-a-session", lesson="one-session-for-each-piece-of-work")
def test_closed_after_an_error(student: Student) -> None:
    """the session is closed when the request fails"""
    did = "raise an error in a route whose session has written but not committed"
    seen = lock_is_free(student, "error", did, ERROR)
    expect(
        seen == "the error came out", did=did, expected="the error goes on to whoever should hear of it", got="get_db kept it to itself",
        why="FastAPI must hear of the error, or it cannot answer: after your rollback, `raise` it again.", look="get_db.except",
    )  # fmt: skip
    student.database.expect_rows(0, "notes", did=did, look="make_engine.create_engine", why=UNDONE)
