"""creating users"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from grader.app import App
from grader.check import check
from grader.expect import expect
from grader.student import Student

NEEDS = ("2.2", "2.4")
NO = "The database refuses what is taken, with an error: catch it, undo what failed, return None."
BUG = "Only the database's refusal of a double means that something is taken. Whoever catches every error says so of faults too."
BROKEN = "CREATE TRIGGER broken BEFORE INSERT ON users BEGIN INSERT INTO nowhere VALUES (1); END"
RACE = "Between your question and your insert another request can come. Let the database refuse, and catch its refusal."
OTHERS = "A lock in your program stops your own requests, not those of another program at the same file. Only the database sees them all: let it refuse, and catch its refusal."
RIGHTS = "Whoever registers chooses a name, not their rights: a schema lists what may come in, and only that is used."
COLUMNS = "What create_user is given goes into the columns of the same names: User(email=email, ...). What is left out is NULL, or the default."
MADE = "create_user gives back the user that it made. None says that something is taken, and None is what a missing return gives."
SHOWN = ("id", "username", "email", "full_name", "role", "is_active", "created_at")


def somebody(student: Student, **fields: Any) -> dict[str, Any]:
    """What create_user is given."""
    name = student.name()
    return {
        "username": name,
        "email": f"{name}@example.com",
        "hashed_password": f"hash-{student.name()}",
        "full_name": None,
    } | fields


def body(student: Student, **fields: Any) -> dict[str, Any]:
    """What POST /register is sent."""
    name = student.name()
    return {"username": name, "email": f"{name}@example.com", "password": f"{name}-secret"} | fields


def stored_as_given(student: Student, probe: Callable, person: dict[str, Any], why: str) -> None:
    """Fail unless create_user stores this user, exactly so."""
    did = "await create_user(session, username, email, hashed_password, full_name); commit"
    probe("users.create_users", did, people=[person], why=why, look="create_user")
    columns = "username, email, hashed_password, full_name, role, is_active"
    row = student.database.rows(f"SELECT {columns} FROM users WHERE username = ?", [person["username"]])
    wanted = [(*person.values(), "reader", 1)]
    there = row or student.database.rows(f"SELECT {columns} FROM users")
    if there and (person["full_name"] is None or there[0][3] is None):
        why = COLUMNS
    expect(
        row == wanted,
        did=did,
        expected=str(wanted),
        got=there or "there is no such row",
        why=why,
        look="create_user",
        life=student.lives[-1],
    )


@contextmanager
def taken_meanwhile(student: Student, sent: dict[str, Any]) -> Iterator[None]:
    """Hold the write lock, as another program that is storing the same user; at the end it has."""
    rest = "hashed_password, role, is_active, created_at, message_count"
    sql = f"INSERT INTO users (username, email, {rest}) SELECT ?, ?, {rest} FROM users LIMIT 1"
    with student.database.locked() as other:
        yield
        other.execute(sql, (sent["username"], sent["email"]))
        other.execute("COMMIT")


@check("2.5", points=1, needs=NEEDS)
def test_a_new_user(student: Student, probe: Callable) -> None:
    """a new user is stored as given"""
    stored_as_given(
        student, probe, somebody(student), "add() and flush() send the row; whoever owns the session commits."
    )


@check("2.5", points=1, needs="2.5/a-new-user", lesson="values-travel-beside-the-sql")
def test_any_text(student: Student, probe: Callable) -> None:
    """any text can be a full name: quotes, SQL, other scripts"""
    why = "The text of a value never belongs into the text of the SQL: it travels apart, as a parameter."
    stored_as_given(
        student, probe, somebody(student, full_name="Zoë O'Brien'); DROP TABLE users; -- 100% _ \N{HEDGEHOG}"), why
    )


@check("2.5", points=1, needs=("2.5/a-new-user", "2.2/a-request-commits"))
def test_registering(app: App, student: Student) -> None:
    """POST /register answers 201 with the user, and shows neither password nor hash"""
    sent = body(student, full_name="Mira Moon")
    answer = app.post("/register", json=sent)
    answer.expect(201, why=MADE if answer.refused else "", look="create_user")
    shown = answer.expect_keys(*SHOWN, look="UserOut")
    why = "Nothing is in the file before commit(): without it the session throws its work away when it is closed."
    student.database.expect_rows(
        1, "users", "username = ?", [sent["username"]], did=answer.did, why=why, look="get_session"
    )
    id_, hashed = student.database.rows("SELECT id, hashed_password FROM users")[0]
    wanted = {
        "id": id_,
        "username": sent["username"],
        "email": sent["email"],
        "full_name": "Mira Moon",
        "role": "reader",
        "is_active": True,
    }
    if any(shown[name] != value or type(shown[name]) is not type(value) for name, value in wanted.items()):
        raise answer.failed(
            str(wanted),
            look="UserOut",
            why="UserOut names what goes out, each with its type. The database gives the id and the defaults.",
        )
    if any(secret in answer.text for secret in (sent["password"], hashed)):
        raise answer.failed(
            "no password and no hash", look="UserOut", why="A schema names what goes out; leave it off."
        )
    app.post("/register", json=body(student)).expect(201, look="create_user")


@check("2.5", points=1, needs="2.5/a-new-user", lesson="refusals")
def test_taken(student: Student, probe: Callable) -> None:
    """a taken username and a taken email are refused, and the session is usable afterwards"""
    first, last = somebody(student), somebody(student)
    same_name = somebody(student, username=first["username"])
    same_email = somebody(student, email=first["email"])
    did = "in one session, each with a commit: create_user, the same username, the same email, then somebody new"
    why = f"{NO} A session whose flush has failed does nothing more until it is rolled back."
    probe("users.create_users", did, people=[first, same_name, same_email, last], why=why, look="create_user")
    found = [row[0] for row in student.database.rows("SELECT email FROM users ORDER BY id")]
    wanted = [first["email"], last["email"]]
    expect(
        found == wanted,
        did=did,
        expected=f"two users: {', '.join(wanted)}",
        got=", ".join(found) or "none",
        why=why,
        look="create_user",
    )


@check("2.5", points=1, needs="2.5/taken", lesson="refusals")
def test_no_lock_is_left(student: Student, unlocked: Callable) -> None:
    """after a refusal, once the session is closed, no lock is left on the file"""
    did = "create_user with a taken username, then close the session; the program goes on"
    why = "An INSERT that was refused has begun a transaction all the same, and its lock is held until somebody ends it: roll back."
    with student.probing("02_async_crud_users.refused", did, person=somebody(student)) as probe:
        probe.next()
        unlocked(did, why=why, look="create_user")


@check("2.5", points=1, needs=("2.5/taken", "2.5/registering", "2.6"), lesson="refusals")
def test_which_is_taken(app: App, student: Student) -> None:
    """POST /register refuses what is taken, and says which it is"""
    first = body(student)
    app.post("/register", json=first).expect(201, look="create_user")
    for taken, other in (("username", "email"), ("email", "username")):
        again = body(student) | {taken: first[taken]}
        answer = app.post("/register", json=again).expect(
            409,
            400,
            expected=f"409: this {taken} is taken",
            look="create_user",
            why=f"create_user says None when something is taken. {NO}",
        )
        said = answer.text.lower().replace(again["email"], "").replace(again["username"], "").replace("e-mail", "email")
        if taken not in said or other in said:
            raise answer.failed(
                f"an answer that names the {taken}", look="register", why="Who is refused wants to know what to change."
            )


@check("2.5", points=1, needs="2.5/which-is-taken", lesson="refusals")
def test_a_fault_is_no_refusal(app: App, student: Student) -> None:
    """when the database cannot store a user for another reason, nobody is told that something is taken"""
    app.post("/register", json=body(student)).expect(201, look="register")
    student.database.write(BROKEN)
    answer = app.post("/register", json=body(student))
    did = f"{answer.did}, while a faulty trigger stops every INSERT into users, and nothing is taken"
    replace(answer, did=did).expect(
        500, 503, expected="500: something is wrong, and nothing is taken", why=BUG, look="create_user.except"
    )


@check("2.5", points=1, needs=("2.5/taken", "2.5/registering", "2.6"), lesson="refusals")
def test_at_the_same_moment(app: App, student: Student, one_wins: Callable) -> None:
    """20 equal registrations at once give one user; so do two, of which one is another program's"""
    sent = body(student)
    answers = app.together([partial(app.post, "/register", json=sent)] * 20, student.database.locked())
    one_wins(answers, 201, did=f"{answers[0].did}, 20 times at once", why=RACE, look="create_user")
    sent = body(student)
    (answer,) = app.together([partial(app.post, "/register", json=sent)], taken_meanwhile(student, sent))
    replace(answer, did=f"{answer.did}, while another program stores the same user").expect(
        409, 400, 503, expected="409: it is taken", why=OTHERS, look="create_user"
    )


