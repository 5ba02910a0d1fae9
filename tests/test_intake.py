"""Only regular files come in, within bounds, and each refusal is said."""

import os

import pytest

from grader.submissions import intake


@pytest.fixture
def app(tmp_path):
    app = tmp_path / "app"
    app.mkdir()
    (app / "main.py").write_text("x = 1")
    return app


def taken(app):
    target = app.parent / "taken"
    notes = intake.take(app, target)
    return {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}, notes


def test_python_and_static_files_come_in_and_nothing_else(app):
    for name in (
        "sub/models.py",
        "static/client.html",
        "static/deep/a.css",
        "notes.txt",
        "chat.db",
        "__pycache__/x.py",
        ".git/h.py",
    ):
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).touch()
    assert taken(app) == ({"main.py", "sub/models.py", "static/client.html", "static/deep/a.css"}, ())


def test_the_copy_has_the_same_bytes(app):
    (app / "main.py").write_bytes(b"\xff\0x")
    taken(app)
    assert (app.parent / "taken" / "main.py").read_bytes() == b"\xff\0x"


def test_an_empty_folder_gives_an_empty_folder(tmp_path):
    (tmp_path / "app").mkdir()
    assert taken(tmp_path / "app") == (set(), ())


def test_links_are_left_out(app, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.py").write_text("key")
    (app / "link.py").symlink_to(tmp_path / "secret" / "key.py")
    (app / "nowhere.py").symlink_to(tmp_path / "nothing")
    (app / "folder").symlink_to(tmp_path / "secret")
    files, notes = taken(app)
    assert files == {"main.py"}
    assert len(notes) == 3
    assert all("link" in note or "symbolic" in note.lower() for note in notes)


def test_the_app_folder_itself_may_not_be_read_through_a_linked_static_folder(app, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.html").write_text("key")
    (app / "static").symlink_to(tmp_path / "secret")
    assert taken(app) == ({"main.py"}, ("app/static is a link and was left out",))


def test_a_pipe_does_not_hang_the_reader(app):
    os.mkfifo(app / "pipe.py")
    assert taken(app) == ({"main.py"}, ("app/pipe.py was left out: not a regular file",))


@pytest.mark.parametrize("name", ["a b.py", "mаin.py", "new\nline.py", "dollar$.py", "ünï.py", "\x1b[31m.py"])  # noqa: RUF001 -- a look-alike
def test_a_name_with_other_characters_is_refused_and_shown_harmlessly(app, name):
    (app / name).write_text("x = 1")
    files, (note,) = taken(app)
    assert files == {"main.py"}
    assert "a name may hold" in note
    assert note.isascii()
    assert note.isprintable()


def test_too_much_python_is_left_out(app):
    (app / "many.py").write_bytes(b"#" * (intake.MOST_BYTES + 1))
    assert taken(app) == ({"main.py"}, ("app/many.py was left out: too large",))


def test_static_files_have_a_bound_of_their_own(app, monkeypatch):
    monkeypatch.setattr(intake, "MOST_STATIC", 10)
    (app / "static").mkdir()
    for name in "ab":
        (app / "static" / name).write_bytes(b"12345678")
    assert taken(app) == ({"main.py", "static/a"}, ("app/static/b was left out: too large",))


def test_the_number_of_python_files_is_bounded(app):
    for number in range(intake.MOST_FILES):
        (app / f"a{number:02}.py").touch()
    files, notes = taken(app)
    assert len(files) == intake.MOST_FILES
    assert notes == ("app/main.py was left out: more than 50 Python files",)
