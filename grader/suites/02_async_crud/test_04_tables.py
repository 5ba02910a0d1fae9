"""the tables"""

from collections.abc import Callable

from grader.check import check
from grader.database import Database
from grader.expect import expect
from grader.student import Student

DID = "async with DatabaseManager() as db: await db.create_tables()"
IMPORTED = "create_all creates the tables that Base knows, and Base knows a class once its module has been imported."
OWN = "The tables belong into the file of this manager: use the engine that connect() made from its URL, no other."
MISSING = "That one table is there says nothing about the others: each that is missing has to be made. create_all looks for every one by itself."
KEPT = "Only what is missing may be created: drop_all, or a table made anew, takes the data with it."


def expect_tables(student: Student, did: str, why: str = IMPORTED) -> None:
    """Fail unless the file holds the three tables."""
    found = student.database.tables()
    got = f"the tables {', '.join(sorted(found))}" if found else "no table at all"
    wanted = {"users", "posts", "messages"}
    expect(
        wanted <= found, did=did, expected="the tables users, posts and messages", got=got, look="DatabaseManager.create_tables",
        why=why, life=student.lives[-1],
    )  # fmt: skip


@check("2.4", points=2, needs="2.3", lesson="synchronous-helpers")
def test_from_a_script(student: Student, probe: Callable) -> None:
    """create_tables can be awaited, and makes the three tables without a server"""
    why = "create_all is not a coroutine. An asynchronous connection runs such a function with run_sync."
    probe("tables.create_tables", DID, times=1, why=why, look="DatabaseManager.create_tables")
    expect_tables(student, DID)


@check("2.4", points=1, needs="2.4/from-a-script")
def test_twice_without_harm(student: Student, probe: Callable, insert: Callable) -> None:
    """a second call makes what is missing, the data stay, and each manager has its own file"""
    did = "create_tables(), store a user, take the tables posts and messages away, then create_tables() again, twice"
    probe("tables.create_tables", DID, times=1)
    insert("users")
    for table in ("posts", "messages"):
        student.database.write(f"DROP TABLE {table}")
    probe("tables.create_tables", did, times=2, why=KEPT, look="DatabaseManager.create_tables")
    student.database.expect_rows(1, "users", did=did, look="DatabaseManager.create_tables", why=KEPT)
    expect_tables(student, did, MISSING)
    did, other = (
        "async with DatabaseManager(url) as db: await db.create_tables(), where url names another file",
        student.folder.database.with_name("other.db"),
    )
    url, look = f"sqlite+aiosqlite:///{other}", "DatabaseManager.create_tables"
    probe("tables.create_tables", did, times=1, url=url, why=OWN, look=look)
    found = Database(other, student.lives[-1]).tables() if other.is_file() else set()
    got = f"the tables {', '.join(sorted(found))}" if found else "no table in it"
    expect(
        "users" in found,
        did=did,
        expected="the tables in that file",
        got=got,
        why=OWN,
        look=look,
        life=student.lives[-1],
    )


@check("2.4", points=1, needs="2.4/from-a-script")
def test_at_start_up(student: Student) -> None:
    """the server makes the tables when it starts"""
    student.start().get("/docs").expect(200)
    expect_tables(student, "uvicorn app.main:app, then GET /docs")
