"""finding users"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from grader.app import App
from grader.check import check
from grader.expect import expect
from grader.student import Student

CAPITALS = "What is unique in the table must be found the same way: lower() makes one of two users. Compare with ==."
THERE = "Who is not active may not come in, and is there all the same: the name is taken. To find and to let in are two questions."
ONE = "A reader gives the one user that was asked for, or None: never another, never an error. None is also what a function without return gives."


@check("2.6", points=1, needs="2.5/registering")
def test_by_name(app: App, newcomer: Callable, student: Student) -> None:
    """GET /users/{username} gives that user, without email and hash, and 404 for nobody"""
    people = [newcomer(app, login=False) for _ in range(2)]
    for person in people:
        answer = app.get(f"/users/{person.username}").expect(200, why=ONE, look="get_user_by_username")
        shown = answer.expect_keys("id", "username", "full_name", look="PublicUser")
        if (shown["id"], shown["username"], shown["full_name"]) != (person.id, person.username, person.full_name):
            raise answer.failed(f"{person.username} with the id {person.id}", why=ONE, look="get_user_by_username")
        if "email" in shown or person.email in answer.text or "password" in answer.text:
            raise answer.failed(
                "no email and no hash", why="What everybody may see is little: a schema of its own.", look="PublicUser"
            )
    app.get(f"/users/{student.name()}").expect(404, why=ONE, look="get_user_by_username")


@check("2.6", points=1, needs="2.6/by-name")
def test_by_id(app: App, newcomer: Callable, student: Student) -> None:
    """GET /users/me gives the user of the token; one who is not active is refused"""
    people = [newcomer(app), newcomer(app, capital=True)]
    for person in people:
        answer = app.get("/users/me", token=person.token).expect(200, why=ONE, look="get_user_by_id")
        if answer.expect_keys("id", "username", "email")["id"] != person.id:
            raise answer.failed(f"{person.username} with the id {person.id}", why=ONE, look="get_user_by_id")
    student.database.write("UPDATE users SET is_active = 0 WHERE id = ?", [people[0].id])
    why = "A token lasts for a while; whether its owner may still come in, only the table knows."
    app.get("/users/me", token=people[0].token).expect(401, why=why, look="find_user")
    app.post("/token", form={"username": people[0].username, "password": people[0].password}).expect(
        401, why=why, look="login"
    )
    app.get("/users/me", token=people[1].token).expect(200, look="find_user")
    app.get(f"/users/{people[1].username}").expect(200, why=ONE, look="get_user_by_username")


@check("2.6", points=1, needs="2.6/by-name", lesson="values-travel-beside-the-sql")
def test_exactly(app: App, newcomer: Callable, student: Student) -> None:
    """a name finds its own user and nobody else: neither as SQL, nor as a pattern, nor in capitals"""
    person = newcomer(app, login=False)
    why = "What a client sends goes to the database as a parameter; inside the text of the SQL it becomes SQL."
    for name in (
        "' OR '1'='1",
        "' OR 1=1 --",
        "%",
        "%25",
        person.username.replace("-", "_"),
        person.username[:-1],
        f"{person.username}' --",
    ):
        app.get(f"/users/{name.replace('%', '%25')}").expect(404, why=why, look="get_user_by_username")
    capitals = person.username.upper()
    body = {"username": capitals, "email": f"2{person.email}", "password": person.password}
    second = app.post("/register", json=body)
    # Where capitals do not count the name is taken; where there are none, it is no name. Else there are two users now.
    for name, id_ in ((person.username, person.id), (capitals, second.status == 201 and second.json()["id"])):
        if id_:
            answer = app.get(f"/users/{name}").expect(200, why=CAPITALS, look="get_user_by_username")
            if answer.expect_keys("id")["id"] != id_:
                raise answer.failed(f"the user with the id {id_}", why=CAPITALS, look="get_user_by_username")
    student.database.write("UPDATE users SET is_active = 0 WHERE id = ?", [person.id])
    answer = app.get(f"/users/{person.username}")
    replace(answer, did=f"{answer.did}, who is not active").expect(200, why=THERE, look="get_user_by_username")


@check("2.6", points=1, needs="2.6/by-name")
def test_a_missing_table(app: App, newcomer: Callable, student: Student) -> None:
    """without its table a reader raises: it does not say that there is no such user"""
    person = newcomer(app, login=False)
    student.database.write("DROP TABLE users")
    answer = app.get(f"/users/{person.username}")
    why = 'None means "I looked, there is nobody". When you could not look, say so: let the error out.'
    answer.expect(
        500, 503, expected="500: the table is gone, and the reader says so", why=why, look="get_user_by_username"
    )


def opened(app: App) -> tuple[int, int]:
    """How many descriptors and threads the program has; 0 where the system does not tell."""
    counts = [0, 0]
    for number, name in enumerate(("fd", "task")):
        with suppress(OSError):
            counts[number] = len(list(Path("/proc", str(app.life.pid), name).iterdir()))
    return counts[0], counts[1]


@check("2.6", points=1, needs="2.6/by-name", lesson="closing-everything")
def test_after_100_requests(app: App, newcomer: Callable, student: Student) -> None:
    """after 100 requests the program has no more open than after 10"""
    person = newcomer(app, login=False)
    before = (0, 0)
    for number in range(1, 101):
        if number % 2:
            why = "A session that is not closed keeps its connection; 15 are all there are."
            app.get(f"/users/{person.username}").expect(200, look="get_session", why=why)
        else:
            app.get(f"/users/{student.name()}")
        before = opened(app) if number == 10 else before
    end = time.monotonic() + 5
    few = 5  # a socket that is just closing, a thread more in a pool
    while any(now > then + few for now, then in zip(opened(app), before, strict=True)) and time.monotonic() < end:
        time.sleep(0.02)
    for what, then, now in zip(("descriptors", "threads"), before, opened(app), strict=True):
        expect(
            now <= then + few, did="GET /users/... 100 times", expected=f"{then} {what}, as after 10", got=f"{now} {what}", look="get_session",
            life=app.life, why="One engine for the whole program, one session for each request, closed when it is over.",
        )  # fmt: skip
