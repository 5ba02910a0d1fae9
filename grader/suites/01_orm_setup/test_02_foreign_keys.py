"""foreign keys, enforced"""

from grader.check import check
from grader.expect import CheckFailed
from grader.student import Student

WHY = "SQLite ignores foreign keys unless a connection asks for them: PRAGMA foreign_keys=ON, in a function that the engine calls on connect."
EACH = "PRAGMA foreign_keys=ON counts for one connection, and the engine opens new ones when it needs them: listen to its event connect."


@check("1.2", points=3, needs="1.1", lesson="foreign-keys-are-asked-for")
def test_an_orphan_is_refused(student: Student) -> None:
    """a row that refers to nothing is refused"""
    did = "INSERT INTO children (parent) VALUES (99), where table parents has no row 99"
    student.probe("01_orm_setup.orphans", did, connections=1)
    student.database.expect_rows(0, "children", "parent = 99", did=did, why=WHY, look="enforce_foreign_keys.PRAGMA")


@check("1.2", points=2, needs="1.2/an-orphan-is-refused", lesson="foreign-keys-are-asked-for")
def test_on_every_connection(student: Student) -> None:
    """a row that refers to nothing is refused on every connection, not only on the first"""
    did = "INSERT INTO children (parent) VALUES (99), where table parents has no row 99; on four connections at once"
    try:
        student.probe("01_orm_setup.orphans", did, connections=4)
    except CheckFailed as failure:
        failure.look = "enforce_foreign_keys"
        raise
    student.database.expect_rows(0, "children", "parent = 99", did=did, why=EACH, look="enforce_foreign_keys.PRAGMA")
