"""sample data"""

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from grader.app import App
from grader.check import check
from grader.expect import expect
from grader.student import Student

DID = "python -m app.sample_data"
OF_AUTHOR = "posts WHERE author_id IN (SELECT id FROM users WHERE email = ?) ORDER BY title"
CELLS = re.compile(r"[|,;:=/]")
SEPARATORS = re.compile(r"[\s|/,;:=]+")
THERE = {"users": "username || ' (' || role || ')'", "posts": "title || iif(published, ' (published)', ' (draft)')"}
ROLES = "ADMIN and AUTHOR are two users, each with a role. create_user makes a reader, so add_user has to set the role."
POSTS = "The author's POSTS are stored too, each published or not as it says there, and before the last commit."
UNCOMMITTED = "The functions flush. Whoever opened the session commits: here that is main."
PERSON = "ADMIN and AUTHOR hold a username, an email, a full name and a role: all four go into the row of that user."
CHANGED = "What is there stays as it is: look whether it is there, and add only what is missing."
NOTED = "made[username] = password stands behind create_user, where a user was made: whoever was there, or could not be made, has no new password."
COLUMNS = 4  # of ADMIN, of AUTHOR, and of each of POSTS
COMMON = ("admin", "password", "admin123", "password123", "secret", "changeme", "author", "123456", "test", "letmein")


def contents(student: Student) -> list[list[tuple]]:
    """Users and posts, as they stand in the file."""
    return [
        student.database.rows(
            "SELECT id, username, email, full_name, role, is_active, hashed_password FROM users ORDER BY id"
        ),
        student.database.rows("SELECT id, title, author_id, published, content FROM posts ORDER BY id"),
    ]


def given(student: Student, name: str) -> list[tuple[Any, ...]]:
    """The tuple, or the tuples, that app/sample_data.py gives that name; none where it does not write out four values each."""
    with suppress(OSError, SyntaxError, ValueError, TypeError):
        for node in ast.parse((student.submission.root / "app" / "sample_data.py").read_bytes()).body:
            match node:
                case ast.Assign([ast.Name(target)], value) | ast.AnnAssign(ast.Name(target), _, value) if value:
                    if target == name:
                        found = ast.literal_eval(value)
                        rows = [found] if isinstance(found, tuple) else list(found)
                        return [row for row in rows if isinstance(row, tuple) and len(row) == COLUMNS]
    return []


def expect_some(student: Student, what: str, table: str, where: str) -> None:
    """Fail unless the table has such rows; without any user nothing at all was committed."""
    database, (why, look) = student.database, (ROLES, "add_user") if table == "users" else (POSTS, "seed")
    if not database.value("SELECT count(*) FROM users"):
        why, look = UNCOMMITTED, "main.session"
    there = ", ".join(str(each) for (each,) in database.rows(f"SELECT {THERE[table]} FROM {table}"))
    expect(
        database.value(f"SELECT count(*) FROM {table} WHERE {where}") > 0, did=DID, expected=what, got=f"{table}: {there or 'none'}",
        why=why, look=look, life=student.lives[-1],
    )  # fmt: skip


