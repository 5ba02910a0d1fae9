"""posts and their tags"""

import datetime
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from grader.answers import Answer, same
from grader.app import App
from grader.check import check
from grader.expect import CheckFailed, expect
from grader.student import Student

NEEDS = ("2.2", "2.3", "2.4", "2.5", "2.6")
PLACE = "A change inside a list is not a new list: SQLAlchemy sees it only in a type that watches, such as MutableList.as_mutable(...)."
COMMITTED = "Nothing is in the file before commit(): get_session commits when the route went well."
EMPTY = (
    "Rows from before your program hold NULL, or the JSON value null. Both are read as None, and None is not a list."
)
STORED = "What create_post is given goes into the columns of the same names: Post(title=title, ...). What is left out is NULL, or the default."
FOUND = "get_post gives the post of this id, together with its author; whether it is a draft is asked elsewhere."
CHANGES = "`changes` says what changes: what is in it replaces what was there, also [] and False. All else stays, and what a client may not set is not taken."
SAID = "What a function gives back says what happened: the post, True or False, None. Who calls it sees nothing else."
DRAFT = "A 403 would tell that there is something. A draft does not exist for anybody but its author."
NOBODY = "A post belongs to somebody: who writes one has to log in first."
CALLED = "default=utc_now is a function that is called for every row; utc_now() is one time, that of the start."
ZONE = "The time is taken in UTC and told with its zone: utc_now() says it. datetime.now() alone is the time of the wall clock."
MOVES = "A default is taken at INSERT only. onupdate=... is taken again at every UPDATE."
BACK = "It went back: one of the two times counts whole seconds, the other counts finer. Take both from the same clock."
TOO_EARLY = "The answer to PATCH is read from the database: the change has to be written before. A session does so by itself (autoflush), or flush() does."
TIDY = "A list has an order and may hold a value twice. What was sent comes back, nothing tidied: no sort, no set, no strip, no lower."
AS_THEY_WENT_IN = (
    "Keep the list as JSON: text joined with commas falls apart when a tag holds a comma, a quote, or nothing."
)
LIST_200 = [f"tag number {number}" for number in range(200)]
TAGS: tuple[list[str], ...] = (
    [], [""], ["python", "SQLite"], ["b", "a", " a ", "b"], ["a,b", "c;d", "[]", "null", "1"], ['say "hi"', "it's", "back\\slash", "%_"],
    ["naïve", "日本語", "\N{HEDGEHOG}", "two\nlines"], LIST_200,
)  # fmt: skip


def expect_post(answer: Answer, wanted: dict[str, Any], why: str, look: str) -> dict[str, Any]:
    """Fail unless the answer is 200 and a post with exactly these values."""
    found = answer.expect(200, why=why, look=look).expect_keys("id", "author", *wanted, look=look)
    if not same({name: found[name] for name in wanted}, wanted):
        raise answer.failed(f"a post with {wanted}", why=why, look=look)
    return found


def moment(text: object) -> datetime.datetime | None:
    """A time with its zone, or None."""
    try:
        found = datetime.datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def expect_now(app: App, did: str, found: Any, column: str, look: str) -> None:
    """Fail unless this time of an answer is about now; the program's clock shows the time of Tokyo."""
    now, told = datetime.datetime.now(datetime.UTC), moment(found.get(column))
    expect(
        told is not None and abs(told - now) < datetime.timedelta(minutes=10), did=f"{did}, with the clock of Tokyo (TZ=Asia/Tokyo)",
        expected=f"{column} about {now:%Y-%m-%dT%H:%M}Z", got=f"{column} {found.get(column)}", why=ZONE, look=look, life=app.life,
    )  # fmt: skip


