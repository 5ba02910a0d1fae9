"""messages"""

import datetime
import time

from grader.check import check
from grader.database import Database
from grader.expect import CheckFailed, expect
from grader.probing import Probe
from grader.student import Student

CREATE = "import app.models; Base.metadata.create_all(engine)"
NAMES = {"id", "content", "timestamp", "owner_id"}


def schema(student: Student) -> Database:
    """The file, with the tables of the models in it."""
    student.probe("01_orm_setup_models.tables_of_models", CREATE)
    return student.database


def suspect(said: str) -> str:
    """The line to look at when the two classes do not fit together: SQLAlchemy names the class, not the line."""
    if "oreign key" in said:
        return "Message.owner_id"
    # A wrong name in back_populates is reported of the class on the other side, a wrong class name of its own.
    return "User.relationship" if ("Mapper[User(" in said) != ("has no property" in said) else "Message.relationship"


@check("1.5", points=2, needs="1.4", lesson="relationships-from-both-sides")
def test_belongs_to_its_owner(student: Student) -> None:
    """a message that is given its owner is stored with the owner's id"""
    username = student.name()
    did = f"Message(content='007', owner=user), where user is {username}; commit"
    try:
        student.probe("01_orm_setup_models.stored_by_owner", did, username=username, content="007")
    except CheckFailed as failure:
        failure.look = suspect(failure.got)
        raise
    student.database.expect_rows(
        1, "messages JOIN users ON users.id = messages.owner_id", "username = ?", [username], did=did,
        look="Message.owner", why="The relationship fills owner_id when the session flushes; it finds the column by its ForeignKey.",
    )  # fmt: skip
    content = student.database.value("SELECT content FROM messages")
    expect(
        content == "007", did=did, expected="a message with the text '007'", got=f"one with {content!r}", look="Message.content",
        why="Mapped[str] makes a column of text. In a column of numbers '007' becomes 7.",
    )  # fmt: skip


@check("1.5", points=2, needs="1.5/belongs-to-its-owner", lesson="relationships-from-both-sides")
def test_from_both_sides(student: Student) -> None:
    """a message appended to a user's messages belongs to that user, and each side sees the other at once"""
    username = student.name()
    did = f"user.messages.append(Message(content='one')), and 'two'; commit, where user is {username}"
    student.probe("01_orm_setup_models.stored_by_list", did, username=username, contents=["one", "two"])
    student.database.expect_rows(
        2, "messages JOIN users ON users.id = messages.owner_id", "username = ?", [username], did=did, look="User.messages",
        why="Two relationships that name each other with back_populates are the two sides of one thing.",
    )  # fmt: skip
    seen = student.probe(
        "01_orm_setup_models.both_sides", "Message(owner=user), then look into user.messages", username=student.name()
    )
    expect(
        seen == [True, True], did="Message(owner=user), then look into user.messages; and the other way round",
        expected="each side shows what was done on the other", got="one side knows nothing of the other", look="User.messages",
        why="Two relationships that name each other with back_populates are the two sides of one thing.",
    )  # fmt: skip


@check("1.5", points=2, needs="1.5/belongs-to-its-owner", lesson="classes-and-tables")
def test_the_table_refuses(student: Student) -> None:
    """a message without content, time or owner is refused, and owner_id refers to users"""
    database = schema(student)
    with database.open() as connection:
        found = {row["name"]: bool(row["notnull"]) for row in connection.execute("PRAGMA table_info(messages)")}
        keys = {
            (row["from"], row["table"], row["to"]) for row in connection.execute("PRAGMA foreign_key_list(messages)")
        }
    for name in ("content", "timestamp", "owner_id"):
        expect(
            found.get(name, False), did=CREATE, expected=f"messages.{name} NOT NULL", look=f"Message.{name}",
            got=f"messages.{name} may be NULL" if name in found else f"messages has no column {name}",
            why="Mapped[str] makes a column that refuses NULL; Mapped[str | None] and a bare Column allow it.",
        )  # fmt: skip
    key = next((key for key in keys if key[0] == "owner_id"), None)
    expect(
        key is not None and key[1] == "users" and key[2] in ("id", None), did=CREATE, expected="owner_id refers to users.id",
        got=f"it refers to {key[1]}.{key[2]}" if key else "it refers to nothing", look="Message.owner_id",
        why="Without a ForeignKey the number in owner_id is only a number: nothing keeps it true.",
    )  # fmt: skip


def moment(probe: Probe) -> datetime.datetime:
    """The time the next message is given, in UTC; a time without a zone is taken for UTC, a number for time since 1970."""
    stored = probe.next()
    try:
        if isinstance(stored, int | float):
            while stored > 1e11:
                stored /= 1000
            return datetime.datetime.fromtimestamp(stored, datetime.UTC)
        value = datetime.datetime.fromisoformat(stored)
    except (TypeError, ValueError) as problem:
        why = "What only people can read cannot be sorted or compared: store a datetime, and leave the rest to the column."
        raise CheckFailed(
            probe.did, "a time", repr(stored), look="Message.timestamp", why=why, life=probe.life
        ) from problem
    return value.replace(tzinfo=datetime.UTC) if value.tzinfo is None else value.astimezone(datetime.UTC)


@check("1.5", points=2, needs="1.5/belongs-to-its-owner", lesson="time-is-utc")
def test_the_time_of_the_insert(student: Student) -> None:
    """the time is taken when the row is inserted"""
    did = "insert a message, wait, insert another"
    with student.probing("01_orm_setup_models.times", did, username=student.name(), gap=True) as probe:
        first = moment(probe)
        began = time.monotonic()
        probe.go_on()
        later = moment(probe)
        while later == first and time.monotonic() - began < 2:
            probe.go_on()
            later = moment(probe)
    expect(
        later > first, did=did, expected="a later time", got=f"the same: {first.isoformat()}", look="Message.timestamp",
        why="default=utc_now() calls the function once, when the class is made. default=utc_now calls it for every row.",
    )  # fmt: skip


@check("1.5", points=1, needs="1.5/belongs-to-its-owner", lesson="time-is-utc")
def test_the_time_is_utc(student: Student) -> None:
    """the time is UTC, wherever the server stands"""
    did = "insert a message, with the clock of Tokyo (TZ=Asia/Tokyo)"
    before = datetime.datetime.now(datetime.UTC)
    zone = {"TZ": "JST-9"}
    with student.probing("01_orm_setup_models.times", did, username=student.name(), gap=False, env=zone) as probe:
        found = moment(probe)
    off = round((found - before).total_seconds() / 3600)
    expect(
        off == 0, did=did, expected=f"about {before:%H:%M} UTC", got=f"{found:%H:%M}, {abs(off)} hours off", look="Message.timestamp",
        why="datetime.now() without a zone is the local time. datetime.now(UTC) is the same everywhere.",
    )  # fmt: skip
