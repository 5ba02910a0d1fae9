"""the socket"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from functools import partial

from grader.app import App
from grader.check import check
from grader.expect import CheckFailed, Trouble, expect
from grader.student import Student
from grader.websocket import Socket

PAUSE = 0.02  # seconds between two pings: nobody is asked to answer a flood
JOINED, SAYS, LEFT = "Client #{} joined the chat.", "Client #{} says: {}", "Client #{} left the chat."
OWNER = "SELECT users.username FROM messages JOIN users ON users.id = messages.owner_id WHERE messages.content = ?"
ALL = "broadcast() tells everybody who is in the chat, the sender too; send_text() tells one. However a socket ends, its leaving is told."
WORDS = (
    "The text must be the same, letter by letter. Between quotes {...} is filled in only where an f stands before them."
)
INSTEAD = "Something else was said instead. Is it what you say when a message cannot be stored? Then look at what save_message is given: the text first, and then the id of the user, which find_user_id gives when it is awaited."
ONCE = "Each leaving is told once: in one place, through which every end of the loop comes."
ENDED = "The loop is over, and so its user leaves the chat. What ended it?"
OTHERS = "What happens to one client must not reach the others: catch it, disconnect that one, and go on."
WAIT = "A database call inside `async def` stops the whole server while it waits: await run_in_threadpool(...) there, and plain `def` for a route."
READER = "A send to somebody who does not read waits for ever. Nobody else may wait with it: send to all at the same time, each with a limit."
ONE = "Nobody else saw the message, and nobody else can send it again: send_text() tells one, broadcast() everybody."
EXACT = "What somebody says is data: keep it, and tell it, as it came. Escaping belongs to the page that shows it, and a blank may be meant."
COMES_IN = "Who has registered may come in: is the name looked up just as it was given, and is the socket accepted?"
REFUSAL = "CREATE TRIGGER refuse BEFORE INSERT ON messages WHEN NEW.content = 'boom' BEGIN SELECT RAISE(ABORT, 'refused by a trigger'); END"
FAULT = "CREATE TRIGGER fault BEFORE INSERT ON messages BEGIN SELECT abs(-9223372036854775807 - (NEW.content = 'crash')); END"
LIMIT = "One short session for each message: a session that is held while its user is silent keeps a connection of the pool."


def chatters(
    app: App, newcomer: Callable, stack: ExitStack, number: int, *, capital: bool = False
) -> list[tuple[str, Socket]]:
    """That many people in the chat, each having seen itself join."""
    names = [newcomer(app, login=False, capital=capital).username for _ in range(number)]
    found = []
    for name in names:
        try:
            socket = stack.enter_context(app.socket(name)).open()
            socket.until(JOINED.format(name))
        except CheckFailed as failure:
            failure.look, failure.why = "chat", LIMIT if number > 2 else COMES_IN
            if name in failure.got or "joined" in failure.got:
                failure.look, failure.why = "chat.joined", WORDS
            raise
        found.append((name, socket))
    return found


def says(socket: Socket, noor: str, text: str) -> None:
    """Fail unless the next frame is what noor has said; what comes instead decides what is told of it."""
    try:
        socket.expect(SAYS.format(noor, text), did=f"{noor} sends {text!r}", look="chat.says", why=ALL)
    except Trouble as failure:
        failure.caught = True
        raise
    except CheckFailed as failure:
        failure.caught = not failure.got.startswith("Client #")
        if failure.got == LEFT.format(noor) or failure.got.startswith("the socket was closed"):
            failure.why, failure.look = ENDED, "chat.receive_text"
        elif any(word in failure.got for word in (text, noor, "{", "says")):
            failure.why = WORDS
        else:
            failure.why, failure.look = INSTEAD, "chat.save_message"
        raise


@check("1.12", points=3, needs=("1.11", "1.8"), lesson="sockets")
def test_says(app: App, newcomer: Callable, student: Student) -> None:
    """what one says, all hear; joining and leaving too"""
    with ExitStack() as stack:
        (_, first), (noor, second) = chatters(app, newcomer, stack, 2, capital=True)
        first.expect(JOINED.format(noor), look="chat.joined", why=ALL)
        text = f"hello {student.name()} \N{HEDGEHOG}"
        second.send(text)
        for socket in (second, first):  # who sent it is the one who would hear that it was not stored
            says(socket, noor, text)
        second.close()
        try:
            first.expect(LEFT.format(noor), did=f"{noor} leaves", look="chat.left", why=ALL)
        except CheckFailed as failure:
            failure.why = WORDS if noor in failure.got or "left" in failure.got else failure.why
            raise


@check("1.12", points=2, needs="1.12/says", lesson="sockets")
def test_refused(app: App, newcomer: Callable, student: Student) -> None:
    """nobody connects under a name that is not registered"""
    with ExitStack() as stack:
        [(_, witness)] = chatters(app, newcomer, stack, 1)
        stranger = stack.enter_context(app.socket(student.name()))
        if not stranger.refused():
            got = "an open socket" if stranger.status == 101 else f"closed with {stranger.status}"
            raise stranger.failed(stranger.did, "refused: HTTP 403, or closed with code 1008", got, look="chat",
                                  why="Close before you accept: then the handshake itself is answered with 403.")  # fmt: skip
        witness.send("still here")
        heard = witness.receive() or ""
        expect(
            heard.endswith("says: still here"),
            did="an unknown name tries to connect",
            expected="nobody hears of it",
            got=heard,
            why="Who is refused must not be announced: look the name up, and close, before you tell anybody.",
            look="chat",
        )


@check("1.12", points=2, needs="1.12/says", lesson="sockets")
def test_stored_before_broadcast(app: App, newcomer: Callable, student: Student) -> None:
    """each of 30 messages is in the file, with its owner, before anybody hears it"""
    with ExitStack() as stack:
        newcomer(app, login=False)  # so that the chatter is not user 1
        [(name, socket)] = chatters(app, newcomer, stack, 1)
        for number in range(30):
            text = f"{number} {student.name()}" if number < 29 else "x" * 2000
            socket.send(text)
            socket.expect(SAYS.format(name, text), look="chat")
            did = f"{name} sends {text!r:.60}; the moment it is heard, look into the file"
            owners = [owner for (owner,) in student.database.rows(OWNER, [text])]
            expect(
                owners == [name], did=did, expected=f"table messages: 1 row with this text, owned by {name}", look="chat.save_message",
                got=f"table messages: {len(owners)} row{'s' * (len(owners) != 1)} with it{', owned by ' if owners else ''}{', '.join(owners)}", life=app.life,
                why="It was sent by the user of this socket: store it with the id of that user." if owners else "A message that was heard and then lost, or changed, is a lie. Store what was said, commit, then tell.",
            )  # fmt: skip


def heard_until(socket: Socket, wanted: set[str], did: str) -> list[str]:
    """What a socket hears before one of these frames."""
    frames: list[str] = []
    try:
        while (frame := socket.receive()) is not None and frame not in wanted:
            frames.append(frame)
    except TimeoutError:
        trouble = socket.app.trouble(did, socket.path, late=True, expected=" or ".join(sorted(wanted)))
        trouble.look = "chat.except"
        trouble.why = "A message that cannot be stored keeps nobody waiting, whatever the error is: tell who sent it, and go on; or let the loop end, and tell who left."
        raise trouble from None
    return frames


def unheard(witness: Socket, name: str, sender: Socket, text: str, did: str) -> None:
    """Fail if others hear of a message that the database does not take; who sent it may be told, or thrown out."""
    sender.send(text)
    sender.send("next")
    heard = heard_until(witness, {SAYS.format(name, "next"), LEFT.format(name)}, did)
    told = any(text in frame for frame in heard)
    expect(
        not heard, did=did, expected="nobody hears what was not stored", got=" ".join(heard), life=witness.app.life,
        look="chat.says" if told else "chat.except", why="Broadcast only behind a commit that has succeeded." if told else ONE,
    )  # fmt: skip


@check("1.12", points=1, needs="1.12/stored-before-broadcast", lesson="sockets")
def test_not_stored_not_heard(app: App, newcomer: Callable, student: Student) -> None:
    """a message that could not be stored is not broadcast, and the chat goes on"""
    with ExitStack() as stack:
        (mira, first), (noor, second) = chatters(app, newcomer, stack, 2)
        first.receive()
        student.database.write(REFUSAL)
        did = f"{noor} sends a message that the database refuses, then another"
        unheard(first, noor, second, "boom", did)
        first.send("after")
        first.until(SAYS.format(mira, "after"), did=f"{did}; then {mira} sends 'after'", look="chat", why=OTHERS)
        student.database.write(FAULT)
        [(omar, third)] = chatters(app, newcomer, stack, 1)
        first.until(JOINED.format(omar), look="chat.joined", why=ALL)
        did = f"{omar} sends a message at which a trigger fails with another error (integer overflow), then another"
        unheard(first, omar, third, "crash", did)


@check("1.12", points=1, needs="1.12/says", lesson="sockets")
def test_somebody_vanishes(app: App, newcomer: Callable) -> None:
    """a client that is gone without a word hurts nobody, and leaves the chat, once"""
    with ExitStack() as stack:
        (mira, first), (noor, second) = chatters(app, newcomer, stack, 2)
        first.receive()
        second.abort()
        first.until(LEFT.format(noor), did=f"{noor} is gone, without closing the socket", look="chat.left", why=OTHERS)
        heard = []
        for text in ("one", "two", "three"):
            first.send(text)
            heard += first.until(SAYS.format(mira, text), look="chat", why=OTHERS)
        expect(
            not heard, did=f"{noor} has left; {mira} says one, two, three", expected="nothing else is heard", got=heard,
            why=ONCE, look="chat.left", life=app.life,
        )  # fmt: skip


@check("1.12", points=1, needs="1.12/says", lesson="sockets")
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
            heard += first.until(SAYS.format(mira, text), did=did, look="chat.receive_text", why=OTHERS)
        second.close()
        if LEFT.format(noor) not in heard:
            first.until(LEFT.format(noor), did=f"{noor}, who sent a binary frame, leaves", look="chat.left", why=OTHERS)


@check("1.12", points=1, needs="1.12/says", lesson="sockets", waits=True)
def test_somebody_never_reads(app: App, newcomer: Callable) -> None:
    """a client that never reads its messages does not stop the others"""
    with ExitStack() as stack:
        [(mira, first)] = chatters(app, newcomer, stack, 1)
        stack.enter_context(app.socket(newcomer(app, login=False).username, reads=False)).open()
        long = "x" * 60_000
        for number in range(12):
            first.send(f"{number} {long}")
            try:
                first.until(
                    SAYS.format(mira, f"{number} {long}"),
                    did="chat, while somebody connected does not read",
                    why=READER,
                )
            except CheckFailed as failure:
                failure.expected, failure.look = (
                    SAYS.format(mira, f"{number} xxx... (60,000 letters)"),
                    "broadcast.send_text",
                )
                raise


@check("1.12", points=1, needs="1.12/stored-before-broadcast", lesson="how-many-chatters")
def test_many_chatters(app: App, newcomer: Callable, history: Callable) -> None:
    """30 people are connected, and then each says something, which comes back word for word"""
    with ExitStack() as stack:
        people = chatters(app, newcomer, stack, 30)
        for name, socket in people:
            socket.send(f"hello from {name}")
            socket.until(SAYS.format(name, f"hello from {name}"), look="chat", why=LIMIT)
        name, witness = people[0]
        witness.until(SAYS.format(people[-1][0], f"hello from {people[-1][0]}"), look="chat", why=LIMIT)
        text = f' <b>{name}</b> & "you" '
        witness.send(text)
        did = f"{name} sends {text!r}"
        try:
            witness.expect(SAYS.format(name, text), did=did, look="chat.receive_text", why=EXACT)
        except CheckFailed as failure:
            if name in failure.got:  # in quotes, or a blank at an end is not seen
                failure.expected, failure.got = repr(failure.expected), repr(failure.got)
            raise
        found = history(app, newcomer(app), limit=1)[0].get("content")
        expect(
            found == text, did=f"{did}; then GET /messages?limit=1", expected=f"a message with the text {text!r}", got=f"one with {found!r}",
            why=EXACT, look="create_message", life=app.life,
        )  # fmt: skip


def answers_while_busy(app: App, student: Student, *busy: Callable[[], object], how: str = "IMMEDIATE") -> bool:
    """Whether GET / is answered, again and again, while the file is locked and something waits for it."""
    late = False
    with ThreadPoolExecutor(1 + len(busy)) as pool, student.database.locked(how):
        for each in busy:
            pool.submit(each)
        began = time.monotonic()
        while not late and time.monotonic() < began + 1:
            late = not wait([pool.submit(app.get, "/")], began + 3 - time.monotonic()).done
            time.sleep(PAUSE)
    return not late


@check("1.12", points=1, needs="1.12/stored-before-broadcast", lesson="the-event-loop-never-waits", waits=True)
def test_while_the_database_is_busy(app: App, newcomer: Callable, student: Student) -> None:
    """while a message, a registration, or who reads waits for the database, the server answers others"""
    with ExitStack() as stack:
        (_, first), (noor, second) = chatters(app, newcomer, stack, 2)
        person = newcomer(app)
        body = {"username": student.name(), "password": "correct horse"}
        for what, look, busy in (
            ("send a message", "chat.save_message", partial(first.send, "patience")),
            ("POST /register", "register", partial(app.post, "/register", json=body)),
        ):
            did = f"lock the file as another program would, {what}, and GET / again and again"
            expect(
                answers_while_busy(app, student, busy), did=did, expected="answers while the other still waits", why=WAIT, look=look,
                got="no answer until the file was free again", life=app.life,
            )  # fmt: skip
        form = {"username": person.username, "password": person.password}
        reads: dict[str, Callable[[], object]] = {
            "login": partial(app.post, "/token", form=form),
            "get_current_user": partial(app.get, "/users/me", token=person.token),
            "read_messages": partial(app.get, "/messages", token=person.token),
            "chat.find_user_id": lambda: stack.enter_context(app.socket(person.username)),
        }
        if not answers_while_busy(app, student, *reads.values(), how="EXCLUSIVE"):
            waits = [
                look for look, read in reads.items() if not answers_while_busy(app, student, read, how="EXCLUSIVE")
            ]
            raise CheckFailed(
                "lock the file so that nobody can read it, log in, GET /users/me, GET /messages, join the chat, and GET / again and again",
                "answers while the others still wait", "no answer until the file was free again", why=WAIT, life=app.life,
                look=next(iter(waits), "login"),
            )  # fmt: skip
        second.send("after")
        second.until(
            SAYS.format(noor, "after"),
            did="free the file, and send another message",
            look="chat.save_message",
            why=WAIT,
        )


@check(
    "1.12",
    points=1,
    needs=("1.12/stored-before-broadcast", "1.3/closed-after-the-request"),
    lesson="the-event-loop-never-waits",
)
def test_all_at_once(app: App, newcomer: Callable, student: Student) -> None:
    """20 requests for the history while 15 chatters have a message in flight: everything is answered"""
    with ExitStack() as stack:
        token = newcomer(app).token
        people = chatters(app, newcomer, stack, 15)
        for name, socket in people:
            socket.send(f"hello from {name}")
        why = "A database call inside `async def` stops the whole server while it waits, also those it waits for."
        for answer in app.together([partial(app.get, "/messages", token=token)] * 20):
            answer.expect(200, why=why, look="read_messages")
        for name, socket in people:
            try:
                socket.until(SAYS.format(name, f"hello from {name}"), look="chat", why=why)
            except CheckFailed as failure:
                failure.caught = True
                raise
        student.database.expect_rows(
            15, "messages", did="15 messages and 20 requests at once", look="chat.save_message",
            why="What everybody has heard has to be in the file: store each message, also when many come at once.",
        )  # fmt: skip
