"""logging in"""

from collections.abc import Callable
from dataclasses import replace

from grader.app import App
from grader.check import check
from grader.expect import expect
from grader.student import Student

SALT = "This name and password are right. Is the user found, is what was stored the hash of this password, and does auth.verify_password(password, hash) compare them? Hashing again gives another hash, by its salt."
FORM = "The name and the password are sent as a form, as OAuth 2 wants it: OAuth2PasswordRequestForm reads it. A schema would want JSON."
NUMBER = "It is refused, but with another number: 401 tells the client to log in, and auth.unauthorized makes it."
CAPITALS = "What is unique in the table must be found the same way: lower() makes one of two users. Compare with ==."
TYPED = "Who registered with these must be able to log in with the very same: change nothing at registering that a login leaves as it is."
CUT = "bcrypt reads 72 bytes. A longer password was never stored, so it is a wrong one: cut off, it would be right."
SAME = "Two different answers would tell a stranger which names exist."


@check("1.9", points=3, needs="1.8", lesson="passwords-and-tokens")
def test_a_token(app: App, newcomer: Callable) -> None:
    """the right name and password give a bearer token"""
    person = newcomer(app, login=False)
    answer = app.post("/token", form={"username": person.username, "password": person.password})
    why, look = {401: (SALT, "login.password"), 422: (FORM, "login")}.get(answer.status, ("", "login.return"))
    token = answer.expect(200, why=why, look=look).expect_keys("access_token", "token_type", look="login")
    if not isinstance(token["access_token"], str) or str(token["token_type"]).lower() != "bearer":
        raise answer.failed(
            '{"access_token": "...", "token_type": "bearer"}',
            look="login.return",
            why="OAuth 2 names these two, and every client looks for them: return a Token.",
        )


@check("1.9", points=2, needs="1.9/a-token", lesson="passwords-and-tokens")
def test_a_wrong_password(app: App, newcomer: Callable) -> None:
    """a wrong password gets 401, and the header that names the scheme"""
    person = newcomer(app, login=False)
    answer = app.post("/token", form={"username": person.username, "password": f"{person.password}!"})
    why = NUMBER if answer.refused else "Whoever does not know the password gets no token."
    answer.expect(401, why=why, look="login.verify_password" if answer.status == 200 else "login.raise")
    answer.expect_bearer(look="login.raise", why="401 must say how to log in.")
    long = {"username": f"{person.username}-long", "password": "x" * 72}
    app.post("/register", json=long)  # whoever refuses that is told so in task 1.7
    answer = app.post("/token", form=long | {"password": "x" * 73})
    answer = replace(answer, did="POST /token with a password of 73 letters, where the right one has 72")
    answer.expect(401, why=CUT, look="login.verify_password")


@check("1.9", points=2, needs="1.9/a-wrong-password", lesson="passwords-and-tokens")
def test_the_same_answer(app: App, newcomer: Callable, student: Student) -> None:
    """unknown names and wrong passwords get one answer; what was typed when registering logs in, capitals and blanks too"""
    person = newcomer(app, login=False)
    wrong = app.post("/token", form={"username": person.username, "password": "not this one"})
    unknown = app.post("/token", form={"username": student.name(), "password": "not this one"})
    unknown.expect(401, why=SAME, look="login.raise")
    expect(
        (wrong.status, wrong.body) == (unknown.status, unknown.body), did=unknown.did, look="login.raise", life=app.life, why=SAME,
        expected=f"the answer to a wrong password: {wrong}", got=str(unknown),
    )  # fmt: skip
    unknown.expect_bearer(look="login.raise", why=SAME, as_="as for a wrong password")
    body = {"username": person.username.upper(), "password": f"{student.name()}-secret"}
    if app.post("/register", json=body).status == 201:
        # There are two users now. Where capitals do not count the name is taken; where there are none, it is no name.
        for form in (body, {"username": person.username, "password": person.password}):
            app.post("/token", form=form).expect(200, why=CAPITALS, look="get_user_by_username")
    for field, username, password in (
        ("username", student.name().title(), "correct horse"), ("password", student.name(), f" {student.name()} "),
    ):  # fmt: skip
        form = {"username": username, "password": password}
        if app.post("/register", json=form).status == 201:
            app.post("/token", form=form).expect(200, why=TYPED, look=f"UserCreate.{field}")


@check("1.9", points=1, needs="1.9/a-wrong-password", lesson="passwords-and-tokens")
def test_a_password_nobody_can_have(app: App, newcomer: Callable, student: Student) -> None:
    """a password of 73 bytes, or with NUL, is simply wrong"""
    person = newcomer(app, login=False)
    for username in (person.username, student.name()):
        for password in ("x" * 73, "null\0byte"):
            app.post("/token", form={"username": username, "password": password}).expect(
                401,
                look="login",
                why="bcrypt raises an error for such a password: a login must take that for a wrong one.",
            )
