"""posts with their authors"""

from collections.abc import Callable
from typing import Any

from grader.app import App
from grader.check import check
from grader.expect import expect
from grader.student import Student

ORDER = "Rows that compare equal come in any order. Order by the time, and then by the id, which is never equal."
PAGE = "limit says how many there are on a page, skip how many come before it."
UNCUT = "limit cuts a page from the query. It changes no query, it gives a new one: query = query.limit(...)."
FIRST = "order_by says which comes first: what was created last, whatever was changed since. It changes no query, it gives a new one: query = query.order_by(...)."
PUBLIC = "What the public may see of a user is a schema of its own: no email, no hash."
DRAFTS = "Every way to a post must ask whether it is published, also the one that is added later."
LISTED = "Every way to a post must ask whether it is published. where() changes no query, it gives a new one: query = query.where(...)."
ONCE = "A join gives a row for every tag that fits. Ask whether there is one, with exists() or in_(), and the post comes once."
PAGE_LAST = (
    "where() says which posts, and the page is cut from those. What Python leaves out of a page is missing on it."
)
ALL = "All posts came: the tag left none out. where() changes no query, it gives a new one, query = query.where(...); and its condition is about the tags of the same post."
EXACT = "Compare whole tags, one by one (json_each); searching in the text of all tags finds pieces, and % and _ mean something to LIKE."
LOADED = "When the session is closed nothing can be loaded any more: the query must bring the authors along."
CONDITION = "where() needs a condition that the database can decide for each row: ==, in_(), and_(). Python decides is, and, or, not at once."
ASKED = "published=False asks for the drafts, and for nothing else."
BOUNDS = "To SQLite a negative LIMIT means no limit, and a number over 63 bits is an error."


def listed(app: App, person: Any = None, **params: Any) -> list[dict[str, Any]]:
    """GET /posts."""
    why = "What comes from outside is a value for the query, never a part of its text." if params else ""
    answer = app.get("/posts", token=person and person.token, params=params)
    answer.expect(200, why=why, look="get_posts_with_authors")
    found = answer.json()
    if not isinstance(found, list) or not all(
        isinstance(each, dict) and {"id", "title", "author"} <= each.keys() for each in found
    ):
        raise answer.failed(
            "a list of posts",
            look="read_posts.return",
            why="The answer is the list itself: nothing around it, and an empty list when there is nothing.",
        )
    return found


@check("2.9", points=2, needs="2.8", lesson="joins-against-n1")
def test_newest_first(app: App, newcomer: Callable, write_post: Callable) -> None:
    """GET /posts: newest first, each with the author's username and full name, and no more of the author"""
    people = [newcomer(app), newcomer(app)]
    posts = [write_post(app, people[number % 2], title=f"post {number}", tags=["a"]) for number in range(4)]
    app.patch(f"/posts/{posts[0]['id']}", token=people[0].token, json={"content": "as it is now"}).expect(
        200, look="update_post"
    )
    answer = app.get("/posts").expect(200, look="get_posts_with_authors")
    found = listed(app)
    if [post["id"] for post in found] != [post["id"] for post in posts[::-1]]:
        why = FIRST if len(found) == len(posts) else CONDITION
        raise answer.failed("the four posts, 'post 3' first", look="get_posts_with_authors", why=why)
    for number, post in zip((3, 2, 1, 0), found, strict=True):
        author = {"username": people[number % 2].username, "full_name": people[number % 2].full_name}
        if (
            not isinstance(post["author"], dict)
            or not author.items() <= post["author"].items()
            or post.get("tags") != ["a"]
        ):
            raise answer.failed(
                f"'post {number}' with its tags and its author, {author}",
                str(post),
                look="PostOut",
                why="PostOut names what goes out, and author is a schema inside it: the query loads both.",
            )
    if any(person.email in answer.text for person in people) or "hashed" in answer.text:
        raise answer.failed("authors without email and hash", look="AuthorOut", why=PUBLIC)


