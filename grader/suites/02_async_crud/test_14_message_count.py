"""counting messages"""

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

from grader.app import App
from grader.check import check
from grader.expect import expect
from grader.student import Student
from grader.websocket import Socket

UNSTORED = "Some were not stored at all. What is said through a socket is stored, also when a user has several, or many speak at once."
LOST = "Who reads the count, adds one and writes it back overwrites what others added meanwhile. Let the database add: one UPDATE."
TOGETHER = "The message and the count are one change: one session, one commit for both."
OTHERS = "A message counts for its owner and for nobody else: the UPDATE says in its WHERE whose row it is."
QUOTED = "A text was stored. What the database is to work out has no quotes: message_count=User.message_count + 1."
COUNTS = "SELECT message_count, (SELECT count(*) FROM messages WHERE owner_id = users.id) FROM users WHERE username = ?"
SET = "The count is 1 after several messages: is it set, where it should be added to? Adding is message_count=User.message_count + 1."
SAYS = "Client #{} says: {}"


def enter(app: App, name: str, stack: ExitStack) -> Socket:
    """A socket of that user, who has seen themselves join."""
    socket = stack.enter_context(app.socket(name)).open(look="chat")
    socket.until(f"Client #{name} joined the chat.", look="chat")
    return socket


def expect_counts(app: App, student: Student, name: str, number: int, did: str, why: str = TOGETHER) -> None:
    """Fail unless so many messages of that user are in the file, and counted; both are read at one moment."""
    end, found = time.monotonic() + 15, (-1, -1)
    while time.monotonic() < end:
        found = (student.database.rows(COUNTS, [name]) or [found])[0]
        if found[1] >= number or found[0] != found[1]:
            break
        time.sleep(0.01)
    why = QUOTED if isinstance(found[0], str) else SET if found[0] == 1 < number and why is not LOST else why
    why = UNSTORED if found[0] == found[1] < number else why
    expect(
        found == (number, number), did=did, expected=f"message_count {number}, and {number} messages in the file",
        got=f"message_count {found[0]}, and {found[1]} messages in the file", why=why, look="create_message", life=app.life,
    )  # fmt: skip


@check("2.14", points=2, needs="2.12", lesson="counting-in-the-database")
def test_counted(app: App, newcomer: Callable, student: Student) -> None:
    """each stored message adds one to its owner's message_count, and to nobody else's"""
    with ExitStack() as stack:
        (mira, first), (noor, second) = (
            (name, enter(app, name, stack)) for name in [newcomer(app, login=False).username for _ in range(2)]
        )
        silent = newcomer(app, login=False).username
        for number in range(3):
            first.send(f"message {number}")
            first.until(SAYS.format(mira, f"message {number}"), look="chat")
            expect_counts(app, student, mira, number + 1, f"{mira} has sent {number + 1} messages")
        second.send("hello")
        second.until(SAYS.format(noor, "hello"), look="chat")
        for name, number in ((mira, 3), (noor, 1), (silent, 0)):
            expect_counts(app, student, name, number, "two of three people send 3 messages and 1", OTHERS)


@check("2.14", points=2, needs="2.14/counted", lesson="counting-in-the-database")
def test_both_or_neither(app: App, newcomer: Callable, student: Student) -> None:
    """when the count cannot be changed there is no message, and when the message cannot be stored it is not counted"""
    name, refuse = newcomer(app, login=False).username, "BEGIN SELECT RAISE(ABORT, 'refused by a trigger'); END"
    steps = (
        ("first", "a message that is stored", ""),
        ("boom", "a message that the database refuses", "INSERT ON messages WHEN NEW.content = 'boom'"),
        ("second", "a message that cannot be counted", f"UPDATE ON users WHEN NEW.username = '{name}'"),
    )
    with ExitStack() as stack:
        hears = enter(app, newcomer(app, login=False).username, stack)
        for text, what, event in steps:
            if event:
                student.database.write(f"CREATE TRIGGER refuse_{text} BEFORE {event} {refuse}")
            socket = enter(app, name, stack)
            socket.send(text)
            with suppress(TimeoutError):  # a sender who is told of the failure must be there to hear it
                socket.receive(5)
            socket.close()  # what it sent is dealt with before its end is
            heard = hears.until(f"Client #{name} left the chat.", look="chat")
            did, said = f"{name} sends {text!r}, {what}", SAYS.format(name, text)
            expect_counts(app, student, name, 1, did)
            expect(
                said not in heard or not event,
                did=did,
                expected="nobody hears it",
                got=said,
                why=TOGETHER,
                look="store_and_tell",
                life=app.life,
            )


@check("2.14", points=1, needs="2.14/counted", lesson="counting-in-the-database")
def test_one_user_ten_sockets(app: App, newcomer: Callable, student: Student, copy_row: Callable) -> None:
    """ten sockets of one user speak at the same moment: ten more, none lost"""
    name, did = (
        newcomer(app, login=False).username,
        "one user's ten sockets each send a message while another program gives them five messages more, and counts them",
    )
    with ExitStack() as stack:
        other = newcomer(app, login=False)
        enter(app, other.username, stack).send("first")
        expect_counts(app, student, other.username, 1, f"{other.username} has sent a message")
        copy_row("messages", student.database.value("SELECT id FROM messages"), 4)
        sockets = [enter(app, name, stack) for _ in range(10)]
        with student.database.locked() as program:
            for number, socket in enumerate(sockets):
                socket.send(f"message {number}")
            for _ in range(20):
                app.get("/openapi.json")
            program.execute("UPDATE messages SET owner_id = (SELECT id FROM users WHERE username = ?)", [name])
            program.execute("UPDATE users SET message_count = message_count + 5 WHERE username = ?", [name])
            program.execute("COMMIT")
        expect_counts(app, student, name, 15, did, LOST)
        for number in range(3):
            for socket in sockets:
                socket.send(f"again {number}")
        expect_counts(app, student, name, 45, "one user's ten sockets send three messages each", LOST)


@check("2.14", points=1, needs="2.14/counted", lesson="counting-in-the-database")
def test_thirty_sockets(app: App, newcomer: Callable, student: Student) -> None:
    """30 sockets, 10 of them write at once: every message is stored once, in order for each sender, and counted"""
    with ExitStack() as stack:
        people = [(name, enter(app, name, stack)) for name in [newcomer(app, login=False).username for _ in range(30)]]
        texts = [f"message {number}" for number in range(3)]
        for text in texts:
            for _, socket in people[:10]:
                socket.send(text)
        did = "30 people in the chat, 10 of them send 3 messages each without waiting"
        for name, _ in people[:10]:
            expect_counts(app, student, name, 3, did, LOST)
            sql = (
                "SELECT content FROM messages JOIN users ON users.id = owner_id WHERE username = ? ORDER BY messages.id"
            )
            stored = [text for (text,) in student.database.rows(sql, [name])]
            expect(stored == texts, did=did, expected=str(texts), got=stored, why="Store a sender's message before you take the next.",
                   look="chat", life=app.life)  # fmt: skip
        witness = people[-1][1]
        for text in texts:
            witness.until(SAYS.format(people[0][0], text), did=did, look="chat")
