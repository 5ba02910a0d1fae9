"""the chat"""

import datetime
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

from grader.app import App
from grader.check import check
from grader.expect import CheckFailed, Trouble, expect
from grader.student import Student
from grader.websocket import Socket

JOINED, SAYS, LEFT = "Client #{} joined the chat.", "Client #{} says: {}", "Client #{} left the chat."
OTHERS = "What happens to one client must not reach the others: catch it, disconnect that one, and go on."
LIMIT = "One short session for each message: a session that is held while its user is silent keeps a connection of the pool."
ORDER = "Each message is stored, with one commit at its end; when that has succeeded, everybody is told."
ONCE = "Each leaving is told once: in one place, through which every end of the loop comes."
ENDS = "Whoever leaves ends their own loop, and then the others are told. A disconnect that is caught inside the loop comes again and again."
RETURNED = "The message is in the file. create_message gives it back, save_message says True: without return both are None, which reads as not stored."
LETTERS = "All hear it letter by letter: the name is the one under which the sender connected."
FIRST = "order_by says which comes first: the latest timestamp, and of equal ones the highest id."
PAGE = "limit says how many there are on a page, skip how many come before it."
GONE = (
    "A socket outlives the row of its user. Ask the database at each message whether the owner, by id, is still there."
)
NEWEST = "Rows that compare equal come in any order. Order by the time, and then by the id, which is never equal."
BOUNDS = "To SQLite a negative LIMIT means no limit, and a number over 63 bits is an error."
STRANGER = "Who is refused must not be announced: look the name up, and close, before you tell anybody."
WHOSE = "A message belongs to the user of the socket that it came through."
ALONE = "Tell the sender alone: send_text() goes to one, broadcast() to all."
COMES_IN = "Who has registered may come in: is the name looked up just as it was given, and is the socket accepted?"
COMMIT_FAILS = "The commit itself may fail: what it raises must come out of save_message."
UNTOLD = f"Who hears nothing believes that it was stored. {ALONE}"
LEAVES = "Whoever's loop has ended has left, whatever ended it: what must be done then, and told, belongs into finally."
NOT_STORED = "The message is not in the file, and its sender was told so. Look at what save_message is given, a text and the id of the user; each message has one commit at its end."
BRACES = "Between quotes {...} is filled in only where an f stands before them."
AS_SAID = "Store and tell what was said as it was said. The page shows it as text, whatever stands in it."
OPEN = 101  # the status of a socket that nobody has closed
MANY = 100  # frames that somebody gets of what others say
GOING_ON = ("one", "two", "three")
SESSIONS = "one-session-per-task"


def enter(app: App, name: str, stack: ExitStack, why: str = "") -> Socket:
    """A socket of that user, who has seen themselves join."""
    try:
        socket = stack.enter_context(app.socket(name)).open(look="chat")
    except CheckFailed as problem:
        problem.why, problem.look = why or problem.why or COMES_IN, "chat"
        raise
    try:
        socket.until(JOINED.format(name), look="chat", why=why)
    except CheckFailed as problem:
        if "{" in problem.got:
            problem.why, problem.look = BRACES, "chat.joined"
        raise
    return socket


def chatters(
    app: App, newcomer: Callable, stack: ExitStack, number: int, *, capital: bool = False
) -> list[tuple[str, Socket]]:
    """That many people in the chat, each having seen itself join."""
    names = [newcomer(app, login=False, capital=capital).username for _ in range(number)]
    return [(name, enter(app, name, stack, LIMIT if number > 2 else "")) for name in names]


def told(socket: Socket, last: str) -> list[str]:
    """What a client gets before this frame, or before it is thrown out."""
    try:
        return socket.until(last, look="chat", why=OTHERS)
    except CheckFailed:
        if socket.status == OPEN:
            raise
        return [f"closed, code {socket.status}"]


def answered(socket: Socket) -> bool:
    """Whether somebody is told what nobody else hears, or thrown out; who waits for the database may be told late."""
    with suppress(TimeoutError):
        for _ in range(MANY):
            frame = socket.receive()
            if frame is None or not frame.startswith("Client #"):
                return True
    return False


def expect_said(student: Student, socket: Socket, name: str, text: str) -> None:
    """Fail unless the next frame is what that user has said."""
    try:
        socket.expect(SAYS.format(name, text), did=f"{name} sends {text!r}", look="chat", why=ORDER)
    except Trouble as problem:
        problem.caught = True
        raise
    except CheckFailed as problem:
        problem.caught = not problem.got.startswith("Client #")
        if "{" in problem.got:
            problem.why, problem.look = BRACES, "store_and_tell.says"
        elif text in problem.got:
            problem.why, problem.look = LETTERS, "store_and_tell"
        elif problem.got.startswith(SAYS.format(name, "")):
            problem.why, problem.look = AS_SAID, "store_and_tell"
        elif not problem.got.startswith(("Client #", "the socket was closed")):  # told so, in their own words
            stored = student.database.value("SELECT count(*) FROM messages WHERE content = ?", [text])
            problem.why, problem.look = RETURNED if stored else NOT_STORED, "save_message"
        raise


