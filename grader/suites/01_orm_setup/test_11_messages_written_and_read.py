"""messages, written and read"""

import datetime
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from grader.app import App
from grader.check import check
from grader.expect import expect
from grader.student import Student

ORDER = "Rows of one instant come in any order unless the id decides: order_by the time and then the id, which is never equal, both desc()."
PAGE = "limit says how many rows come, and offset how many are passed over before: .offset(skip).limit(limit)."
CUT = "Each page is in order, but it was cut out of rows in another order. The query must put them in order before it cuts."
NEEDS = ("1.10", "1.5")
NO_ZONE = "SQLite keeps no zone. A browser takes a time without one for its own local time."
WALL_CLOCK = "A time without zone is that of the clock on the wall here. What is stored is UTC, and what is read is said to be UTC."


def with_messages(student: Student, number: int, **options: Any) -> tuple[App, list[str]]:
    """A running app whose file holds messages of one owner, written by its own functions; options as for a start."""
    contents = [f"message {n} {student.name()}" for n in range(number)]
    did = f"create_message(db, ...), {number} times"
    student.probe("01_orm_setup_models.messages", did, username=student.name(), contents=contents, **options)
    why = "Nothing is in the file before commit()."
    student.database.expect_rows(number, "messages", did=did, look="create_message", why=why)
    return student.start(**options), contents


def ids(messages: list[dict]) -> list[int]:
    """Their ids, in order."""
    return [message["id"] for message in messages]


@check("1.11", points=3, needs=NEEDS, lesson="order-and-pages")
def test_newest_first(student: Student, newcomer: Callable, history: Callable) -> None:
    """messages are stored, and read with their owners, newest first"""
    app, contents = with_messages(student, 3)
    owner = student.database.rows("SELECT id, username FROM users")[0]
    answer = app.get("/messages", token=newcomer(app).token).expect(200, look="read_messages")
    found = answer.json()
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise answer.failed(
            "a list of messages",
            look="read_messages.return",
            why="The answer is the list itself: nothing around it, and an empty list when there is nothing.",
        )
    read = [each.get("content") for each in found]
    if read != contents[::-1]:
        why, look = "order_by says which comes first.", "get_messages.order_by"
        if len(read) != 3:
            why, look = f"Three messages are in the file. {PAGE}", "get_messages.limit"
        elif None in read:
            why, look = "MessageOut names what goes out, and every message has its content.", "MessageOut"
        raise answer.failed(f"the three messages, {contents[-1]!r} first", look=look, why=why)
    wanted = {"owner_id": owner[0], "owner": {"id": owner[0], "username": owner[1]}}
    for each in found:
        shown = each.get("owner") if isinstance(each.get("owner"), dict) else {}
        told = {"owner_id": each.get("owner_id"), "owner": {name: shown.get(name) for name in ("id", "username")}}
        if told != wanted or type(each.get("id")) is not int:
            raise answer.failed(
                f"every message with its id, {wanted}",
                str(each),
                look="MessageOut.owner",
                why="MessageOut names what goes out, and owner is a UserOut inside it.",
            )


@check("1.11", points=1, needs="1.11/newest-first", lesson="time-is-utc")
def test_times_have_a_zone(student: Student, newcomer: Callable, history: Callable) -> None:
    """times are given in UTC, with their zone, wherever the clock of the machine is set"""
    app, _ = with_messages(student, 1, env={"TZ": "JST-9"})
    text = history(app, newcomer(app))[0].get("timestamp")
    try:
        moment = datetime.datetime.fromisoformat(str(text))
    except ValueError:
        moment = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 -- one without a zone, as good as none
    now = datetime.datetime.now(datetime.UTC)
    good = moment.tzinfo is not None and abs((now - moment).total_seconds()) < 600
    expect(
        good,
        did="store a message and GET /messages, with the clock of Tokyo (TZ=Asia/Tokyo)",
        expected=f"a time such as {now:%Y-%m-%dT%H:%M:%SZ}",
        got=text,
        why=WALL_CLOCK if moment.tzinfo else NO_ZONE,
        look="create_message" if moment.tzinfo else "MessageOut.timestamp",
    )


