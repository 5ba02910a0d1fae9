"""SQL by hand and safe transactions"""

from collections.abc import Callable
from typing import Any

from grader.check import check
from grader.expect import expect
from grader.student import Student

TABLE = "CREATE TABLE notes (id INTEGER PRIMARY KEY, value TEXT, number INTEGER)"
INSERT = "INSERT INTO notes (value, number) VALUES (:value, :number)"
REFUSE = "CREATE TRIGGER refuse BEFORE INSERT ON notes WHEN NEW.value = 'boom' BEGIN SELECT RAISE(ABORT, 'refused by a trigger'); END"
FAMILY = (
    "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
    "CREATE TABLE children (parent INTEGER NOT NULL REFERENCES parents (id))",
    "CREATE TABLE wards (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)",
)
ORPHAN = "INSERT INTO children VALUES (99)"
SAME = "The list belongs to the caller, who may use it again: read it, and leave it as it was."
NEWS = (
    "A refusal is news for the caller: False. A wrong statement is a bug, and a False would hide it: let the error out."
)
LATE = "A foreign key may be checked at commit only. That commit belongs into the same try: what it refuses is a refusal, too."
KEYS = "Every connection checks foreign keys, and this one does not: use the engine of connect(), no connection of your own."
FAILING = ("SELECT value FROM nowhere", ORPHAN)
OUT = "A list says that it was done. What the database could not do, or refused, is an error: let it out."
EXECUTE = "DatabaseManager.def execute"  # the word alone stands in other lines of the class too
COMMIT = "execute is a whole piece of work: it opens a connection, runs the statement, commits and closes. engine.begin() commits at its end, engine.connect() rolls back."
RETURNING = "A statement that gives rows may have written, too: first the rows, then the commit, and only then return."
APART = "A parameter travels beside the SQL and is never read as SQL. Inside the text, in an f-string, it is."
FIRST = "The first operation alone is in the file. A return inside the loop ends it: what comes after all operations stands behind the loop."
ALL = "One transaction is all or nothing: one commit when everything went well, and rollback() whatever else happens."


def insert(value: str) -> dict[str, Any]:
    """One operation."""
    return {"sql": INSERT, "params": {"value": value, "number": 1}}


@check("2.10", points=1, needs="2.1", lesson="values-travel-beside-the-sql")
def test_execute_commits(student: Student) -> None:
    """what execute has written is in the file at once"""
    value = student.name()
    did = f"await db.execute('{INSERT}', {{'value': '{value}', 'number': 1}})"
    with student.probing(
        "02_async_crud_sql.executed", did, statements=[[TABLE], [INSERT, {"value": value, "number": 1}]]
    ) as probe:
        probe.next()
        student.database.expect_rows(1, "notes", "value = ? AND number = 1", [value], did=did, why=COMMIT, look=EXECUTE)


@check("2.10", points=1, needs="2.10/execute-commits", testimony=True)
def test_execute_gives_rows(student: Student, probe: Callable) -> None:
    """execute gives a list of dicts, [] where there are no rows; what fails is an error"""
    row = {"value": student.name(), "number": 7}
    select = "SELECT value, number FROM notes WHERE value = :value"
    statements: list[list[Any]] = [
        [TABLE], [INSERT, row], ["SELECT value, number AS amount FROM notes"], [select, {"value": row["value"]}],
        [select, {"value": student.name()}], ["UPDATE notes SET number = 8", None],
        ["UPDATE notes SET number = 9 RETURNING number"], ["WITH some AS (SELECT number FROM notes) SELECT number FROM some"],
    ]  # fmt: skip
    statements += [[sql] for sql in FAMILY]
    did = f"await db.execute('{statements[2][0]}')"
    last = "UPDATE notes SET value = 'last'"
    said = probe("sql.executed", did, statements=statements, failing=FAILING, last=last, look=EXECUTE)
    wanted = [[], [], [{"value": row["value"], "amount": 7}], [row], [], [], [{"number": 9}], [{"number": 9}]]
    wanted += [[] for _ in FAMILY]
    did = f"await db.execute('{statements[6][0]}')"
    student.database.expect_rows(1, "notes", "number = 9", did=did, why=RETURNING, look=EXECUTE)
    for statement, got, want in zip(statements, said[: len(statements)], wanted, strict=True):
        why = "Rows become plain dicts, names to values. A statement without rows has no rows to fetch: ask the result (returns_rows)."
        expect(
            got == want, did=f"await db.execute('{statement[0]}')", expected=str(want), got=got, why=why, look=EXECUTE
        )
    did = f"await db.execute('{ORPHAN}'), where table parents has no row 99"
    student.database.expect_rows(0, "children", did=did, why=KEYS, look=EXECUTE)
    for sql, got in zip(FAILING, said[len(statements) :], strict=True):
        expect(got == "raises", did=f"await db.execute('{sql}')", expected="an error", got=got, why=OUT, look=EXECUTE)