def expect_pages(app: App, ids: list[int], limit: int, what: str, **params: str) -> None:
    """Fail unless pages of so many posts are these, in this order."""
    skips = range(0, len(ids), limit)
    got = [post["id"] for skip in skips for post in listed(app, skip=skip, limit=limit, **params)]
    asked = "&".join(f"{name}={value}" for name, value in (params | {"limit": limit}).items())
    why = ORDER if len(got) == len(ids) else UNCUT if len(got) > len(ids) else PAGE
    why = ALL if params and not {*got} <= {*ids} else why
    expect(
        got == ids, did=f"GET /posts?{asked}, with skip={', '.join(map(str, skips))}; {what}", expected=f"the ids {ids}", got=got,
        why=why, look="get_posts_with_authors", life=app.life,
    )  # fmt: skip


@check("2.9", points=1, needs="2.9/newest-first")
def test_pages(app: App, student: Student, newcomer: Callable, write_post: Callable, copy_row: Callable) -> None:
    """skip and limit give pages that neither overlap nor leave out, also within one instant"""
    person = newcomer(app)
    _, middle, _ = (write_post(app, person)["id"] for _ in range(3))
    copy_row("posts", middle, 9)
    every = [id_ for (id_,) in student.database.rows("SELECT id FROM posts ORDER BY created_at DESC, id DESC")]
    expect_pages(app, every, 5, "ten of the posts were written at the same moment")
    number = len(listed(app))
    expect(
        number == 12,
        did="GET /posts, with 12 posts in the file",
        expected="12 posts",
        got=number,
        why="A page has up to limit posts: with 12 in the file, all of them.",
        look="get_posts_with_authors.limit",
        life=app.life,
    )
    tagged = [write_post(app, person, tags=["all"])["id"] for _ in range(3)]
    expect_pages(app, tagged[::-1], 2, "three posts have this tag", tag="all")


@check("2.9", points=1, needs="2.9/newest-first")
def test_bounds(app: App, newcomer: Callable, write_post: Callable) -> None:
    """limit goes from 1 to 100, skip from 0; anything else is 422, and nothing is 500"""
    write_post(app, newcomer(app))
    for params in ({"limit": -1}, {"limit": 0}, {"limit": 101}, {"limit": 10**20}, {"skip": -1}):
        app.get("/posts", params=params).expect(422, why=BOUNDS, look="read_posts")
    answer = app.get("/posts", params={"skip": 10**20})
    if answer.status != 422 and not (answer.status == 200 and answer.json() == []):
        raise answer.failed("422, or an empty list", why=BOUNDS, look="read_posts")
    for params in ({"limit": 100}, {"limit": 1, "skip": 0}):
        expect(
            len(listed(app, **params)) == 1,
            did=f"GET /posts with {params}",
            expected="the one post",
            got="none",
            why=BOUNDS,
            look="read_posts",
        )


@check("2.9", points=1, needs="2.9/newest-first")
def test_drafts(app: App, student: Student, newcomer: Callable, write_post: Callable) -> None:
    """a draft leaks nowhere: not in the list, not by tag, not on its author's page, not when it is withdrawn"""
    author, other, secret, tag = newcomer(app), newcomer(app), f"secret {student.name()}", student.name()
    write_post(app, author, title=secret, content=secret, tags=[tag], published=False)
    withdrawn = write_post(app, author, title=secret, tags=[tag])["id"]
    app.patch(f"/posts/{withdrawn}", token=author.token, json={"published": False}).expect(200, look="update_post")
    public = write_post(app, author, tags=[tag])["id"]
    for _ in range(2):
        write_post(app, author, title=secret, tags=[tag], published=False)
    for person in (None, other, author):
        for params in ({}, {"tag": tag}, {"skip": 0, "limit": 100}, {"limit": 2}):
            ids = [post["id"] for post in listed(app, person, **params)]
            expect(ids == [public], did=f"GET /posts {params or ''}", expected="the published post alone", got=ids, why=LISTED if ids else PAGE_LAST,
                   look="get_posts_with_authors", life=app.life)  # fmt: skip
        for path in (f"/users/{author.username}", "/posts?published=false", f"/posts?published=false&tag={tag}"):
            answer = app.get(path, token=person and person.token)
            if secret in answer.text:
                raise answer.failed("no draft", why=DRAFTS, look="get_posts_with_authors")


