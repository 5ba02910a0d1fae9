"""A line of the student's is found by a name, or by the frame of an error."""

import pytest

from grader import source
from grader.report import Line

TEXT = '''\
import x


async def create_user(
    db,
):
    """username is only spoken of here."""
    return 1


class User(Base):
    # username in a comment
    username = column(
        unique=True,
    )


email = 3
engine: Engine = None
class Broken(
'''


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "a.py").write_text(TEXT)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "number", "text"),
    [
        ("create_user", 4, "async def create_user("),
        ("User", 11, "class User(Base):"),
        ("User.username", 13, "    username = column("),
        ("User.email", 11, "class User(Base):"),
        ("engine", 19, "engine: Engine = None"),
        ("email", 18, "email = 3"),
        ("Broken", 20, "class Broken("),
    ],
)
def test_a_definition_is_found_by_its_name(folder, name, number, text):
    assert source.definition(folder, name) == Line(path="app/a.py", number=number, text=text.strip())


def test_of_two_definitions_the_one_where_the_task_is_done_counts(folder):
    (folder / "app" / "b.py").write_text("def create_user(): ...\n")
    assert source.definition(folder, "create_user", {"app/b.py"}).path == "app/b.py"
    assert source.definition(folder, "create_user", {"app/c.py"}).path == "app/a.py"


def test_a_file_that_is_given_comes_behind_those_with_a_todo(folder):
    (folder / "app" / "z.py").write_text("# TODO 9.9: store the user.\ndef create_user(): ...\n")
    assert source.definition(folder, "create_user").path == "app/z.py"
    assert source.definition(folder, "create_user", {"app/a.py"}).path == "app/a.py"


def test_what_is_not_defined_has_no_line(folder):
    assert source.definition(folder, "create") is None
    assert source.definition(folder / "nowhere", "User") is None


@pytest.mark.parametrize(
    ("number", "task"), [(1, ""), (3, ""), (5, "1.2"), (8, "1.2"), (10, ""), (12, "1.3"), (14, "1.5"), (15, "")]
)
def test_a_line_belongs_to_the_task_whose_todo_stands_above_it_in_its_block(number, task):
    text = (
        "import os\n\ndef listen(engine):\n    # TODO 1.2: listen.\n    @event\n    def on(connection):\n"
        "        # a remark\n        connection.go()\n\nengine = make()\ndef get():\n"
        "    # TODO 1.3: a.\n    # TODO 1.5: b.\n    with x:\nlast = 1\n"
    )
    assert source.owner(text.splitlines(), number) == task


def test_the_todo_to_open_is_one_under_which_nothing_is_written(folder):
    done = "def a():\n    # TODO 2.1: connect,\n    #   and read.\n    x()\n"
    (folder / "app" / "z.py").write_text(done)
    assert source.todo(folder, "2.1") == "app/z.py:2"
    (folder / "app" / "z.py").write_text(
        done + 'def b():\n    # TODO 2.1: close,\n    #   now.\n    raise NotImplementedError("TODO 2.1")\n'
    )
    assert source.todo(folder, "2.1") == "app/z.py:6"
    assert source.todo(folder, "2.2") == ""


def test_the_innermost_frame_is_the_line():
    record = {"frames": [["app/main.py", 3, "a", "x()"], ["app/crud.py", 31, "b", "db.commit()"]]}
    assert source.frame(record) == Line(path="app/crud.py", number=31, text="db.commit()")


@pytest.mark.parametrize(
    "record",
    [{}, {"frames": []}, {"frames": None}, {"frames": [1]}, {"frames": [["a", "x", "b", "c"]]}, {"frames": [["a"]]}],
)
def test_a_record_without_frames_or_with_forged_ones_has_no_line(record):
    assert source.frame(record) is None


def test_a_traceback_shows_the_students_frames_scrubbed():
    record = {"frames": [["app/a.py", 3, "", " x\x1b[31m() "], "forged", ["app/b.py", 4, "f", "y()"]]}
    assert source.traceback(record) == "app/a.py:3 in module: x()\napp/b.py:4 in f: y()"
    assert source.traceback({"frames": None}) == ""


@pytest.mark.parametrize(
    ("record", "named"),
    [
        ({"type": "sqlalchemy.exc.InvalidRequestError", "message": "no"}, "InvalidRequestError: no"),
        ({"type": "builtins.SystemExit", "message": ""}, "SystemExit"),
        ({}, ""),
    ],
)
def test_an_error_is_named_as_its_traceback_ends(record, named):
    assert source.named(record) == named
