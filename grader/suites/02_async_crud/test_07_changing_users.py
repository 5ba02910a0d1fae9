"""changing and deleting users"""

from collections.abc import Callable
from functools import partial
from typing import Any

from grader.app import App
from grader.check import check
from grader.expect import CheckFailed, Trouble, expect
from grader.student import Student

GIVEN = "What is not sent is not changed. Not sent and null are two things: model_dump(exclude_unset=True) tells them apart."
IN = "What is in `changes` changes, also to None or to an empty text; what is not in it stays. Ask whether a name is in it: name in changes."
RACE = "Between your question and your UPDATE another request can come. Let the database refuse, and catch its refusal."
UNCHANGED = (
    "The row is as it was. Was the UPDATE sent (awaited), and does its WHERE find this user? "
    "Without a WHERE everybody is to get the same email, and the database refuses that."
)
TOLD = "Whoever calls must hear whether there was such a row, changed or not; what is taken is a third answer."
HALF = "None says that nothing was changed, so no half of it may stay: one UPDATE for both, inside the block that is undone."
NUMBER = "True or False is asked for, and a number is neither: compare it, as in found > 0."
DELETED = (
    "Nobody has this id, so False is right. What execute gives is never None: ask for the rows that went, with "
    "returning(...) or rowcount. And every DELETE needs its WHERE."
)
NAMED = "A client may send anything. Take over the fields you name, never all that came."


def people(student: Student, number: int) -> list[dict[str, Any]]:
    """What create_user is given, for so many."""
    names = [student.name() for _ in range(number)]
    return [
        {"username": name, "email": f"{name}@example.com", "hashed_password": "x", "full_name": name.title()}
        for name in names
    ]


def row(student: Student, username: str) -> tuple[Any, ...]:
    """What stands in the file about a user."""
    rows = student.database.rows(
        "SELECT email, full_name, username, hashed_password, role, is_active FROM users WHERE username = ?", [username]
    )
    return rows[0] if rows else ()


def changed(student: Student, probe: Callable, changes: list[dict[str, Any]], *, loud: bool = False) -> None:
    """Fail unless update_user makes these changes, each to a user of its own, and no others; `loud`: it may raise."""
    crowd = people(student, len(changes) + 1)
    did = f"await update_user(session, user_id, changes); commit; with the changes {changes}"
    try:
        probe("users.changed", did, people=crowd, changes=changes, look="update_user", why=GIVEN)
    except CheckFailed as problem:
        if isinstance(problem, Trouble) or not loud:
            raise
    for person, change in zip(crowd, [*changes, {}], strict=True):
        wanted = (
            {**person, **change}["email"],
            {**person, **change}["full_name"],
            person["username"],
            "x",
            "reader",
            1,
        )
        got = row(student, person["username"])
        if change == {"full_name": ""} and got[1:2] == (None,):
            got = (got[0], "", *got[2:])  # no name at all: to keep it as none is as good
        untouched = all(change.values()) and got[:2] == (person["email"], person["full_name"])
        did = f"await update_user(session, user_id, {change}); commit"
        expect(
            got == wanted,
            did=did,
            expected=str(wanted[:2] if got[2:] == wanted[2:] else wanted),
            got=got[:2] if got[2:] == wanted[2:] else got,
            look="update_user",
            why=UNCHANGED if untouched else IN if change.keys() <= {"email", "full_name"} else NAMED,
        )


@check("2.7", points=1, needs="2.5", lesson="changes-and-deletions")
def test_the_given_fields(student: Student, probe: Callable) -> None:
    """update_user changes email, full_name or both, of that user alone"""
    email = f"{student.name()}@example.com"
    changed(
        student,
        probe,
        [{"email": f"2{email}", "full_name": "Both"}, {"email": email, "full_name": "O'Brien -- \N{HEDGEHOG}"}],
    )


@check("2.7", points=1, needs="2.7/the-given-fields", lesson="changes-and-deletions")
def test_only_the_given_fields(student: Student, probe: Callable) -> None:
    """update_user changes only email and full_name, if given; None clears full_name"""
    changed(
        student,
        probe,
        [
            {"email": f"{student.name()}@example.com"},
            {"full_name": "Mira Moon"},
            {},
            {"full_name": None},
            {"full_name": ""},
        ],
    )
    # Whoever raises for a name that may not change changes nothing, too.
    changed(student, probe, [{"role": "admin", "is_active": False, "hashed_password": "y"}], loud=True)


