"""the current user"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from jose import JWTError, jwt
from jose.utils import base64url_encode

from grader.answers import Answer
from grader.app import App
from grader.check import check
from grader.student import Student

OWN = (
    "The token is made with the id of the user, and the same id must come out of it: auth.create_access_token(user.id)."
)
FOUND = "The token holds the id of its user: auth.decode_access_token gives it back, or None. get_current_user gives back the user with that id, as the table has it."
HEADER = "The token comes in the header Authorization, not in the URL: Depends(auth.oauth2_scheme) takes it from there."
NUMBER = "It is refused, but with another number: 401 tells the client to log in again, and auth.unauthorized makes it."
SAME = (
    "401 must say how to log in, also when it is a token that is no good: auth.unauthorized makes an answer that does."
)
FORGED = "Anybody can write a token. Only the signature, made with your key and your algorithm, says that it is yours."


def me(app: App, token: str, did: str, *statuses: int, why: str = FORGED, look: str = "decode_access_token.jwt") -> Any:
    """GET /users/me with a token; fails unless the status is one of these."""
    answer = app.get("/users/me", token=token)
    if answer.status not in statuses:
        why = NUMBER if answer.refused and statuses == (401,) else why
        failure = answer.failed(" or ".join(map(str, statuses)), why=why, look=look)
        failure.did = f"GET /users/me with {did}"
        raise failure
    return answer


def names_bearer(answer: Answer, did: str) -> None:
    """Fail unless a 401 says in its header how to log in."""
    replace(answer, did=f"GET /users/me with {did}").expect_bearer(look="get_current_user.raise", why=SAME)


def names(token: str, id_: int) -> bool:
    """Whether a token says that it is this user's, and until when."""
    try:
        claims = jwt.get_unverified_claims(token)
    except (JWTError, RecursionError):
        return False
    return "exp" in claims and str(claims.get("sub")) == str(id_)


def claims_of(app: App, token: str, key: str) -> tuple[dict[str, Any], str]:
    """What a token of the student's claims, and its algorithm; fails when SECRET_KEY does not sign it."""
    claims, algorithm = jwt.get_unverified_claims(token), jwt.get_unverified_header(token)["alg"]
    if not str(algorithm).startswith("HS"):
        algorithm = "HS256"
    why = "Tokens are signed with SECRET_KEY from the environment, as the given auth.py does."
    me(
        app,
        jwt.encode(claims, key, algorithm),
        "a token that we signed with SECRET_KEY",
        200,
        why=why,
        look="SECRET_KEY",
    )
    return claims, algorithm


@check("1.10", points=2, needs="1.9", lesson="passwords-and-tokens")
def test_the_owner_of_the_token(app: App, newcomer: Callable) -> None:
    """a token gives the user it was made for"""
    people = [newcomer(app), newcomer(app)]
    for person in people:
        answer = app.get("/users/me", token=person.token)
        why, look = (
            (FOUND, "get_current_user") if names(person.token, person.id) else (OWN, "login.create_access_token")
        )
        if answer.status == 422 and '"query","token"' in answer.text:
            why = HEADER
        found = answer.expect(200, why=why, look=look).expect_keys("id", "username", look="get_current_user")
        if (found["id"], found["username"]) != (person.id, person.username):
            raise answer.failed(
                f'{{"id": {person.id}, "username": "{person.username}"}}', why=why, look="get_current_user.user"
            )


@check("1.10", points=1, needs="1.10/the-owner-of-the-token", lesson="passwords-and-tokens")
def test_no_token(app: App, newcomer: Callable, student: Student) -> None:
    """without a token, and with one that is none, the answer is 401, and it names the scheme"""
    names_bearer(app.get("/users/me").expect(401, look="get_current_user"), "no token")
    for token in ("nonsense", "a.b.c", "..", "e30.e30.e30"):
        names_bearer(me(app, token, f'the token "{token}"', 401), f'the token "{token}"')
    person = newcomer(app)
    student.database.write("DELETE FROM users WHERE id = ?", [person.id])
    answer = app.get("/users/me", token=person.token)
    if answer.status == 401:  # whether it is, is asked below
        names_bearer(answer, "the token of a user who was deleted")


@check("1.10", points=2, needs="1.10/the-owner-of-the-token", lesson="passwords-and-tokens")
def test_forged(app: App, newcomer: Callable, student: Student) -> None:
    """a token signed with another key, another algorithm, or not at all, is refused"""
    person, key = newcomer(app), student.submission.secret_key
    claims, algorithm = claims_of(app, person.token, key)
    me(app, jwt.encode(claims, "another key", algorithm), "a token signed with another key", 401)
    for other in {"HS256", "HS384", "HS512"} - {algorithm}:
        me(app, jwt.encode(claims, key, other), f"a token signed with {other}", 401)
    payload = person.token.split(".")[1]
    for none in (b'{"alg":"none","typ":"JWT"}', b'{"alg":"None"}'):
        me(app, f"{base64url_encode(none).decode()}.{payload}.", 'a token of the algorithm "none", not signed', 401)


@check("1.10", points=1, needs="1.10/the-owner-of-the-token", lesson="passwords-and-tokens")
def test_expired(app: App, newcomer: Callable, student: Student) -> None:
    """a token that has expired, or never expires, is refused"""
    key = student.submission.secret_key
    claims, algorithm = claims_of(app, newcomer(app).token, key)
    why = "A token that never ends is a key that can never be taken back."
    me(
        app,
        jwt.encode(claims | {"exp": int(time.time()) - 3600}, key, algorithm),
        "a token that expired an hour ago",
        401,
        why=why,
    )
    endless = {name: value for name, value in claims.items() if name != "exp"}
    me(app, jwt.encode(endless, key, algorithm), "a token without exp", 401, why=why)


@check("1.10", points=2, needs="1.10/the-owner-of-the-token", lesson="passwords-and-tokens")
def test_gone(app: App, newcomer: Callable, student: Student) -> None:
    """the token of a user who is gone is refused, even when the name is registered again"""
    person = newcomer(app)
    me(app, person.token, "their token", 200, look="get_current_user")
    student.database.write("DELETE FROM users WHERE id = ?", [person.id])
    why = "The token says who you were. Whether you still are, only the table knows."
    me(app, person.token, "the token of a user who was deleted", 401, why=why, look="get_current_user.get")
    app.post("/register", json={"username": person.username, "password": "another horse"}).expect(201, look="register")
    why = "A name can be given to somebody else; an id cannot. Find the user by the id in the token."
    me(
        app,
        person.token,
        "the old token, after somebody else has registered the name",
        401,
        why=why,
        look="get_current_user",
    )
