"""connecting and closing"""

from collections.abc import Callable

from grader.check import check
from grader.expect import expect
from grader.student import Student

CONNECT = "DatabaseManager.def connect"  # the word alone stands in other lines of the class too
AWAITED = "connect() and close() are coroutines: async def. An engine opens no file until something is read through it."
KEYS = "SQLite ignores foreign keys unless asked: PRAGMA foreign_keys=ON, on every new connection, before a transaction; inside one it does nothing."
OPEN = (
    "Each connection of aiosqlite has a thread of its own. Both stay until somebody closes them: dispose of the engine."
)

AGAIN = "An engine that has not opened its file is no connection: keep it only when the reading went well."


@check("2.1", points=2, lesson="async-engine-and-session")
def test_opens_the_file(student: Student, probe: Callable) -> None:
    """connect and close can be awaited, and open the database they are given; closing twice is fine"""
    other = student.folder.database.with_name("other.db")
    did = "await DatabaseManager().connect(), then close(), twice; the same with the URL of other.db"
    probe("connecting.opened", did, url=f"sqlite+aiosqlite:///{other}", why=AWAITED, look=CONNECT)
    for path in (student.folder.database, other):
        got = f"there is no {path.name}"
        expect(path.is_file(), did=did, expected=f"the file {path.name}", got=got, why=AWAITED, look=CONNECT)


@check("2.1", points=1, needs="2.1/opens-the-file", lesson="foreign-keys-again")
def test_an_orphan_is_refused(student: Student, probe: Callable) -> None:
    """a row that refers to nothing is refused"""
    did = "INSERT INTO children (parent) VALUES (99), where table parents has no row 99"
    probe("connecting.orphans", did, connections=1, look="enforce_foreign_keys")
    student.database.expect_rows(0, "children", "parent = 99", did=did, why=KEYS, look="enforce_foreign_keys")


@check("2.1", points=1, needs="2.1/an-orphan-is-refused", lesson="foreign-keys-again")
def test_on_every_connection(student: Student, probe: Callable) -> None:
    """a row that refers to nothing is refused on every connection, not only on the first"""
    did = "INSERT INTO children (parent) VALUES (99), where table parents has no row 99; on four connections at once"
    probe("connecting.orphans", did, connections=4, look="enforce_foreign_keys")
    student.database.expect_rows(0, "children", "parent = 99", did=did, why=KEYS, look="enforce_foreign_keys")


@check("2.1", points=2, needs="2.1/opens-the-file", testimony=True, lesson="closing-everything")
def test_nothing_is_left_open(student: Student) -> None:
    """after close nothing of it is open, no thread works on, and the program ends by itself"""
    did = "connect, close; async with DatabaseManager(), once with an error inside; then look what is still open"
    with student.probing("02_async_crud_connecting.left_open", did) as probe:
        left = sorted({str(each) for each in probe.next()})
        got = ", ".join(left)
        expect(not left, did=did, expected="nothing", got=got, why=OPEN, look="DatabaseManager.close", life=probe.life)
        probe.did = "let a script that has called close() come to its end"
        probe.finish()


@check("2.1", points=1, needs="2.1/opens-the-file", testimony=True, lesson="closing-everything")
def test_what_cannot_be_opened(student: Student) -> None:
    """a folder that is none and a file that is no database are errors, and leave nothing open"""
    file = student.folder.database.with_name("letter.txt")
    file.write_text("Dear reader, this is a letter and no database.\n" * 100, "utf-8")
    did = "await DatabaseManager(...).connect() to what cannot be opened"
    with student.probing("02_async_crud_connecting.unopenable", did, folder=str(file), file=str(file)) as probe:
        no_folder, no_database, left = probe.next()
    why = "Say it when you connect, not at some later query: read something. An error goes out; nobody asks whether connect() gave None."
    for what, said in (
        ("a database in a folder that is none", no_folder),
        ("a file that is a letter", no_database),
    ):
        expect(
            said == 2, did=f"{did.replace('what cannot be opened', what)}, and once more", expected="an error each time", why=why if not said else AGAIN,
            got="no error" if not said else "an error the first time, and then none", look=CONNECT, life=probe.life,
        )  # fmt: skip
    did, got = (
        f"{did}, then look what is still open",
        ", ".join(sorted({str(each) for each in left})),
    )
    why = f"When connect() raises, nobody will call close(). {OPEN}"
    expect(not left, did=did, expected="nothing", got=got, why=why, look=CONNECT, life=probe.life)
