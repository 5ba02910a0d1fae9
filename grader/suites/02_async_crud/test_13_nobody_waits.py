"""an event loop that never waits"""

import select
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from typing import Any

from grader.app import App
from grader.check import check
from grader.expect import Trouble, expect
from grader.report import Outcome
from grader.student import Student

Request = tuple[str, str, dict[str, Any]]
LONG = 50.0  # seconds for what others must not wait for
PINGS = 25  # more than slip through before a loop that stops has stopped
MOST_PINGS = (
    100  # of one registration: a sixth of it, with nothing else to do; nobody slips that often before it hashes
)
PAUSE = 0.02  # seconds between two pings: nobody is asked to answer a flood
WORTH_A_LOOK = 150  # pings that fit into what others must not wait for: bcrypt at 14 rounds has 250 and more
HELD = 3.0  # seconds a lock is held at most; SQLite's drivers wait 5
WAITS = "Something in an async function waits for the database by itself, and nobody else gets a turn. Only what you await lets others in."
HASHES = "Hashing keeps its thread busy, on purpose. On the event loop's thread it keeps everybody waiting: send it to another one."
CUT = "bcrypt reads 72 bytes. A longer password was never stored, so it is a wrong one: cut off, it would be right."
FALSE = "A wrong password must stay wrong. What is started in another thread has to be awaited: only then it says True or False."
BRIEFLY = "A lock that is held for less than 5 seconds is waited for."
SERVED = "Who comes while others are served waits for an answer, and gets the one that is true."
SLOW = """CREATE VIEW slow AS WITH RECURSIVE steps (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM steps LIMIT 8000000)
    SELECT max(n) AS n FROM steps"""
TRIGGER = "CREATE TRIGGER takes_long BEFORE INSERT ON posts WHEN NEW.title = 'slow' BEGIN SELECT n FROM slow; END"


def registrations(student: Student, number: int) -> list[Request]:
    """Requests to register that many people."""
    names = [student.name() for _ in range(number)]
    return [
        ("POST", "/register", {"json": {"username": name, "email": f"{name}@example.com", "password": name}})
        for name in names
    ]


def pings(app: App, number: int, going_on: Callable[[], bool]) -> int:
    """Ask another route again and again; how many answers came while it was still going on."""
    for answered in range(number):
        try:
            app.get("/openapi.json").expect(200, 404, why=SERVED)  # a program may keep its schema elsewhere
        except Trouble as trouble:
            if trouble.outcome is Outcome.TIMEOUT:
                return answered
            raise
        if not going_on():
            return answered
    return number


class Sent(HTTPConnection):
    """A request that is wholly sent once this is made, before anybody is pinged; its answer may wait, or never be read."""

    def __init__(self, app: App, request: Request) -> None:
        """Send it."""
        method, path, options = request
        super().__init__("127.0.0.1", timeout=LONG)
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(app.path))
        written = app.client.build_request(method, path, **options)
        self.request(method, path, written.content, dict(written.headers))

    def waiting(self) -> bool:
        """Whether neither an answer nor the end is there yet."""
        return not select.select([self.sock], [], [], 0)[0]

    def status(self) -> int:
        """The status of the answer, 0 when there is none."""
        with suppress(HTTPException, OSError):
            return self.getresponse().status
        return 0


@contextmanager
def under_way(app: App, *requests: Request) -> Iterator[list[Sent]]:
    """Requests sent side by side; at the end the program is ended, for their answers do not matter."""
    with ExitStack() as stack:
        sent = [stack.enter_context(closing(Sent(app, request))) for request in requests]
        try:
            yield sent
        finally:
            app.end(app.life)


def in_pings(app: App, call: Callable[[], object]) -> int:
    """How many pings a call is long, with nothing else to do: the same on a slow machine and on a busy one."""
    app.get("/openapi.json")  # made when it is first asked for
    begun = time.monotonic()
    pings(app, 10, lambda: True)
    pinged = time.monotonic()
    call()
    return int(10 * (time.monotonic() - pinged) / (pinged - begun))


