"""registering"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from threading import Event

from grader.answers import Answer
from grader.app import App
from grader.check import check
from grader.expect import expect
from grader.student import Student

RACE = "Between your question and your insert another request can come. Let the database refuse, and catch its refusal."
COMMIT = "Nothing is in the file before commit(): without it the session throws its work away when it is closed."
OTHER = "A row is in the file, but not under this name. Compare what register hands to create_user with what create_user makes of it."
KEPT = "The row is in the file, and yet the answer is a no. create_user must give the user back, and None only when the name is taken; and register refuses only None."
NUMBER = "It is refused, but with another number: 409 says that something is in the way of what was asked, here a name that is taken."
FAULT = "Only the database's refusal of a double means that a name is taken. Whoever catches every error says so of faults too."
BROKEN = (
    "CREATE TRIGGER broken BEFORE INSERT ON users BEGIN SELECT abs(-9223372036854775807 - (NEW.id IS NULL OR 1)); END"
)
LATE = "What follows the yield runs when the answer is already on its way, too late for a commit: commit before you return."
HASH = "Whoever gets the file must not get the passwords: store auth.hash_password(password), which is salted."


def stored_id(student: Student, username: str, answer: Answer, *, early: bool = False) -> int:
    """The id of a user who must be in the file by now; fails the check when it is not, or was not: `early`."""
    sql, end = "SELECT id FROM users WHERE username = ?", time.monotonic() + 1
    found = None if early else student.database.value(sql, [username])
    if found is None:
        while found is None and time.monotonic() < end:
            found = student.database.value(sql, [username])
        if found is None:
            last = student.database.value("SELECT username FROM users ORDER BY id DESC")
            got, why, look = "table users: 0 rows", COMMIT, "create_user"
            if last is not None:
                got, why, look = (
                    f"{got} of {username}; the last row is of {str(last)[:70]}",
                    OTHER,
                    "register.create_user",
                )
            raise answer.failed("table users: 1 row", got, why=why, look=look)
        got = "table users: 0 rows when the answer came, 1 row a moment later"
        raise answer.failed("table users: 1 row", got, why=LATE, look="get_db.yield")
    return int(found)


def newcomer(student: Student) -> dict[str, str]:
    """What somebody new sends to register."""
    return {"username": student.name(), "password": "correct horse"}


@contextmanager
def reading(student: Student, over: Event) -> Iterator[None]:
    """Read the file, which has every commit wait until `over` is set; where the journal is a write-ahead log none waits."""
    with student.database.locked("DEFERRED") as reader:
        if reader.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            over.set()
        reader.execute("SELECT count(*) FROM users").fetchone()
        yield
        over.set()


@check("1.8", points=3, needs=("1.7", "1.6", "1.3/get-db-yields-a-session"), lesson="when-the-database-says-no")
def test_a_new_user(app: App, student: Student) -> None:
    """each of 30 new users is answered with 201, id and username, and is in the file by then"""
    for _ in range(30):
        body = newcomer(student)
        username = body["username"]
        answer = app.post("/register", json=body)
        kept = answer.status != 201 and bool(
            student.database.rows("SELECT id FROM users WHERE username = ?", [username])
        )
        look = "create_user" if kept == answer.refused else "register"  # it was stored and refused, or neither
        answer.expect(201, why=KEPT if kept and answer.refused else "", look=look)
        user = answer.expect_keys("id", "username", look="register")
        stored = stored_id(student, username, answer)
        if user["id"] != stored or user["username"] != username:
            why = "The database gives the id when it writes the row: answer with the user that create_user gives back."
            raise answer.failed(
                f'the row: {{"id": {stored}, "username": "{username}"}}', why=why, look="register.return"
            )
    body, over = newcomer(student), Event()
    meanwhile = app.together([lambda: (app.post("/register", json=body), not over.is_set())], reading(student, over))
    for answer, early in meanwhile:
        if early and answer.status == 201:  # who cannot wait so long may refuse
            stored_id(student, body["username"], answer, early=True)


@check("1.8", points=2, needs="1.8/a-new-user", lesson="when-the-database-says-no")
def test_a_taken_name(app: App, student: Student) -> None:
    """a second user with the same username is refused"""
    body = newcomer(student)
    app.post("/register", json=body).expect(201, look="register")
    answer = app.post("/register", json=body | {"password": "another horse"})
    answer.expect(
        409, 400, expected="409, with a detail that names the problem", look="register",
        why=NUMBER if answer.refused else "A name that is taken is the client's news, not a failure of the server.",
    )  # fmt: skip


@check("1.8", points=2, needs="1.8/a-taken-name", lesson="when-the-database-says-no")
def test_usable_after_a_refusal(student: Student) -> None:
    """after a refusal the same session stores the next user"""
    username, other = student.name(), student.name()
    did = f"in one session: create_user '{username}', the same again, then create_user '{other}'"
    said = student.probe("01_orm_setup_models.registered_twice", did, username=username, other=other)
    student.database.expect_rows(
        1, "users", "username = ?", [other], did=f"{did}, which raised {said[2] or 'nothing'}", look="create_user.except",
        why="A failed flush leaves the transaction broken until rollback() is called.",
    )  # fmt: skip


@check("1.8", points=2, needs="1.8/a-taken-name", lesson="when-the-database-says-no")
def test_at_the_same_moment(app: App, student: Student) -> None:
    """20 registrations of one name at the same moment give one user and 19 refusals; only a taken name is refused"""
    body = newcomer(student)
    # At a file that somebody holds they all come to the same point, on a busy machine too.
    answers = app.together([partial(app.post, "/register", json=body)] * 20, student.database.locked())
    for answer in answers:
        answer.expect(201, 409, 400, 503, expected="201 once, else 409", why=RACE, look="create_user")
    created = sum(answer.status == 201 for answer in answers)
    expect(
        created == 1 or (not created and any(answer.status == 503 for answer in answers)),  # who is held up may give up
        did=f"{answers[0].did}, 20 times at once",
        expected="one 201",
        got=f"{created} answers 201",
        why=RACE,
        look="create_user",
        life=app.life,
    )
    student.database.write(BROKEN)
    answer = app.post("/register", json=body | {"username": student.name()})
    did = f"{answer.did}, while a faulty trigger stops every INSERT into users, and the name is free"
    replace(answer, did=did).expect(
        500, 503, expected="500: something is wrong, and no name is taken", why=FAULT, look="create_user.except"
    )


@check("1.8", points=2, needs="1.8/a-new-user", lesson="passwords-and-tokens")
def test_no_password_in_the_file(app: App, student: Student) -> None:
    """the password itself is nowhere in the file, and equal passwords look different"""
    password = f"{student.name()}-secret"
    for _ in range(2):
        app.post("/register", json={"username": student.name(), "password": password}).expect(201, look="register")
    app.kill()
    did = "register two users with one password, then search the whole file for it"
    raw = student.database.raw()
    expect(
        password.encode() not in raw,
        did=did,
        expected="not found",
        got="it is there, in clear",
        why=HASH,
        look="register.create_user",
    )
    with student.database.copy() as copy:
        different = copy.value("SELECT count(DISTINCT hashed_password) FROM users")
    expect(
        different == 2,
        did=did,
        expected="two different hashes",
        got="the same hash twice",
        why=HASH,
        look="register.create_user",
    )
