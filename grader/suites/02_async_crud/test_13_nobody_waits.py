"""an event loop that never waits"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import httpx

from grader.app import App
from grader.check import check
from grader.expect import Trouble, expect
from grader.report import Outcome
from grader.student import Student

Request = tuple[str, str, dict[str, Any]]
LONG = 50.0  # seconds for what others must not wait for
PINGS = 15  # more than slip through before a loop that stops has stopped
PAUSE = 0.02  # seconds between two pings: nobody is asked to answer a flood
HELD = 3.0  # seconds a lock is held at most; SQLite's drivers wait 5
WAITS = "Something in an async function waits for the database by itself, and nobody else gets a turn. Only what you await lets others in."
HASHES = "Hashing keeps its thread busy, on purpose. On the event loop's thread it keeps everybody waiting: send it to another one."
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
            app.get("/openapi.json").expect(200)
        except Trouble as trouble:
            if trouble.outcome is Outcome.TIMEOUT:
                return answered
            raise
        if not going_on():
            return answered
    return number


def attempt(app: App, method: str, path: str, options: dict[str, Any]) -> int:
    """The status of a request, 0 when there is no answer: the program may be ended meanwhile."""
    with suppress(httpx.HTTPError, RuntimeError):
        return app.client.request(method, path, timeout=LONG, **options).status_code
    return 0


@contextmanager
def under_way(app: App, *requests: Request) -> Iterator[list[Future[int]]]:
    """Requests sent side by side; at the end the program is ended, for their answers do not matter."""
    with ThreadPoolExecutor(len(requests)) as pool:
        try:
            yield [pool.submit(attempt, app, *request) for request in requests]
        finally:
            app.end(app.life)


def crowd(app: App, requests: list[Request], what: str, look: str) -> None:
    """Send requests that hash; others must be answered before half of them are."""
    did = f"ten people {what} at once, and GET /openapi.json again and again"
    app.get("/openapi.json")
    with under_way(app, *requests) as sent:
        answered = pings(app, PINGS, lambda: sum(each.done() for each in sent) < 5)
        statuses = {each.result() for each in sent if each.done()} - {0}
        expect(
            answered == PINGS, did=did, expected="answers before half of them are served", why=HASHES, look=look, life=app.life,
            got=f"{answered} answers, then none until half were served",
        )  # fmt: skip
        expect(statuses <= {200, 201}, did=did, expected="200 or 201 for each", got=statuses, look=look, life=app.life)


@check("2.13", points=2, needs=("2.5", "2.6"), lesson="the-event-loop-must-never-wait")
def test_ten_log_in(student: Student, newcomer: Callable) -> None:
    """while ten people log in, others are answered"""
    app = student.start(env={"BCRYPT_ROUNDS": "12"})
    person = newcomer(app, login=False)
    login = ("POST", "/token", {"data": {"username": person.username, "password": person.password}})
    crowd(app, [login] * 10, "log in", "verify_password")


@check("2.13", points=1, needs="2.5", lesson="the-event-loop-must-never-wait")
def test_ten_register(student: Student) -> None:
    """while ten people register, others are answered"""
    app = student.start(env={"BCRYPT_ROUNDS": "12"})
    crowd(app, registrations(student, 10), "register", "hash_password")


@check("2.13", points=2, needs=("2.8", "2.12"), lesson="fake-async")
def test_while_the_file_is_locked(app: App, student: Student, newcomer: Callable) -> None:
    """while another program holds the file, 14 writes wait: registrations, posts, messages; others are answered"""
    did, late = "lock the file as another program would, write 14 times, and GET /openapi.json again and again", False
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
            began = time.monotonic()
            while not late and time.monotonic() < began + 1:
                late = not wait([pool.submit(app.get, "/openapi.json")], began + HELD - time.monotonic()).done
                time.sleep(PAUSE)
        got = "no answer until the file was free again"
        expect(not late, did=did, expected="answers while the writes still wait", got=got, why=WAITS, life=app.life)
        for write in writes:
            write.result().expect(201, 503, why="A lock that is held for less than 5 seconds is waited for.")


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
        answered = pings(app, PINGS, lambda: not slow.done())
        expect(
            answered == PINGS, did="POST /posts where a trigger makes the INSERT slow, and GET /openapi.json again and again", why=WAITS,
            expected="answers while the statement runs", got=f"{answered} answers, then none until the post was stored", life=app.life,
        )  # fmt: skip
