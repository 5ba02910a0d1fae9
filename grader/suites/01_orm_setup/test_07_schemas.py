"""schemas"""

from typing import Any

from grader.app import App
from grader.check import check
from grader.expect import CheckFailed
from grader.student import Student

LIMITS = "A schema refuses a body before your route sees it; what it does not refuse ends in your database."
BYTES = "bcrypt reads 72 bytes and stops at NUL. Characters are not bytes: an emoji has four."
NUMBER = "It is refused, but with another number. Leave the refusing to the schema, and to the given fits_bcrypt: that makes a 422."
NAMES = "The body has the fields username and password: a schema takes them only under these names."
FINE = "A limit that refuses what is fine locks people out: ask for no more than the task does."
NOT_WRITTEN = 501  # what the app answers for a route that is still to do
HASH = "A hash can be guessed at leisure once it is out. The schema names what goes out; leave it off."


def refuse(app: App, body: Any, why: str, field: str) -> None:
    """Fail unless /register answers this body with 422."""
    answer, look = app.post("/register", json=body), f"UserCreate.{field}"
    if answer.status == NOT_WRITTEN:
        # The next task's route was reached, and waits for nothing but this schema.
        raise CheckFailed(
            answer.did, "422", "your schema let it through to the route, which is task 1.8", why=why, look=look
        )
    answer.expect(422, why=NUMBER if answer.refused else why, look=look)


@check("1.7", points=1, needs="1.1", lesson="what-comes-in-and-what-goes-out")
def test_a_good_body(app: App, student: Student) -> None:
    """a good name and password are not refused, a body without them is"""
    body = {"username": student.name(), "password": "correct horse"}
    answer = app.post("/register", json=body)
    if answer.status == 422:
        field = "password" if '"password"]' in answer.text else "username"
        why = NAMES if '"type":"missing"' in answer.text else FINE
        raise answer.failed("not 422: this body is fine", why=why, look=f"UserCreate.{field}")
    for missing in ("username", "password"):
        refuse(app, {name: value for name, value in body.items() if name != missing}, LIMITS, missing)


@check("1.7", points=2, needs="1.7/a-good-body", lesson="what-comes-in-and-what-goes-out")
def test_limits(app: App, student: Student) -> None:
    """a blank name, one of 51 letters and an empty password are refused"""
    for username in ("", "   ", "\t\n", "x" * 51):
        refuse(app, {"username": username, "password": "correct horse"}, LIMITS, "username")
    refuse(app, {"username": student.name(), "password": ""}, LIMITS, "password")


@check("1.7", points=2, needs="1.7/a-good-body", lesson="what-comes-in-and-what-goes-out")
def test_what_bcrypt_cannot_hash(app: App, student: Student) -> None:
    """a password over 72 bytes, or with a NUL character, is refused; one of 72 bytes is not"""
    for password in ("x" * 73, "\N{HEDGEHOG}" * 25, "null\0byte"):
        refuse(app, {"username": student.name(), "password": password}, BYTES, "password")
    answer = app.post("/register", json={"username": student.name(), "password": "\N{HEDGEHOG}" * 18})
    if answer.status == 422:
        raise answer.failed("not 422: 18 emoji are 72 bytes", why=BYTES, look="UserCreate.password")


@check("1.7", points=2, needs="1.8", lesson="what-comes-in-and-what-goes-out")
def test_no_secret_goes_out(app: App, student: Student) -> None:
    """the answer holds id and username, and neither password nor hash"""
    password = f"{student.name()}-secret"
    answer = app.post("/register", json={"username": student.name(), "password": password}).expect(201, look="UserOut")
    answer.expect_keys("id", "username", why="What a route may show is said by its response_model.", look="UserOut")
    hashed = student.database.value("SELECT hashed_password FROM users")
    for secret in (password, str(hashed)):
        if secret in answer.text:
            raise answer.failed("no password and no hash", look="UserOut.hashed_password", why=HASH)