@check("2.8", points=2, needs=NEEDS)
def test_written_and_read(app: App, student: Student, newcomer: Callable) -> None:
    """a post is stored under its author, and read with its author"""
    person = newcomer(app)
    body = {
        "title": f"On {student.name()}",
        "content": "First line.\nSecond line.",
        "tags": ["python", "sqlite"],
        "published": True,
    }
    answer = app.post("/posts", token=person.token, json=body).expect(201, look="create_post")
    post = answer.expect_keys("id", *body, "created_at", "updated_at", "author", look="create_post")
    sql = "SELECT count(*) FROM posts WHERE id = ? AND title = ? AND author_id = ? AND published = 1"
    there = student.database.rows("SELECT title, author_id, published FROM posts WHERE id = ?", [post["id"]])
    expect(
        student.database.value(sql, [post["id"], body["title"], person.id]) == 1, did=answer.did, life=app.life,
        expected=f"a row with title, author_id, published: {(body['title'], person.id, 1)}",
        got=there or "there is no such row", why=STORED if there else COMMITTED, look="create_post",
    )  # fmt: skip
    author = {"username": person.username, "full_name": person.full_name}
    read = app.get(f"/posts/{post['id']}")
    why, look = (STORED, "create_post") if read.status == 200 else (FOUND, "get_post")
    found = expect_post(read, body | {"id": post["id"]}, why, look)
    if (
        type(found["id"]) is not int
        or not isinstance(found["author"], dict)
        or not author.items() <= found["author"].items()
    ):
        raise read.failed(
            f"the post with its author, {author}",
            look="AuthorOut",
            why="PostOut names what goes out, and author is a schema inside it: the query loads both.",
        )
    if person.email in read.text or "hashed" in read.text:
        raise read.failed(
            "an author without email and hash",
            look="AuthorOut",
            why="What the public may see of a user is a schema of its own.",
        )


@check("2.8", points=1, needs="2.8/written-and-read", testimony=True, lesson="changes-and-deletions")
def test_functions(student: Student) -> None:
    """create_post, get_post, update_post and delete_post keep their contracts"""
    title = student.name()
    did = "by hand: create_post(session, author, title, content), a second one with tags=('a', 'b'); change the first, then nothing of it, delete the second; the same to one that is not there"
    said = student.probe("02_async_crud_posts.by_hand", did, username=student.name(), title=title)
    changed = {"update_post, title": True, "update_post, {}": True}
    wanted: dict[str, Any] = {
        "made": [title, "first", [], False], "tuple": ["a", "b"], "changed": [f"{title} again", "first", ["c"], False],
        "deleted": None, "answers": {**changed, "update_post, tags": True, "delete_post": True},
        "for none": {**dict.fromkeys(changed, False), "delete_post": False, "get_post": None},
    }  # fmt: skip
    concerns = {"made": "create_post", "tuple": "create_post", "deleted": "delete_post", "changed": "update_post"}
    for part, wish in wanted.items():
        expected, got, look = wish, said.get(part) if isinstance(said, dict) else said, concerns.get(part, "")
        if isinstance(expected, dict) and isinstance(got, dict):  # only the answers that are wrong are shown
            wrong = [name for name in expected if not same(got.get(name), expected[name])]
            look = wrong[0].partition(",")[0] if wrong else ""
            got, expected = ({name: each.get(name) for name in wrong} for each in (got, expected))
        expect(
            same(got, expected),
            did=f"{did}: {part}",
            expected=str(expected),
            got=got,
            look=look,
            why={"changed": CHANGES, "made": STORED, "tuple": STORED}.get(part, SAID),
        )
    where = "title = ? AND content = 'first' AND NOT published AND author_id = (SELECT min(id) FROM users)"
    did += "; look for the first, changed, and still its author's"
    student.database.expect_rows(1, "posts", where, [f"{title} again"], did=did, look="update_post", why=CHANGES)


def tidied(answer: Answer, tags: list[str]) -> bool:
    """Whether these tags came back whole, but in another order, fewer of them, in small letters or without spaces around."""
    try:
        found = answer.json()["tags"]
        return len(tags) < len(LIST_200) and {text.strip().lower() for text in tags} == {
            text.strip().lower() for text in found
        }
    except (CheckFailed, LookupError, TypeError, AttributeError):
        return False


@check("2.8", points=1, needs="2.8/written-and-read", lesson="lists-as-json")
def test_tags_come_back(app: App, newcomer: Callable, write_post: Callable) -> None:
    """tags come back as they went in: none, 200 of them, quotes, commas, every script"""
    person = newcomer(app)
    ids = [(write_post(app, person, tags=tags)["id"], tags) for tags in TAGS]
    for post_id, tags in ids:
        answer = app.get(f"/posts/{post_id}")
        expect_post(answer, {"tags": tags}, TIDY if tidied(answer, tags) else AS_THEY_WENT_IN, "create_post")
    first, longest = ids[0][0], ids[-1][0]
    for post_id, tags in ((first, TAGS[6]), (longest, [])):
        expect_post(
            app.patch(f"/posts/{post_id}", token=person.token, json={"tags": tags}),
            {"tags": tags},
            CHANGES,
            "update_post",
        )
        expect_post(app.get(f"/posts/{post_id}"), {"tags": tags}, AS_THEY_WENT_IN, "update_post")