@check("1.11", points=1, needs="1.11/newest-first", lesson="passwords-and-tokens")
def test_only_with_a_token(student: Student, newcomer: Callable) -> None:
    """the history is for those who have a token, and shows nobody a hash"""
    app, _ = with_messages(student, 1)
    why = "The history is for people who are logged in: the route must ask for them, dependencies=[Depends(get_current_user)]."
    app.get("/messages").expect(401, why=why, look="read_messages")
    answer = app.get("/messages", token=newcomer(app).token).expect(200, look="read_messages")
    if str(student.database.value("SELECT hashed_password FROM users")) in answer.text:
        why = "A hash can be guessed at leisure once it is out. UserOut shows an id and a name: let it be the owner's schema."
        raise answer.failed("owners without their hashes", look="MessageOut.owner", why=why)


@check("1.11", points=1, needs="1.11/newest-first", lesson="order-and-pages")
def test_pages(student: Student, newcomer: Callable, history: Callable) -> None:
    """skip and limit give pages that neither overlap nor leave out, also within one instant"""
    app, _ = with_messages(student, 3)
    student.probe("01_orm_setup_models.copies", "copy the second message nine times, with its time", of=2, number=9)
    person = newcomer(app)
    # Asked of the file: where times are whole seconds, all twelve are of one instant.
    expected = [id_ for (id_,) in student.database.rows("SELECT id FROM messages ORDER BY timestamp DESC, id DESC")]
    pages = [ids(history(app, person, skip=skip, limit=5)) for skip in range(0, 12, 5)]
    got = [id_ for page in pages for id_ in page]
    did = "GET /messages?limit=5, with skip=0, 5 and 10; ten of the messages have the same timestamp"
    why, look = ORDER, "get_messages.order_by"
    if sorted(map(repr, got)) != sorted(map(repr, expected)):
        why, look = PAGE, "get_messages.limit"
    elif all(page == sorted(page, key=expected.index) for page in pages):
        why, look = CUT, "get_messages.limit"
    expect(
        got == expected,
        did=did,
        expected=f"the ids {expected}",
        got=got,
        why=why,
        look=look,
        life=app.life,
    )


@check("1.11", points=1, needs="1.11/newest-first", lesson="order-and-pages")
def test_bounds(student: Student, newcomer: Callable) -> None:
    """limit goes from 1 to 100, skip from 0; anything else is 422, and nothing is 500"""
    app, _ = with_messages(student, 1)
    token = newcomer(app).token
    why = "To SQLite a negative LIMIT means no limit, and a number over 63 bits is an error."
    for limit in (-1, 0, 101, 10**20):
        app.get("/messages", token=token, params={"limit": limit}).expect(422, why=why, look="read_messages.limit")
    app.get("/messages", token=token, params={"skip": -1}).expect(422, why=why, look="read_messages.skip")
    answer = app.get("/messages", token=token, params={"skip": 10**20})
    if answer.status != 422 and not (answer.status == 200 and answer.json() == []):
        raise answer.failed("422, or an empty list", why=why, look="read_messages.skip")
    app.get("/messages", token=token, params={"limit": 100}).expect(200, look="read_messages")


def selects_between(app: App, marks: int) -> list[int]:
    """How many SELECTs came between one INSERT of a user and the next; what a program says reaches us a little late."""
    end = time.monotonic() + 10
    while True:
        said = [sql.lower().lstrip() for sql in app.statements()]
        places = [
            place for place, sql in enumerate(said) if sql.startswith("insert") and "users" in sql.partition("(")[0]
        ]
        if len(places) >= marks or time.monotonic() > end:
            counts = [
                sum(sql.startswith("select") for sql in said[here:there]) for here, there in pairwise(places[-marks:])
            ]
            return counts if len(counts) == marks - 1 else [0] * (marks - 1)
        time.sleep(0.02)


@check("1.11", points=2, needs="1.11/newest-first", testimony=True, lesson="owners-without-one-query-a-row")
def test_no_query_for_each_owner(student: Student, newcomer: Callable, history: Callable) -> None:
    """50 messages cost no more statements than 5"""
    app, _ = with_messages(student, 1)
    student.probe("01_orm_setup_models.users", "store 50 users", usernames=[f"{student.name()}-{n}" for n in range(50)])
    student.probe("01_orm_setup_models.message_of_everybody", "store a message of each")
    person = newcomer(app)
    history(app, person, limit=5)
    newcomer(app, login=False)
    for limit in (5, 50):
        history(app, person, limit=limit)
        newcomer(app, login=False)
    _, few, many = selects_between(app, 4)
    why = "message.owner asks the database, once for each message, unless the query brought the owners along."
    expect(
        many <= few, did="GET /messages with limit=5 and limit=50, counting SELECTs", life=app.life, why=why,
        expected="no more SELECTs for 50 messages than for 5", got=f"{many - few} more", look="get_messages.select",
    )  # fmt: skip