def expect_heard(socket: Socket, name: str, text: str) -> None:
    """Fail unless this is heard, with many others; the log may know why it is not."""
    try:
        socket.until(SAYS.format(name, text), look="chat", why=LIMIT)
    except CheckFailed as problem:
        problem.caught = True
        raise


def go_on(socket: Socket, name: str) -> list[str]:
    """Chat on; what was heard meanwhile. What somebody sent before is dealt with by then."""
    heard = []
    for text in GOING_ON:
        socket.send(text)
        heard += socket.until(SAYS.format(name, text), look="chat", why=OTHERS)
    return heard


def history(app: App, person: Any, **params: Any) -> list[dict[str, Any]]:
    """GET /messages."""
    answer = app.get("/messages", token=person.token, params=params).expect(200, look="get_messages")
    found = answer.json()
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise answer.failed(
            "a list of messages",
            look="read_messages.return",
            why="The answer is the list itself: nothing around it, and an empty list when there is nothing.",
        )
    return found


def age(time: object) -> float:
    """How many seconds a time with its zone is away from now."""
    try:
        return abs((datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(str(time))).total_seconds())
    except (TypeError, ValueError):  # no zone, or no time at all
        return float("inf")


@check("2.12", points=1, needs=("2.2", "2.4", "2.5", "2.6"), lesson=SESSIONS)
def test_says(app: App, newcomer: Callable, student: Student) -> None:
    """what one says, all hear; joining and leaving too"""
    with ExitStack() as stack:
        (_, first), (noor, second) = chatters(app, newcomer, stack, 2, capital=True)
        first.expect(JOINED.format(noor), look="chat")
        text = f"hello {student.name()} & <all> \N{HEDGEHOG}"
        second.send(text)
        for socket in (second, first):
            expect_said(student, socket, noor, text)
        second.close()
        first.expect(LEFT.format(noor), did=f"{noor} leaves", look="chat", why=ENDS)


@check("2.12", points=1, needs="2.12/says")
def test_refused(app: App, newcomer: Callable, student: Student) -> None:
    """nobody connects under a name that is not registered"""
    with ExitStack() as stack:
        [(mira, witness)] = chatters(app, newcomer, stack, 1)
        stranger = stack.enter_context(app.socket(student.name()))
        if not stranger.refused():
            got = "an open socket" if stranger.status == OPEN else f"closed with {stranger.status}"
            raise stranger.failed(stranger.did, "refused: HTTP 403, or closed with code 1008", got, look="chat",
                                  why="Close before you accept: then the handshake itself is answered with 403.")  # fmt: skip
        witness.send("still here")
        heard = witness.until(SAYS.format(mira, "still here"), look="chat")
        expect(
            not heard,
            did="an unknown name tries to connect",
            expected="nobody hears of it",
            got=heard,
            why=STRANGER,
            look="chat",
            life=app.life,
        )


@check("2.12", points=1, needs="2.12/says", lesson=SESSIONS)
def test_stored_before_broadcast(app: App, newcomer: Callable, student: Student) -> None:
    """each of 30 messages is in the file, with its owner, before anybody hears it"""
    with ExitStack() as stack:
        [(name, socket)] = chatters(app, newcomer, stack, 1)
        for number in range(30):
            text = f"{number} {student.name()} <b>&" if number < 29 else "x" * 2000
            socket.send(text)
            socket.until(SAYS.format(name, text), look="chat")
            student.database.expect_rows(
                1, "messages JOIN users ON users.id = messages.owner_id", "content = ? AND username = ?", [text, name],
                did=f"{name} sends {text!r:.60}; the moment it is heard, look into the file", look="save_message",
                why="A message that was heard and then lost, or changed, is a lie. Store what was said, commit, then tell.",
            )  # fmt: skip