@check("2.13", points=2, needs=("2.5", "2.6"), lesson="the-event-loop-must-never-wait")
def test_ten_log_in(student: Student, newcomer: Callable) -> None:
    """while ten people log in, others are answered"""
    app = student.start(env={"BCRYPT_ROUNDS": "12"})
    person = newcomer(app, login=False)
    login = ("POST", "/token", {"data": {"username": person.username, "password": person.password}})
    did, look = "ten people log in at once, and GET /openapi.json again and again", "verify_password"
    wrong = {"username": person.username, "password": student.name()}
    app.post("/token", form=wrong).expect(401, why=FALSE, look=look)
    long = {"username": student.name(), "password": "x" * 72}
    app.post("/register", json=long | {"email": f"{student.name()}@example.com"}).expect(201, look="register")
    cut = replace(
        app.post("/token", form=long | {"password": "x" * 73}), did="POST /token with 73 letters; the password has 72"
    )
    cut.expect(401, why=CUT, look=look)
    length = in_pings(app, lambda: app.request(login[0], login[1], form=login[2]["data"]).expect(200, look=look))
    wanted = min(PINGS, length // 2)  # ten quick hashes are over before many can ask
    with under_way(app, *[login] * 10) as sent:
        answered = pings(app, wanted, lambda: sum(each.waiting() for each in sent) > len(sent) // 2)
        statuses = {each.status() for each in sent if not each.waiting()}
        expect(
            answered == wanted, did=did, expected="answers before half of them are served", why=HASHES, look=look, life=app.life,
            got=f"{answered} answers, then none until half were served",
        )  # fmt: skip
        expect(statuses <= {200}, did=did, expected="200 for each", got=statuses, why=SERVED, look=look, life=app.life)


@check("2.13", points=1, needs="2.5", lesson="the-event-loop-must-never-wait")
def test_somebody_registers(student: Student) -> None:
    """while somebody registers, others are answered"""
    app = student.start(env={"BCRYPT_ROUNDS": "14"})
    first, *others = registrations(student, 3)
    length = in_pings(app, lambda: app.post(first[1], **first[2]).expect(201))
    if length < WORTH_A_LOOK:  # a hash that is quick keeps nobody waiting
        return
    answered, wanted = 0, min(MOST_PINGS, length // 6)
    for each in others:
        sent = Sent(app, each)
        answered = max(answered, pings(app, wanted, sent.waiting))
        if answered == wanted:
            break
        sent.status()
    expect(
        answered == wanted, did="POST /register at BCRYPT_ROUNDS=14, and GET /openapi.json again and again", life=app.life,
        expected="answers while the password is hashed", got=f"{answered} answers, then none until that one was served",
        why=HASHES, look="hash_password",
    )  # fmt: skip


def others_wait(app: App, pool: ThreadPoolExecutor) -> bool:
    """Whether somebody who asks for no data, again and again for a second, has no answer as long as a lock is held."""
    began, late = time.monotonic(), False
    while not late and time.monotonic() < began + 1:
        late = not wait([pool.submit(app.get, "/openapi.json")], began + HELD - time.monotonic()).done
        time.sleep(PAUSE)
    return late


@check("2.13", points=2, needs=("2.8", "2.12"), lesson="fake-async", waits=True)
def test_while_the_file_is_locked(app: App, student: Student, newcomer: Callable) -> None:
    """while another program holds the file, 14 writes wait, then 5 who read; others are answered"""
    did, got = (
        "lock the file as another program would, {}, and GET /openapi.json again and again",
        "no answer until the file was free again",
    )
    with ExitStack() as stack:
        person, pool = newcomer(app), stack.enter_context(ThreadPoolExecutor(15))
        sockets = [stack.enter_context(app.socket(person.username)).open() for _ in range(4)]
        post = ("POST", "/posts", {"token": person.token, "json": {"title": "patience", "content": "..."}})
        with student.database.locked():
            for socket in sockets:
                socket.send("patience")
            writes = [
                pool.submit(app.request, method, path, **options)
                for method, path, options in [post] * 5 + registrations(student, 5)
            ]
            late = others_wait(app, pool)
        expect(
            not late, did=did.format("write 14 times"), expected="answers while the writes still wait", got=got, why=WAITS, life=app.life,
        )  # fmt: skip
        for write in writes:
            write.result().expect(201, 503, why=BRIEFLY)
        with student.database.locked("EXCLUSIVE"):
            reads = [pool.submit(app.get, path) for path in ("/posts", "/posts/1", f"/users/{person.username}")]
            reads.append(
                pool.submit(app.post, "/token", form={"username": person.username, "password": person.password})
            )
            joined = pool.submit(app.socket, person.username)
            late = others_wait(app, pool)
        expect(
            not late, did=did.format("read posts, log in, join the chat"), expected="answers while the others still wait", got=got,
            why=WAITS, life=app.life,
        )  # fmt: skip
        for read in reads:
            read.result().expect(200, 404, 503, why=BRIEFLY)
        stack.enter_context(joined.result()).open(look="chat")


@check("2.13", points=1, needs="2.8", lesson="fake-async")
def test_a_slow_statement(app: App, student: Student, newcomer: Callable) -> None:
    """while the database works on one slow statement, others are answered"""
    person = newcomer(app)
    app.get("/openapi.json")
    for sql in (SLOW, TRIGGER):
        student.database.write(sql)
    body = {"title": "slow", "content": "..."}
    with under_way(app, ("POST", "/posts", {"headers": {"Authorization": f"Bearer {person.token}"}, "json": body})) as [
        slow
    ]:
        answered = pings(app, PINGS, slow.waiting)
        expect(
            answered == PINGS, did="POST /posts where a trigger makes the INSERT slow, and GET /openapi.json again and again", why=WAITS,
            expected="answers while the statement runs", got=f"{answered} answers, then none until the post was stored", life=app.life,
        )  # fmt: skip