@check("2.11", points=1, needs=("2.5", "2.4", "2.8"), lesson="sample-data")
def test_something_to_look_at(student: Student, probe: Callable) -> None:
    """it makes an admin, an author, published posts and drafts, with tags"""
    probe("sql.sample_data", DID, look="seed")
    database = student.database
    expect(
        database.path.is_file() and "users" in database.tables(),
        did=DID,
        expected="a file at DATABASE_URL, with tables",
        got="no such file, or no table users in it",
        why="DatabaseManager() opens the file at DATABASE_URL, which may be new: main makes its tables, then writes into them.",
        look="main",
        life=student.lives[-1],
    )
    expect_some(student, "a user with the role admin", "users", "role = 'admin'")
    expect_some(student, "an author who is not the admin", "users", "role != 'admin'")
    users = database.rows("SELECT username, email, full_name, role FROM users")
    for name in ("ADMIN", "AUTHOR"):
        people = given(student, name)
        expect({*people} <= {*users}, did=DID, expected=f"{name}, {people}", got=users, look="add_user",
               why=PERSON, life=student.lives[-1])  # fmt: skip
    expect_some(student, "published posts", "posts", "published = 1 AND author_id IN (SELECT id FROM users)")
    expect_some(student, "drafts", "posts", "published = 0 AND author_id IN (SELECT id FROM users)")
    wanted = [(title, content, bool(published)) for title, content, _, published in given(student, "POSTS")]
    rows = database.rows("SELECT title, content, published FROM posts")
    posts = [(title, content, bool(published)) for title, content, published in rows]
    expect({*wanted} <= {*posts}, did=DID, expected=f"title, content and published of POSTS: {wanted}", got=posts, look="seed",
           why=POSTS, life=student.lives[-1])  # fmt: skip
    if "tags" in {name for (name,) in database.rows("SELECT name FROM pragma_table_info('posts')")}:
        tags = [tags for (tags,) in database.rows("SELECT tags FROM posts") if tags and tags not in ("[]", "null")]
        expect(bool(tags), did=DID, expected="posts with tags", got="no post has a tag", look="seed",
               why="POSTS says which tags each post has: create_post takes them.")  # fmt: skip


@check("2.11", points=1, needs="2.11/something-to-look-at", lesson="sample-data")
def test_twice(student: Student, insert: Callable) -> None:
    """a second run adds nothing, and on a file with other users these stay as they are"""
    did = "seed(session) on a file with three users; commit; and once more"
    why = "Look for what is there before you add it. Ids are what the database gives: 1 may be anybody."
    with student.probing("02_async_crud_sql.seeded", did) as probe:
        probe.next()
        for _ in range(3):
            insert("users")
        strangers = contents(student)[0]
        states, said = [], []
        for _ in range(2):
            probe.go_on()
            said.append(probe.next())
            states.append(contents(student))
        users, posts = states[0]
        expect(
            users[:3] == strangers,
            did=did,
            expected="the three as they were",
            got=users[:3],
            why=why,
            look="seed",
            life=probe.life,
        )
        owners = {post[2] for post in posts} & {stranger[0] for stranger in strangers}
        expect(
            bool(posts) and not owners,
            did=did,
            expected="posts of the sample author",
            got=f"posts {[post[:4] for post in posts]}",
            why=why,
            look="seed",
        )
        counts = [f"{len(users)} users and {len(posts)} posts" for users, posts in states]
        expect(
            states[1] == states[0],
            did=did,
            expected=counts[0],
            got=f"{counts[1]} after the second run",
            why=why,
            look="seed",
        )
        invented = sorted(name for name, *_ in given(student, "ADMIN") + given(student, "AUTHOR"))
        expect(
            said == [invented, []] or not invented, did=f"{did}; look at what seed gives back", look="add_user", life=probe.life,
            expected=f"passwords for {', '.join(invented)}; then none", got=" then ".join(str(each) for each in said), why=NOTED,
        )  # fmt: skip
        database, last = student.database, strangers[-1][0]
        database.write("UPDATE users SET role = 'author', full_name = 'Changed', is_active = 0 WHERE id > ?", [last])
        database.write("UPDATE posts SET content = 'changed', published = NOT published")
        before = contents(student)
        probe.go_on()
        probe.next()
        for was, now, look in zip(before, contents(student), ("add_user", "seed"), strict=True):
            expect(
                now == was,
                did="seed(session), commit; change the sample users and posts by hand; seed again",
                expected="all as it was changed",
                got=[row for row in now if row not in was],
                why=CHANGED,
                look=look,
                life=probe.life,
            )