@check("2.7", points=1, needs="2.7/the-given-fields", testimony=True, lesson="changes-and-deletions")
def test_what_they_say(student: Student, probe: Callable) -> None:
    """update_user and delete_user say True for a user, active or not, False for nobody, None for a taken email"""
    did, crowd = (
        "update_user and delete_user of somebody who is not active, and of nobody; then a taken email",
        people(student, 2),
    )
    said = probe("users.said_of_changes", did, people=crowd, nobody=987654, look="update_user")
    fields = (
        "a full_name",
        "the same full_name again",
        "no changes at all",
        "a full_name of nobody",
        "no changes of nobody",
        "a full_name and an email that is taken",
    )
    names = (
        "get_user_by_id is not None",
        *(f"update_user with {name}" for name in fields),
        "delete_user of nobody",
        "delete_user",
        "delete_user, once more",
    )
    for name, got, wanted in zip(
        names, said, (True, True, True, True, False, False, None, False, True, False), strict=True
    ):
        look = name.partition(" ")[0]
        why = DELETED if look == "delete_user" and got is True else NUMBER if type(got) is int else TOLD
        did = f"{name}, of one who is not active" if wanted else name
        expect(got is wanted, did=did, expected=repr(wanted), got=repr(got), why=why, look=look)
    before, after = (crowd[1]["email"], crowd[1]["full_name"]), row(student, crowd[1]["username"])[:2]
    did = "update_user with a full_name and an email that is taken; commit"
    expect(after == before, did=did, expected=str(before), got=after or "no such row", why=HALF, look="update_user")


@check("2.7", points=1, needs=("2.7/the-given-fields", "2.6"), lesson="changes-and-deletions")
def test_patching(app: App, newcomer: Callable, student: Student) -> None:
    """PATCH /users/me with one field, with none, with null"""
    person = newcomer(app)
    email, full_name = person.email, person.full_name
    new = f"{student.name()}@example.com"
    for sent in ({"full_name": "Mira Moon"}, {}, {"email": new}, {"full_name": None}):
        answer = app.patch("/users/me", token=person.token, json=sent).expect(200, look="update_user")
        email, full_name = sent.get("email", email), sent.get("full_name", full_name)
        shown = answer.expect_keys("email", "full_name", look="change_me")
        if (shown["email"], shown["full_name"]) != (email, full_name):
            raise answer.failed(str({"email": email, "full_name": full_name}), why=GIVEN, look="change_me.model_dump")
        got = row(student, person.username)[:2]
        expect(
            got == (email, full_name),
            did=answer.did,
            expected=f"a row with {(email, full_name)}",
            got=got,
            why=GIVEN,
            look="update_user",
        )
    none = "An account without an email is none: only full_name may be cleared."
    app.patch("/users/me", token=person.token, json={"email": None}).expect(422, 200, 400, why=none, look="UserChanges")
    expect(
        row(student, person.username)[:1] == (new,),
        did='PATCH /users/me {"email": null}',
        expected=new,
        got="another email",
        why=none,
        look="update_user",
    )


@check("2.7", points=1, needs=("2.7/the-given-fields", "2.6"), lesson="refusals")
def test_a_taken_email(app: App, newcomer: Callable, student: Student, unlocked: Callable) -> None:
    """a taken email is refused with 409, and changes nothing; one's own is not taken"""
    person, other = newcomer(app), newcomer(app, login=False)
    before = row(student, person.username)
    why = "The database refuses what is taken: catch its error, undo what failed, return None."
    did = "PATCH /users/me with the email of somebody else"
    answer = app.patch("/users/me", token=person.token, json={"email": other.email, "full_name": "New"})
    answer.expect(409, 400, expected="409: this email is taken", why=why, look="update_user")
    after = row(student, person.username)
    expect(
        after == before, did=did, expected="the row as it was", got=after, why=why, look="update_user", life=app.life
    )
    unlocked(did, why=why, look="update_user")
    app.patch("/users/me", token=person.token, json={"email": person.email}).expect(
        200, why="It is the user's own.", look="update_user"
    )