@check("2.12", points=1, needs="2.12/says", lesson=SESSIONS)
def test_not_stored_not_heard(app: App, newcomer: Callable, student: Student, refuse_commits: Callable) -> None:
    """a message that could not be stored is not broadcast, its sender is told or thrown out, and the chat goes on"""
    with ExitStack() as stack:
        (mira, first), (noor, second) = chatters(app, newcomer, stack, 2)
        first.receive()
        student.database.write(
            "CREATE TRIGGER fails BEFORE INSERT ON messages WHEN NEW.content = 'boom' BEGIN SELECT json(NEW.content); END"
        )
        second.send("boom")
        others = go_on(first, mira)
        missed = [frame for frame in others if "boom" in frame]
        expect(
            not missed, did="send a message that the database refuses", expected="nobody else hears it", got=missed, look="store_and_tell",
            life=app.life, why="Broadcast only behind a commit that has succeeded.",
        )  # fmt: skip
        second.send("and now?")
        heard = {*told(second, SAYS.format(noor, "and now?"))} - {SAYS.format(mira, text) for text in GOING_ON}
        did = f"{noor} sends a message that the database refuses"
        expect(
            bool(heard), did=did, expected=f"{noor} is told, or thrown out", got="not a word to the sender",
            look="store_and_tell", life=app.life, why=UNTOLD,
        )  # fmt: skip
        last = SAYS.format(noor, "and now?") if second.status == OPEN else LEFT.format(noor)
        if last not in others:
            others += first.until(last, did=did, look="chat", why=LEAVES)
        others = [frame for frame in others if frame != last]
        expect(
            not others, did=did, expected=f"{mira}, who did not send it, hears nothing of it", got=others, why=ALONE,
            look="store_and_tell", life=app.life,
        )  # fmt: skip
        refuse_commits("messages", "NEW.content = 'late'")
        [(omar, third)] = chatters(app, newcomer, stack, 1)
        third.send("late")
        with suppress(TimeoutError):
            told_all = third.receive() == SAYS.format(omar, "late")
            # Who ignores foreign keys has kept it.
            kept = student.database.value("SELECT count(*) FROM messages WHERE content = 'late'")
            expect(
                not told_all or kept, did=f"{omar} sends a message whose commit the database refuses (a deferred foreign key)",
                expected="nobody hears it", got=f"{omar} hears it", look="save_message", life=app.life, why=COMMIT_FAILS,
            )  # fmt: skip


@check("2.12", points=1, needs="2.12/says", waits=True)
def test_gone_or_deaf(app: App, newcomer: Callable) -> None:
    """a client that never reads, and one that is gone without a word, hurt nobody; a leaving is told once"""
    with ExitStack() as stack:
        (mira, first), (noor, second) = chatters(app, newcomer, stack, 2)
        first.receive()
        stack.enter_context(app.socket(newcomer(app, login=False).username, reads=False)).open()
        second.abort()
        first.until(LEFT.format(noor), did=f"{noor} is gone, without closing the socket", look="chat", why=OTHERS)
        long = "x" * 60_000
        heard: list[str] = []
        for number in range(12):
            first.send(f"{number} {long}")
            heard += first.until(
                SAYS.format(mira, f"{number} {long}"),
                did="chat while somebody connected does not read",
                look="chat",
                why=OTHERS,
            )
        expect(
            LEFT.format(noor) not in heard, did=f"{noor} has left; the others chat on", expected="it is told once",
            got="it is told again", why=ONCE, look="chat.left", life=app.life,
        )  # fmt: skip


@check("2.12", points=1, needs="2.12/says")
def test_a_binary_frame(app: App, newcomer: Callable) -> None:
    """a binary frame hurts nobody else, and no dead socket stays behind"""
    with ExitStack() as stack:
        (mira, first), (noor, second) = chatters(app, newcomer, stack, 2)
        first.receive()
        second.send(b"\x00\x01")
        heard: list[str] = []
        for text in ("one", "two"):
            first.send(text)
            did = f"{noor} sends a binary frame, then {mira} sends {text!r}"
            heard += first.until(SAYS.format(mira, text), did=did, look="chat", why=OTHERS)
        second.close()
        if LEFT.format(noor) not in heard:
            first.until(LEFT.format(noor), did=f"{noor}, who sent a binary frame, leaves", look="chat", why=OTHERS)


@check("2.12", points=1, needs="2.12/says", lesson=SESSIONS)
def test_all_at_once(app: App, newcomer: Callable, student: Student) -> None:
    """30 people are connected; 15 of them speak while 20 requests read the history, then the others"""
    with ExitStack() as stack:
        people, token = chatters(app, newcomer, stack, 30), newcomer(app).token
        for half, requests in ((people[:15], 20), (people[15:], 1)):
            for name, socket in half:
                socket.send(f"hello from {name}")
            for answer in app.together([partial(app.get, "/messages", token=token)] * requests):
                answer.expect(200, why=LIMIT, look="get_messages")
            for name, socket in half:
                expect_heard(socket, name, f"hello from {name}")
        name, did = people[-1][0], "30 people say something each"
        people[0][1].until(SAYS.format(name, f"hello from {name}"), did=did, look="chat", why=LIMIT)
        student.database.expect_rows(30, "messages", did=did, look="save_message", why=LIMIT)
        student.database.expect_rows(30, "messages", "content = 'hello from ' || (SELECT username FROM users WHERE id = owner_id)",
                                     did=f"{did}; count the messages that belong to who sent them", why=WHOSE, look="save_message")  # fmt: skip


