"""messages, written and read"""

import datetime
from collections.abc import Callable

from grader.app import App
from grader.check import check
from grader.expect import expect
from grader.student import Student

NEEDS = ("1.10", "1.5")


def with_messages(student: Student, number: int) -> tuple[App, list[str]]:
    """A running app whose file holds messages of one owner, written by its own functions."""
    contents = [f"message {n} {student.name()}" for n in range(number)]
    did = f"create_message(db, ...), {number} times"
    student.probe("01_orm_setup.messages", did, username=student.name(), contents=contents)
    why = "Nothing is in the file before commit()."
    student.database.expect_rows(number, "messages", did=did, look="create_message", why=why)
    return student.start(), contents


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
        raise answer.failed("a list of messages", look="read_messages")
    if [each.get("content") for each in found] != contents[::-1]:
        raise answer.failed(f"the three messages, {contents[-1]!r} first", look="get_messages.order_by", why="order_by says which comes first.")
    wanted = {"owner_id": owner[0], "owner": {"id": owner[0], "username": owner[1]}}
    for each in found:
        if {name: each.get(name) for name in wanted} != wanted or type(each.get("id")) is not int:
            raise answer.failed(f"every message with its id, {wanted}", str(each), look="MessageOut.owner")


@check("1.11", points=1, needs="1.11/newest-first", lesson="time-is-utc")
def test_times_have_a_zone(student: Student, newcomer: Callable, history: Callable) -> None:
    """times are given in UTC, with their zone"""
    app, _ = with_messages(student, 1)
    text = history(app, newcomer(app))[0].get("timestamp")
    why = "SQLite keeps no zone. A browser takes a time without one for its own local time."
    try:
        moment = datetime.datetime.fromisoformat(str(text))
    except ValueError:
        moment = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 -- one without a zone, as good as none
    now = datetime.datetime.now(datetime.UTC)
    good = moment.tzinfo is not None and abs((now - moment).total_seconds()) < 600  # noqa: PLR2004 -- ten minutes
    expect(good, did="GET /messages", expected=f"a time such as {now:%Y-%m-%dT%H:%M:%SZ}", got=text, why=why, look="MessageOut.timestamp")


@check("1.11", points=1, needs="1.11/newest-first", lesson="passwords-and-tokens")
def test_only_with_a_token(app: App) -> None:
    """without a token there is no history"""
    app.get("/messages").expect(401, look="read_messages")


@check("1.11", points=1, needs="1.11/newest-first", lesson="order-and-pages")
def test_pages(student: Student, newcomer: Callable, history: Callable) -> None:
    """skip and limit give pages that neither overlap nor leave out, also within one instant"""
    app, _ = with_messages(student, 3)
    columns = "content, timestamp, owner_id"
    copy = f"INSERT INTO messages ({columns}) SELECT {columns} FROM messages WHERE id = 2"  # noqa: S608 -- our own text
    for _ in range(9):
        student.database.write(copy)
    person = newcomer(app)
    expected = [3, *range(12, 3, -1), 2, 1]
    got = [id_ for skip in range(0, 12, 5) for id_ in ids(history(app, person, skip=skip, limit=5))]
    did = "GET /messages?limit=5, with skip=0, 5 and 10; ten of the messages have the same timestamp"
    why = "Rows that compare equal come in any order. Order by the time, and then by the id, which is never equal."
    expect(got == expected, did=did, expected=f"the ids {expected}", got=got, why=why, look="get_messages.order_by", life=app.life)


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


@check("1.11", points=2, needs="1.11/newest-first", testimony=True, lesson="owners-without-one-query-a-row")
def test_no_query_for_each_owner(student: Student, newcomer: Callable, history: Callable) -> None:
    """50 messages cost no more statements than 5"""
    app, _ = with_messages(student, 1)
    with student.database.open(write=True) as connection:
        connection.executemany("INSERT INTO users (username, hashed_password) VALUES (?, 'x')", [(student.name(),) for _ in range(50)])
        connection.execute("INSERT INTO messages (content, timestamp, owner_id) SELECT 'hello', timestamp, users.id FROM messages, users")
    person = newcomer(app)
    history(app, person, limit=5)
    counts = []
    for limit in (5, 50):
        before = len(app.statements())
        history(app, person, limit=limit)
        counts.append(sum("select" in sql.lower() for sql in app.statements()[before:]))
    why = "message.owner asks the database, once for each message, unless the query brought the owners along."
    expect(
        counts[1] <= counts[0], did="GET /messages with limit=5 and limit=50, counting SELECTs", life=app.life, why=why,
        expected=f"{counts[0]} both times", got=f"{counts[0]} and {counts[1]}", look="get_messages.select",
    )  # fmt: skip