@check("2.5", points=1, needs="2.5/registering")
def test_what_is_not_theirs_to_say(app: App, student: Student) -> None:
    """role, is_active and id from a client are ignored, or the body is refused"""
    for name, value in (
        ("role", "admin"),
        ("is_active", False),
        ("id", 4711),
        ("message_count", 99),
        ("hashed_password", "x"),
    ):
        sent = body(student, **{name: value})
        answer = app.post("/register", json=sent).expect(201, 422, why=RIGHTS, look="UserCreate")
        row = student.database.rows(
            "SELECT role, is_active, id, message_count, hashed_password FROM users WHERE username = ?",
            [sent["username"]],
        )
        good = not row or (row[0][:2] == ("reader", 1) and row[0][2] != 4711 and row[0][3] == 0 and row[0][4] != "x")
        expect(
            good,
            did=answer.did,
            expected=f"{name} is not taken over",
            got=f"a row with {name} = {value}",
            why=RIGHTS,
            look="register",
            life=app.life,
        )


@check("2.5", points=1, needs=("2.5/a-new-user", "2.2/a-request-commits"), lesson="one-session-per-request")
def test_what_was_answered_is_there(app: App, student: Student) -> None:
    """30 registrations: each is in the file the moment its answer arrives"""
    why = "Commit before the answer leaves. Whoever hears 201 believes it, also when the commit then fails."
    for number in range(30):
        sent = body(student)
        answer = app.post("/register", json=sent).expect(201, look="create_user")
        if student.database.value("SELECT count(*) FROM users WHERE username = ?", [sent["username"]]) != 1:
            raise answer.failed(
                "the row, the moment the answer is here",
                f"no row yet (request {number + 1} of 30)",
                why=why,
                look="get_session",
            )