@check("2.12", points=1, needs=("2.12/says", "2.7/what-hangs-on-a-user"))
def test_a_deleted_user(app: App, newcomer: Callable, student: Student) -> None:
    """the open socket of a deleted user stores and broadcasts nothing more, also when somebody else has that name, and is told"""
    with ExitStack() as stack:
        [(mira, witness)] = chatters(app, newcomer, stack, 1)
        person = newcomer(app)
        ghost = enter(app, person.username, stack)
        witness.until(JOINED.format(person.username), look="chat")
        app.delete("/users/me", token=person.token).expect(204, look="delete_user")
        for text in ("boo", "boo again", "boo once more"):  # a busy server deals with the last when we have looked
            ghost.send(text)
            if heard := [frame for frame in go_on(witness, mira) if "boo" in frame]:
                break
            if text == "boo":  # from now on somebody else has that name
                body = {"username": person.username, "email": person.email, "password": "another"}
                app.post("/register", json=body).expect(201)
        did = f"{person.username} is deleted, and says something through the socket that is still open"
        expect(
            not heard, did=did, expected="nobody hears it", got=heard, why=GONE, look="create_message", life=app.life
        )
        student.database.expect_rows(0, "messages", "content LIKE 'boo%'", did=did, why=GONE, look="create_message")
        expect(
            answered(ghost), did=did, expected=f"{person.username} is told, or thrown out", got="not a word to the sender", why=UNTOLD,
            look="store_and_tell", life=app.life,
        )  # fmt: skip


@check("2.12", points=1, needs="2.12/says")
def test_history(newcomer: Callable, student: Student) -> None:
    """GET /messages: newest first with owners and times in UTC, in pages that neither overlap nor leave out, with a token"""
    app = student.start(env={"TZ": "JST-9"})  # the clock of Tokyo
    person, reader = newcomer(app, login=False), newcomer(app)
    with ExitStack() as stack:
        socket = enter(app, person.username, stack)
        go_on(socket, person.username)
    sql = "INSERT INTO messages (content, timestamp, owner_id) SELECT content, timestamp, owner_id FROM messages WHERE content = 'two' LIMIT 1"
    for _ in range(9):
        student.database.write(sql)
    found = [message for skip in range(0, 12, 5) for message in history(app, reader, skip=skip, limit=5)]
    did = "GET /messages?limit=5, with skip=0, 5 and 10; ten of the messages have the same timestamp"
    expected = [id_ for (id_,) in student.database.rows("SELECT id FROM messages ORDER BY timestamp DESC, id DESC")]
    got = [message.get("id") for message in found]
    why = NEWEST if (got[:1], got[-1:]) == (expected[:1], expected[-1:]) else FIRST
    expect(
        got == expected,
        did=did,
        expected=f"the ids {expected}",
        got=got,
        why=why if len(got) == len(expected) else PAGE,
        look="get_messages",
        life=app.life,
    )
    owner, now = {"id": person.id, "username": person.username}, datetime.datetime.now(datetime.UTC)
    for message in found:
        told = message.get("owner")
        shown = told if isinstance(told, dict) else {}
        good = age(message.get("timestamp")) < 600
        good = (
            good
            and {name: shown.get(name) for name in owner} == owner
            and message.get("owner_id") == person.id
            and message.get("content") in ("one", "two", "three")
        )
        expect(
            good,
            did="GET /messages",
            expected=f"a time such as {now:%Y-%m-%dT%H:%M:%SZ}, and owner {owner}",
            got=message,
            why="MessageOut names what goes out: a time with its zone, and the owner as a schema inside it.",
            look="MessageOut",
        )
    for params in ({"limit": -1}, {"limit": 0}, {"limit": 101}, {"limit": 10**20}, {"skip": -1}):
        app.get("/messages", token=reader.token, params=params).expect(422, why=BOUNDS, look="read_messages")
    app.get("/messages").expect(
        401, why="The history is for who is in the chat: ask for the token.", look="read_messages"
    )


@check("2.12", points=1, needs="2.12/history", testimony=True, lesson="joins-against-n1")
def test_no_query_for_each_owner(app: App, student: Student, newcomer: Callable, as_cheap: Callable) -> None:
    """50 messages of 50 people cost no more statements than 5"""
    reader = newcomer(app)
    with ExitStack() as stack:
        go_on(enter(app, reader.username, stack), reader.username)
    message = student.database.value("SELECT max(id) FROM messages")
    of = ("messages", "owner_id", message, reader.id)
    as_cheap(app, lambda limit: history(app, reader, limit=limit), of, look="get_messages")