@check("2.8", points=1, needs="2.8/written-and-read", lesson="changes-in-place")
def test_changed_in_place(student: Student) -> None:
    """post.tags.append(...), then commit: it is saved; so are other changes in place"""
    did = 'post.tags.append("new"), or .remove("out"), or .extend(["new"]), or post.tags[0] = "new", then commit; then read the post in another process'
    student.probe("02_async_crud_posts.changed_in_place", did, username=student.name())
    app = student.start()
    for title, tags in (
        ("a title", ["old", "new"]),
        ("another", ["new"]),
        ("a third", ["old"]),
        ("a fourth", ["old", "new"]),
        ("a fifth", ["new"]),
    ):
        number = student.database.value("SELECT id FROM posts WHERE title = ?", [title])
        answer = app.get(f"/posts/{number}").expect(200, look="create_post", why=COMMITTED)
        found = answer.expect_keys("tags")["tags"]
        expect(found == tags, did=did, expected=str(tags), got=found, why=PLACE, look="make_tag_type", life=app.life)


@check("2.8", points=1, needs="2.8/written-and-read", lesson="lists-as-json")
def test_old_rows(app: App, probe: Callable, newcomer: Callable, write_post: Callable, copy_row: Callable) -> None:
    """tags that are NULL or JSON null in the file are read as an empty list, to which one can append"""
    post = write_post(app, newcomer(app))
    for tags in ("NULL", "'null'"):
        number = copy_row("posts", post["id"], tags=tags)
        answer = app.get(f"/posts/{number}")
        answer = replace(answer, did=f"GET a post whose tags are {tags} in the file")
        expect_post(answer, {"tags": [], "title": post["title"]}, EMPTY, "TagList")
        did = f'post.tags.append("new"), where tags are {tags} in the file; commit'
        probe("posts.append", did, post_id=number, why=EMPTY, look="TagList")


@check("2.8", points=1, needs="2.8/written-and-read", lesson="changes-and-deletions")
def test_patched(app: App, student: Student, newcomer: Callable, write_post: Callable) -> None:
    """PATCH changes what is sent and nothing else: one field, none, null, fields that are not the client's"""
    person, post = newcomer(app), write_post(app, other := newcomer(app), tags=["a"], content="as it was")
    path = f"/posts/{post['id']}"
    unchanged = {name: post.get(name) for name in ("id", "title", "content", "tags", "published", "created_at")}
    changes: list[dict[str, Any]] = [{"title": student.name()}, {"content": "as it is"}, {"tags": ["b", "c"]}, {}]
    for change in (*changes, {"published": False}, {"published": True}):
        unchanged |= change
        for answer in (app.patch(path, token=other.token, json=change), app.get(path, token=other.token)):
            expect_post(answer, unchanged, CHANGES, "update_post")
    changes = [{"title": None}, {"content": None}, {"id": post["id"] + 1}, {"created_at": "2001-01-01T00:00:00Z"}]
    for change in (*changes, {"author_id": person.id}):  # last: it would be somebody else's then
        app.patch(path, token=other.token, json=change).expect(200, 422, why=CHANGES, look="update_post")
        expect_post(app.get(path, token=other.token), unchanged, CHANGES, "update_post")
    student.database.expect_rows(
        1, "posts", "author_id = ?", [other.id], did=f"PATCH {path} with author_id", why=CHANGES, look="update_post"
    )