@check("2.11", points=1, needs=("2.11/twice", "2.5/taken"), lesson="sample-data")
def test_strangers(student: Student, insert: Callable) -> None:
    """a post that is missing comes back; whoever else has its title, or the author's name, keeps what is theirs"""
    database, did = student.database, "seed(session); commit"
    with student.probing("02_async_crud_sql.seeded", did) as probe:
        probe.next()
        probe.go_on()
        probe.next()
        (name, email), *_ = database.rows(
            "SELECT username, email FROM users WHERE id IN (SELECT author_id FROM posts) ORDER BY id DESC"
        )
        titles = database.rows(f"SELECT title FROM {OF_AUTHOR}", [email])
        database.write("DELETE FROM posts WHERE title = ?", titles[0])
        insert("posts", author_id=insert("users"), title=titles[0][0])
        probe.go_on()
        probe.next()
        found = database.rows(f"SELECT title FROM {OF_AUTHOR}", [email])
        expect(
            found == titles,
            did=f"{did}; delete one post of the author, let somebody else write one of this title; seed again",
            expected=f"the author's {len(titles)} posts, as before",
            got=f"{len(found)} posts",
            why="Whose posts are looked at? What is missing is what this author has not written.",
            look="seed",
            life=probe.life,
        )
        database.write("DELETE FROM posts WHERE author_id IN (SELECT id FROM users WHERE email = ?)", [email])
        [(admin, of_admin)] = database.rows("SELECT username, email FROM users WHERE role = 'admin'")
        database.write(
            "UPDATE users SET email = 'x' || email, role = 'reader' WHERE email IN (?, ?)", [email, of_admin]
        )
        theirs = (
            ("what is told of them", "username, email, full_name, role", "users WHERE username = ?", name, "add_user"),
            ("their password", "hashed_password", "users WHERE username = ?", name, "add_user"),
            ("their posts", "title", OF_AUTHOR, f"x{email}", "seed"),
            ("what is told of them", "username, email, full_name, role", "users WHERE username = ?", admin, "seed"),
        )
        before = [database.rows(f"SELECT {columns} FROM {where}", [value]) for _, columns, where, value, _ in theirs]
        probe.go_on()
        probe.next()
        for wanted, (what, columns, where, value, look) in zip(before, theirs, strict=True):
            found = database.rows(f"SELECT {columns} FROM {where}", [value])
            expect(
                found == wanted,
                did=f"{did}, where somebody with another email is called {admin if value == admin else name}; look at {what}",
                expected=wanted or "nothing",
                got=found,
                why="A name alone does not say who it is: the email tells a stranger from the sample author.",
                look=look,
                life=probe.life,
            )
        for email_of, who in ((email, name), (of_admin, admin)):
            database.write("UPDATE users SET username = 'x' || username, email = ? WHERE username = ?", [email_of, who])
            probe.did = f"{did}, where {email_of} is the email of somebody with another name"
            probe.go_on()
            said = probe.next()
            expect(
                who not in (said or ()), did=f"{probe.did}; look at what seed gives back", expected=f"no password for {who}",
                got=f"passwords for {said}", why=NOTED, look="add_user", life=probe.life,
            )  # fmt: skip


