"""Probes of chapter 01: what a short script of the student's own would do with app.models and app.crud.

They run in the student's process, hold no expected values, and are judged by what the file holds afterwards.
"""

import datetime
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

HASH = "$2b$04$" + 53 * "."  # looks like one


def tables_of_models() -> list[str]:
    """Import the models and create what Base knows, without the student's create_tables."""
    from app import models
    from app.database import Base, engine

    Base.metadata.create_all(engine)
    return [models.User.__name__, models.Message.__name__]


def table_of_users() -> list[str]:
    """Import the models and create the table of User alone: what is wrong with messages belongs to the next task."""
    from app import models
    from app.database import Base, engine

    Base.metadata.create_all(engine, tables=[models.User.__table__])
    return [models.User.__name__]


def users(usernames: list[str]) -> None:
    """Insert users as the columns of User say, not through the mapping; further columns get their own defaults."""
    from app.database import engine
    from app.models import User
    from sqlalchemy import insert
    from sqlalchemy.exc import IntegrityError

    for username in usernames:
        with suppress(IntegrityError), engine.begin() as connection:
            connection.execute(insert(User.__table__).values(username=username, hashed_password=HASH))


def copies(of: int, number: int) -> None:
    """Insert copies of a message: the same owner, at the same time."""
    from app.database import engine
    from app.models import Message
    from sqlalchemy import insert, select

    columns = Message.__table__.c
    with engine.begin() as connection:
        row = connection.execute(select(columns.timestamp, columns.owner_id).where(columns.id == of)).one()
        for _ in range(number):
            connection.execute(insert(Message.__table__).values(content="copy", timestamp=row[0], owner_id=row[1]))


def message_of_everybody() -> None:
    """Store a message of each user."""
    from app import crud
    from app.database import SessionLocal, engine

    with engine.connect() as connection:
        owners = connection.exec_driver_sql("SELECT id FROM users").scalars().all()
    for owner in owners:
        with SessionLocal() as db:
            crud.create_message(db, "hello", owner)


def _relationship(source: Any, target: Any) -> str:
    """The name of the attribute of one class that leads to the other."""
    from sqlalchemy import inspect

    names = [each.key for each in inspect(source).relationships if each.mapper.class_ is target]
    if not names:
        raise LookupError(f"{source.__name__} has no relationship to {target.__name__}")
    return str(names[0])


def _message(content: str, owner: Any, **given: Any) -> Any:
    """A message, made with no more than is given; a class may want its owner, the object, as it is made."""
    from app.models import Message, User

    try:
        return Message(content=content, **given)
    except TypeError:
        return Message(**{"content": content, _relationship(Message, User): owner})


def _put(message: Any, collection: Any) -> None:
    """To the other side: a list appends, a set and a write-only collection add."""
    (collection.append if hasattr(collection, "append") else collection.add)(message)


def stored_by_owner(username: str, content: str) -> None:
    """Store a message by giving it its owner, not the owner's id."""
    tables_of_models()
    from app.database import engine
    from app.models import Message, User
    from sqlalchemy.orm import Session

    with Session(engine) as db:
        other = User(username=f"{username}-other", hashed_password=HASH)
        user = User(username=username, hashed_password=HASH)
        db.add_all([other, user])
        db.flush()
        db.add(Message(**{"content": content, _relationship(Message, User): user}))
        db.commit()


def stored_by_list(username: str, contents: list[str]) -> None:
    """Store messages by appending them to their owner's list."""
    tables_of_models()
    from app.database import engine
    from app.models import Message, User
    from sqlalchemy.orm import Session

    with Session(engine) as db:
        user = User(username=username, hashed_password=HASH)
        db.add(user)
        stranger = User(username=f"{username}-other", hashed_password=HASH)
        for content in contents:
            _put(_message(content, stranger), getattr(user, _relationship(User, Message)))
        db.commit()


def both_sides(username: str) -> list[bool]:
    """Whether each side of the relationship shows at once what was done on the other."""
    from app.models import Message, User
    from sqlalchemy import inspect

    there, back = _relationship(User, Message), _relationship(Message, User)
    user = User(username=username, hashed_password=HASH)
    message = Message(**{"content": "hello", back: user})
    listed = message in inspect(user).attrs[there].history.added  # a write-only collection shows no more
    other = _message("again", User(username=f"{username}-other", hashed_password=HASH))
    _put(other, getattr(user, there))
    return [listed, getattr(other, back) is user]


def times(username: str, gap: bool) -> Iterator[Any]:
    """Insert messages one after the other, and say which time each was given, as ISO 8601 or as it is stored."""
    tables_of_models()
    from app.database import engine
    from app.models import User
    from sqlalchemy.orm import Session

    with Session(engine) as db:
        user = User(username=username, hashed_password=HASH)
        db.add(user)
        db.commit()
        while True:
            message = _message("tick", user, owner_id=user.id)
            db.add(message)
            db.commit()
            db.refresh(message)
            moment = message.timestamp  # how a time is stored is the student's choice: as a time, a number, a text
            yield moment.isoformat() if isinstance(moment, datetime.datetime) else moment
            if not gap:
                return


def create_tables(times: int) -> None:
    """What `python -c "from app.database import create_tables; create_tables()"` does."""
    from app.database import create_tables as create

    for _ in range(times):
        create()


def messages(username: str, contents: list[str]) -> None:
    """Store a user and messages with the functions of app.crud."""
    from app.crud import create_message, create_user, get_user_by_username
    from app.database import SessionLocal, create_tables

    create_tables()
    with SessionLocal() as db:
        create_user(db, username, HASH)
    with SessionLocal() as db:
        owner = get_user_by_username(db, username).id
    for content in contents:
        with SessionLocal() as db:  # one for each: create_message may begin its transaction itself
            create_message(db, content, owner)


def registered_twice(username: str, other: str) -> list[str]:
    """Create a user, the same again, and another, all in one session."""
    from app.crud import create_user
    from app.database import SessionLocal, create_tables

    create_tables()
    found = []
    with SessionLocal() as db:
        for name in (username, username, other):
            try:
                create_user(db, name, HASH)
                found.append("")
            except Exception as problem:
                found.append(type(problem).__name__)
    return found