@check("2.8", points=1, needs="2.8/written-and-read")
def test_updated_at(student: Student, newcomer: Callable, write_post: Callable) -> None:
    """updated_at moves with every change, created_at stays; each new post, and user, has its own; all in UTC"""
    app = student.start(env={"TZ": "JST-9"})
    person = newcomer(app)
    while time.time() % 1 > 0.5:  # the first change comes in the same second: a clock of whole seconds goes back
        time.sleep(0.01)
    post = write_post(app, person)
    expect_now(app, "POST /posts", post, "created_at", "Post.created_at")
    found, path = post, f"/posts/{post['id']}"
    for field in ("content", "title", "tags", "published"):
        before, end, number = moment(found.get("updated_at")), time.monotonic() + 8, 0
        while True:
            number += 1
            value = {"tags": [f"version {number}"], "published": number % 2 == 0}.get(field, f"version {number}")
            answer = app.patch(path, token=person.token, json={field: value})
            found = expect_post(answer, {"created_at": post.get("created_at"), field: value}, MOVES, "update_post")
            after = moment(found.get("updated_at"))
            if before is None or after is None or after != before or time.monotonic() > end:
                break
            time.sleep(0.02)  # the clock may count whole seconds
        expect_now(app, answer.did, found, "updated_at", "Post.updated_at")
        if before is None or after is None or not before < after:
            why = BACK if before and after and after < before else MOVES
            raise answer.failed(
                f"updated_at later than {before or post.get('updated_at')}", why=why, look="Post.updated_at"
            )
    read = replace(
        app.get(path, token=person.token), did=f"{answer.did}, which answers an updated_at; then GET the post"
    )
    expect_post(read, {"updated_at": found.get("updated_at")}, TOO_EARLY, "update_post")

    def register() -> Any:
        name = student.name()
        body = {"username": name, "email": f"{name}@example.com", "password": f"{name}-secret"}
        return app.post("/register", json=body).expect(201, look="register").json()

    expect_now(app, "POST /register", register(), "created_at", "User.created_at")

    makers: tuple[tuple[str, str, Callable[[], Any]], ...] = (
        ("POST /posts", "Post.created_at", lambda: write_post(app, person)),
        ("POST /posts", "Post.updated_at", lambda: write_post(app, person)),
        ("POST /register", "User.created_at", register),
    )
    for did, look, made in makers:
        column = look.partition(".")[2]
        first, end = made().get(column), time.monotonic() + 8
        while (second := made().get(column)) == first and time.monotonic() < end:
            time.sleep(0.1)
        expect(
            second != first, did=f"{did}, again and again for seconds", expected=f"another {column} than {first}",
            got=f"{second} each time", why=CALLED, look=look, life=app.life,
        )  # fmt: skip


@check("2.8", points=1, needs="2.8/written-and-read")
def test_whose_post(app: App, student: Student, newcomer: Callable, write_post: Callable) -> None:
    """without a token 401, somebody else's post 403, no post 404; a draft is 404 to all but its author"""
    author, other = newcomer(app), newcomer(app)
    post, draft = write_post(app, author)["id"], write_post(app, author, published=False)["id"]
    app.post("/posts", json={"title": "nobody's", "content": "..."}).expect(401, why=NOBODY, look="write_post")
    for number, token, status in (
        (post, None, 401), (post, other.token, 403), (draft, other.token, 404), (draft + 7, author.token, 404),
    ):  # fmt: skip
        app.patch(f"/posts/{number}", token=token, json={"title": "mine"}).expect(
            status, why=DRAFT, look="find_own_post"
        )
        app.delete(f"/posts/{number}", token=token).expect(status, why=DRAFT, look="find_own_post")
    student.database.expect_rows(
        2, "posts", "title <> 'mine'", did="PATCH and DELETE by others", look="find_own_post", why=DRAFT
    )
    for number, token, status in (
        (draft, None, 404), (draft, other.token, 404), (draft + 7, None, 404), (draft, author.token, 200), (post, None, 200),
    ):  # fmt: skip
        app.get(f"/posts/{number}", token=token).expect(status, why=DRAFT, look="find_post")
    app.get(f"/posts/{10**20}").expect(404, 422, why="A number that SQLite cannot hold is no post's.", look="find_post")
    app.delete(f"/posts/{post}", token=author.token).expect(204, look="delete_post")
    app.get(f"/posts/{post}").expect(404, why="204 says that it is done: nobody finds it any more.", look="delete_post")
    student.database.expect_rows(
        0, "posts", "id = ?", [post], did=f"DELETE /posts/{post}", look="delete_post", why=COMMITTED
    )