@check("2.9", points=1, needs="2.9/newest-first", lesson="searching-in-a-list")
def test_exact_tag(app: App, newcomer: Callable, write_post: Callable) -> None:
    """a tag is found exactly: no pieces of it, no wildcards, no other case, no SQL inside"""
    person = newcomer(app)
    stored = (
        ["java"],
        ["javascript", "web"],
        ['say "hi"'],
        ["100%"],
        ["naïve"],
        ["\N{HEDGEHOG}", "日本語"],
        ["o'brien"],
        ["a_b"],
        ["axb"],
        ["twice", "twice"],
    )
    posts = [(tags, write_post(app, person, tags=tags)["id"]) for tags in stored]
    none = ("script", "jav", "JAVA", "java%", "%", "_", "a%b", "Naïve", "NAÏVE", '"', 'java"', '["java"]', "java,web", "java ", ",", ", ", "u00ef",
            "' OR 1=1 --", "x') OR ('1'='1", '" OR ""="')  # fmt: skip
    wanted = [(tag, [number]) for tags, number in posts for tag in tags] + [(tag, []) for tag in none]
    for tag, expected in wanted:
        got = [post["id"] for post in listed(app, tag=tag)]
        found = [tags for id_ in got for tags, number in posts if number == id_]
        why = EXACT if len(got) == len({*got}) else ONCE
        why = ALL if expected and len(got) == len(posts) else why
        expect(got == expected, did=f"GET /posts?tag={tag}", expected="the one post that has it" if expected else "no post",
               got=f"posts with the tags {found}" if found else "no post", why=why, look="get_posts_with_authors", life=app.life)  # fmt: skip
    first = [post["id"] for post in listed(app, tag="java", limit=2)]
    expect(first == [posts[0][1]], did="GET /posts?tag=java&limit=2, with newer posts that do not have it", expected="the one post that has it",
           got=f"posts {first}" if first else "no post", why=PAGE_LAST, look="get_posts_with_authors", life=app.life)  # fmt: skip


@check("2.9", points=1, needs="2.9/newest-first", testimony=True, lesson="joins-against-n1")
def test_statements(app: App, newcomer: Callable, write_post: Callable, as_cheap: Callable) -> None:
    """50 posts by 50 authors cost no more statements than 5"""
    person = newcomer(app)
    of = ("posts", "author_id", write_post(app, person)["id"], person.id)
    as_cheap(app, lambda limit: listed(app, limit=limit), of, look="get_posts_with_authors")


@check("2.9", points=1, needs="2.9/newest-first", testimony=True, lesson="joins-against-n1")
def test_author_loaded(student: Student) -> None:
    """post.author is there when the session is closed; published=False gives the drafts, also with a tag, and in pages"""
    for published in (True, False):
        username = student.name()
        did = f"posts = await get_posts_with_authors(session, {published}); close the session; read post.author.username of each"
        got = student.probe(
            "02_async_crud_posts.authors_after_closing",
            did,
            username=username,
            published=published,
            draft=not published,
        )
        names = [f"{username}-{number}" for number in (1, 0)]
        wanted = [[f"post {number}", name, f"{name}@example.com"] for number, name in zip((1, 0), names, strict=True)]
        lists = [*got, None, None, None] if isinstance(got, list) else [None] * 3
        for what, found, wish in zip(
            ("", ', tag="a"', ", skip=1, limit=1"), lists, (wanted, wanted, wanted[1:]), strict=False
        ):
            expect(
                isinstance(found, list) and found[: len(wish)] == wish, expected=str(wish), got=found, look="get_posts_with_authors",
                did=did.replace(f"{published}", f"{published}{what}"), why=LOADED if published else ASKED,
            )  # fmt: skip