@check("2.10", points=1, needs="2.10/execute-commits", lesson="values-travel-beside-the-sql")
def test_parameters_are_no_sql(student: Student, probe: Callable) -> None:
    """a parameter is a value and never SQL, whatever its text"""
    value = "x', 2); DROP TABLE notes; -- O'Brien 100% :number ?"
    delete = "DELETE FROM notes WHERE value = :value"
    statements = [
        [TABLE],
        [INSERT, {"value": value, "number": 1}],
        [delete, {"value": "' OR 1=1 --"}],
        [delete, {"value": "x' OR 'a'='a"}],
    ]
    did = f'await db.execute("{INSERT}", {{"value": "{value}", ...}}), then DELETE with "\' OR 1=1 --"'
    probe("sql.executed", did, statements=statements, why=APART, look=EXECUTE)
    student.database.expect_rows(1, "notes", "value = ? AND number = 1", [value], did=did, why=APART, look=EXECUTE)


@check("2.10", points=1, needs="2.1", lesson="safe-transactions")
def test_all_of_it(student: Student) -> None:
    """safe_transaction runs every operation and commits"""
    did = "await db.safe_transaction([three inserts, an UPDATE without params])"
    operations = [insert("a"), insert("b"), insert("c"), {"sql": "UPDATE notes SET number = 5 WHERE value = 'b'"}]
    with student.probing("02_async_crud_sql.transactions", did, prepare=[TABLE], lists=[operations]) as probe:
        probe.next()
        found = student.database.rows("SELECT value, number FROM notes ORDER BY id")
        wanted = [("a", 1), ("b", 5), ("c", 1)]
        expect(
            found == wanted,
            did=did,
            expected=str(wanted),
            got=found,
            why=FIRST if found == wanted[:1] else ALL,
            look="DatabaseManager.safe_transaction",
            life=probe.life,
        )


@check("2.10", points=2, needs="2.10/all-of-it", lesson="safe-transactions")
def test_or_nothing(student: Student, unlocked: Callable) -> None:
    """when an operation fails, nothing of the others stays, and no lock"""
    bad: dict[str, dict[str, Any]] = {
        "an insert that the database refuses": insert("boom"),
        "a statement about a table that does not exist": {"sql": "INSERT INTO nowhere VALUES (1)", "params": {}},
        "a statement that is no SQL": {"sql": "PUT something INTO notes"},
        "a parameter that is missing": {"sql": INSERT, "params": {"value": "x"}},
    }
    for number, (what, operation) in enumerate(bad.items()):
        did = f"await db.safe_transaction([an insert, {what}, an insert])"
        prepare = [TABLE, REFUSE] if number == 0 else []
        lists = [[insert("before"), operation, insert("after")]]
        with student.probing("02_async_crud_sql.transactions", did, prepare=prepare, lists=lists) as probe:
            probe.next()
            found = [value for (value,) in student.database.rows("SELECT value FROM notes")]
            expect(
                not found,
                did=did,
                expected="no row",
                got=f"rows: {found}",
                why=ALL,
                look="DatabaseManager.safe_transaction",
                life=probe.life,
            )
            unlocked(did, why=ALL, look="DatabaseManager.safe_transaction")


@check("2.10", points=1, needs="2.10/all-of-it", testimony=True, lesson="safe-transactions")
def test_what_it_says(probe: Callable) -> None:
    """safe_transaction says True, or False for an integrity error; anything else is raised"""
    lists = [
        [insert("a")],
        [insert("b"), insert("boom")],
        [insert("e"), {"sql": ORPHAN}],
        [insert("f"), {"sql": "INSERT INTO wards VALUES (99)"}],
        [insert("c"), {"sql": "INSERT INTO nowhere VALUES (1)"}],
        [insert("d")],
    ]
    did = (
        "await db.safe_transaction(...): good; refused by the database, or by its commit; a wrong statement; good again"
    )
    look = "DatabaseManager.safe_transaction"
    said = probe("sql.transactions", did, prepare=[TABLE, REFUSE, *FAMILY], lists=lists, again=True, look=look)
    wishes = (
        ("a good transaction", True, NEWS),
        ("one that the database refuses", False, NEWS),
        ("one with a row that refers to nothing", False, KEYS if said[2] is True else NEWS),
        ("one whose commit the database refuses (a deferred foreign key)", False, LATE),
        ("one with a table that does not exist", "raises", NEWS),
        ("another good one", True, NEWS),
        ("that one again, with the same list", True, SAME),
    )
    for (name, wanted, why), got in zip(wishes, said, strict=True):
        good = str(got).startswith("raises") if wanted == "raises" else got is wanted
        expect(
            good,
            did=f"await db.safe_transaction(...), {name}",
            expected=str(wanted),
            got=got,
            why=why,
            look="DatabaseManager.safe_transaction",
        )
