"""the default database"""

from collections.abc import Callable
from pathlib import Path

from grader.app import App
from grader.check import check
from grader.expect import expect
from grader.student import Student

PLACE = (
    "A relative path is looked up from the working directory: wherever somebody happens to stand. Start from __file__."
)
PARENTS = "Start from __file__, this very file, and count its parents: the first is app/, the second is where the database belongs."
SAME = "Each start must find the file of the last one: the same name, in the same place, and nothing in it may be thrown away."


def is_database(path: Path) -> bool:
    """Whether a file is one of SQLite's."""
    return path.is_file() and path.read_bytes()[:15] == b"SQLite format 3"


def start(student: Student, root: Path, cwd: Path) -> App:
    """The app of a copy, started with no DATABASE_URL from some directory."""
    return student.start(root=root, cwd=cwd, env={"DATABASE_URL": None})


@check("1.13", points=2, needs="1.6/at-start-up", lesson="where-the-file-lies")
def test_beside_the_app(student: Student) -> None:
    """without DATABASE_URL the file lies beside app/, wherever the server is started"""
    root = student.writable_copy()
    cwd = student.directory("elsewhere")
    start(student, root, cwd).get("/").expect(200, look="page")
    did = "start the server in another directory, without DATABASE_URL; then look beside app/"
    found = [path.name for path in root.iterdir() if is_database(path)]
    stray = [f"{path.name} in the working directory" for path in cwd.iterdir()]
    stray += [f"it is {path.relative_to(root)}" for path in root.rglob("*") if is_database(path)]
    got = f"no database there; {stray[0]}" if stray else "no database there"
    why = PLACE if "working directory" in got else PARENTS
    expect(bool(found), did=did, expected="a database file, chat.db say", got=got, why=why, look="default_url.return")


@check("1.13", points=2, needs=("1.13/beside-the-app", "1.12/stored-before-broadcast"), lesson="where-the-file-lies")
def test_the_history_is_still_there(student: Student, newcomer: Callable, history: Callable) -> None:
    """stop it, start it from another directory: the history is still there"""
    root = student.writable_copy()
    app = start(student, root, student.directory("one"))
    person = newcomer(app)
    with app.socket(person.username) as socket:
        socket.open(look="chat").send("remember me")
        socket.until(f"Client #{person.username} says: remember me", look="chat")
    app.kill()
    app = start(student, root, student.directory("two"))
    answer = app.post("/token", form={"username": person.username, "password": person.password})
    did = "send a message, kill the server, start it from another directory, log in again"
    found: object = answer
    if answer.status == 200:
        person.token = answer.expect_keys("access_token")["access_token"]
        found = [message.get("content") for message in history(app, person)]
    expect(
        found == ["remember me"],
        did=did,
        expected="200, the user is still there; and the history, ['remember me']",
        got=found,
        why=SAME,
        look="default_url.return",
    )