def guesses(student: Student) -> list[str]:
    """What somebody would try who has read the source: its texts."""
    found = set(COMMON)
    for path in sorted((student.submission.root / "app").rglob("*sample_data*")):
        with suppress(OSError, SyntaxError, ValueError):
            found |= {
                node.value
                for node in ast.walk(ast.parse(path.read_bytes()))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
    return sorted(text for text in found if 0 < len(text) < 60 and "\n" not in text)[:100]


def logs_in(app: App, username: str, passwords: list[str]) -> list[str]:
    """Those of the passwords with which this user can log in."""
    return [
        text for text in passwords if app.post("/token", form={"username": username, "password": text}).status == 200
    ]


def _pieces(line: str) -> Iterator[str]:
    """What could be a password in a printed line: what follows a separator, whole or up to the next one, bare or quoted."""
    for start in (0, *(found.end() for found in SEPARATORS.finditer(line))):
        rest = line[start:].strip()
        for piece in (rest, *rest.split()[:1], *SEPARATORS.split(rest)[:1], *CELLS.split(rest)[:1]):
            yield from (piece.strip(), piece.strip(" .,;:'\"`()[]{}<>"))


def printed_for(username: str, printed: str) -> list[str]:
    """What may be this user's password, the likeliest first: lines that name the user, the last of them first."""
    lines = printed.splitlines()[::-1]
    likely = [line for line in lines if username in line]
    pieces = dict.fromkeys(piece for line in [*likely, *lines] for piece in _pieces(line))
    return [piece for piece in pieces if 0 < len(piece) <= 72][:200]


def sample_data_anew(student: Student, probe: Callable, **env: str) -> str:
    """Run it on a new file, with these variables; what it prints."""
    for suffix in ("", "-wal", "-journal", "-shm"):
        student.database.path.with_name(student.database.path.name + suffix).unlink(missing_ok=True)
    probe("sql.sample_data", DID, env=env)
    return str(student.lives[-1].stdout.text() + student.lives[-1].stderr.text())


def expect_chosen(student: Student, probe: Callable, variable: str, who: str, other: str, before: str) -> None:
    """Fail unless the variable is one user's password, is not printed, and the other's is another than `before`."""
    chosen = student.name()
    printed, did = sample_data_anew(student, probe, **{variable: chosen}), f"{variable}={chosen} {DID}"
    expect(
        before not in printed, did=f"{DID}, on a new file", expected="another password", got="the same one", look="seed",
        why="What is made of the name, or of a fixed number, everybody can make again. secrets.token_urlsafe() nobody can.",
    )  # fmt: skip
    expect(
        chosen not in printed, did=did, expected="that password is not printed", got=f"it printed {printed[-200:]!r}", look="add_user",
        why="Whoever set the variable knows the password. What is printed stands in logs that others read: print what was invented.",
    )  # fmt: skip
    app = student.start()
    expect(
        not logs_in(app, other, [chosen]), did=f"{did}; then log in as {other} with it", expected="401", got="logged in", look="add_user",
        why="Each variable is for one user: ADMIN_PASSWORD for admin, AUTHOR_PASSWORD for author.", life=app.life,
    )  # fmt: skip
    expect(
        bool(logs_in(app, who, [chosen])), did=f"{did}; then log in as {who} with it", expected="they are logged in", got="they are not",
        why=f"Whoever sets {variable} wants this password: one is invented only where the environment has none.", look="add_user",
        life=app.life,
    )  # fmt: skip
    app.kill()


@check("2.11", points=1, needs=("2.11/something-to-look-at", "2.6"), lesson="sample-data")
def test_passwords(student: Student, probe: Callable) -> None:
    """the passwords are random, printed, not guessed, new in every database; or those of the environment"""
    probe("sql.sample_data", DID)
    printed = student.lives[-1].stdout.text() + student.lives[-1].stderr.text()
    username = student.database.value("SELECT username FROM users WHERE role = 'admin'")
    app = student.start()
    why = "A password in the source is known to everybody who can read it. secrets.token_urlsafe() makes one that nobody knows."
    known = logs_in(app, username, guesses(student))
    did = f"{DID}; then log in as {username} with texts that stand in its source, or that everybody tries"
    expect(
        not known, did=did, expected="401 each time", got=f"{known[:1]} logs in", why=why, look="seed", life=app.life
    )
    stored = student.database.value("SELECT hashed_password FROM users WHERE role = 'admin'")
    why, look = "Only its hash is stored: print it now, or nobody knows it.", "main"
    last = next((line for line in printed.splitlines()[::-1] if username in line), "")
    if stored in _pieces(last):
        why, look = (
            "Printed is the password, stored its hash (await hashing.hash_password): here both are the same text.",
            "add_user",
        )
    author = student.database.value("SELECT username FROM users WHERE id IN (SELECT author_id FROM posts)")
    tried = list(dict.fromkeys(printed_for(username, printed) + printed_for(author, printed)))
    mine, theirs = logs_in(app, username, tried), logs_in(app, author, tried)
    for who, working in ((username, mine), (author, theirs)):
        expect(
            bool(working), did=f"{DID}; then log in as {who} with what it has printed", expected="a password that works",
            got=f"it printed {printed[-200:]!r}", why=why, look=look,
        )  # fmt: skip
    expect(
        not {*mine} & {*theirs}, did=f"{DID}; then log in as {author} with the password of {username}", expected="401",
        got="logged in", why="Who is told one password has both: invent one for each user.", look="add_user", life=app.life,
    )  # fmt: skip
    app.kill()
    expect_chosen(student, probe, "AUTHOR_PASSWORD", author, username, mine[0])
    expect_chosen(student, probe, "ADMIN_PASSWORD", username, author, theirs[0])
