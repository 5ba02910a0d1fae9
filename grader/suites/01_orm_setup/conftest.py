"""What the checks of chapter 01 share: people, and rows in their name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from grader.app import App
from grader.student import Student


@dataclass
class Person:
    """A registered user, logged in."""

    username: str
    password: str
    id: int
    token: str = ""


Newcomer = Callable[..., Person]


@pytest.fixture
def newcomer(student: Student) -> Newcomer:
    """A function that registers somebody with an app, and logs them in."""

    def register(app: App, *, login: bool = True, capital: bool = False) -> Person:
        name, password = student.name(), f"{student.name()}-secret"
        username = name.capitalize() if capital else name
        answer = app.post("/register", json={"username": username, "password": password})
        if capital and answer.status == 422:  # names in small letters alone are a rule of some
            return register(app, login=login)
        answer.expect(201, why="Nothing can be tried until somebody can register.", look="register")
        person = Person(username, password, answer.expect_keys("id", "username")["id"])
        if login:
            answer = app.post("/token", form={"username": username, "password": password}).expect(200, look="login")
            person.token = answer.expect_keys("access_token")["access_token"]
        return person

    return register


@pytest.fixture
def history(student: Student) -> Callable[..., list[dict[str, Any]]]:
    """A function that reads /messages."""

    def read(app: App, person: Person, **params: Any) -> list[dict[str, Any]]:
        answer = app.get("/messages", token=person.token, params=params).expect(200, look="read_messages")
        value = answer.json()
        if not isinstance(value, list):
            raise answer.failed(
                "a list of messages",
                look="read_messages.return",
                why="The answer is the list itself: nothing around it, and an empty list when there is nothing.",
            )
        return value

    return read