@check("2.7", points=1, needs=("2.7/a-taken-email", "2.5/at-the-same-moment"), lesson="refusals")
def test_the_same_email_at_once(app: App, newcomer: Callable, student: Student, one_wins: Callable) -> None:
    """six users who want one email at the same moment: one has it, five are refused"""
    crowd, email = [newcomer(app) for _ in range(6)], f"{student.name()}@example.com"
    wishes = [partial(app.patch, "/users/me", token=each.token, json={"email": email}) for each in crowd]
    answers = app.together(wishes, student.database.locked())
    did = f"PATCH /users/me of six users with the email {email}, at once"
    one_wins(answers, 200, did=did, why=RACE, look="update_user")


@check("2.7", points=1, needs=("2.7/the-given-fields", "2.6"), lesson="changes-and-deletions")
def test_what_is_not_theirs_to_change(app: App, newcomer: Callable, student: Student) -> None:
    """role, is_active, id and the like from a client are ignored, or the body is refused"""
    person = newcomer(app)
    before, same = row(student, person.username), {"email": person.email, "full_name": person.full_name}
    for name, value in (
        ("role", "admin"),
        ("is_active", False),
        ("hashed_password", "y"),
        ("username", student.name()),
        ("id", 4711),  # last: whose row it is then, nobody would know
    ):
        answer = app.patch("/users/me", token=person.token, json=same | {name: value}).expect(
            200, 422, why=NAMED, look="UserChanges"
        )
        after = row(student, person.username)
        expect(
            after == before,
            did=answer.did,
            expected="the row as it was",
            got=after or "gone",
            why=NAMED,
            look="update_user",
            life=app.life,
        )
    student.database.expect_rows(
        1,
        "users",
        "id = ?",
        [person.id],
        did="PATCH /users/me with another id",
        look="update_user",
        why="Whose row it is comes from the token, never from the body.",
    )


@check("2.7", points=1, needs="2.5", lesson="changes-and-deletions")
def test_what_hangs_on_a_user(student: Student, insert: Callable) -> None:
    """delete_user takes posts and messages along, and nobody else's"""
    did = "await delete_user(session, user_id); commit; the user has two posts and two messages"
    why = "Who deletes the user deletes what belongs to it: ON DELETE CASCADE in the table, where foreign keys are enforced; or your own code."
    with student.probing("02_async_crud_users.deleted", did, people=people(student, 2)) as probe:
        ids = probe.next()
        for id_ in ids * 2:
            insert("posts", author_id=id_)
            insert("messages", owner_id=id_)
        probe.go_on()
        probe.finish()
    for table, column in (("users", "id"), ("posts", "author_id"), ("messages", "owner_id")):
        student.database.expect_rows(0, table, f"{column} = ?", [ids[0]], did=did, why=why, look="delete_user")
        wanted = 1 if table == "users" else 2
        student.database.expect_rows(
            wanted,
            table,
            f"{column} = ?",
            [ids[1]],
            did=f"{did}; look at somebody else's",
            look="delete_user",
            why="Only what hangs on this user goes: every DELETE needs its WHERE.",
        )


@check("2.7", points=1, needs=("2.7/what-hangs-on-a-user", "2.6"))
def test_deleting_oneself(app: App, newcomer: Callable, student: Student) -> None:
    """after DELETE /users/me the token is worth nothing, also when the name is registered again"""
    other, person = newcomer(app), newcomer(app)  # the last id is the one that could be given away again
    app.delete("/users/me", token=person.token).expect(204, look="delete_user")
    student.database.expect_rows(
        0,
        "users",
        "id = ?",
        [person.id],
        did="DELETE /users/me",
        look="delete_user",
        why="204 says that it is done: the row has to be gone by then.",
    )
    why = "The token says who you were. Whether you still are, only the table knows."
    app.get("/users/me", token=person.token).expect(401, why=why, look="find_user")
    again = {"username": person.username, "email": person.email, "password": "another"}
    app.post("/register", json=again).expect(201, why="A name is free again when its user is gone.", look="delete_user")
    app.get("/users/me", token=person.token).expect(
        401, why="A name can be given to somebody else; an id cannot.", look="find_user"
    )
    app.get("/users/me", token=other.token).expect(200, look="delete_user")
