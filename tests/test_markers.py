"""Task markers: what the starter shows, what a broken marker gets, and which tasks are not begun."""

from pathlib import Path

import pytest

from grader import markers

SOLUTION = '''\
def tables():
    """Given."""
    # TODO 1.6: create the tables,
    #   all of them. >>>
    create_all()
    # <<<


class User:
    # TODO 1.7: the fields. >>>
    #: x: int = 0
    #:
    #: pass

    name: str
    # <<<
'''
STARTER = '''\
def tables():
    """Given."""
    # TODO 1.6: create the tables,
    #   all of them.
    raise NotImplementedError("TODO 1.6")


class User:
    # TODO 1.7: the fields.
    x: int = 0

    pass
'''


def solution(folder: Path, text: str = SOLUTION) -> Path:
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "a.py").write_text(text)
    return folder


def test_a_starter_is_the_solution_with_its_answers_replaced():
    assert markers.starter_text(SOLUTION, "app/a.py") == STARTER


def test_text_without_markers_stays_as_it_is():
    assert markers.starter_text("x = 1\n\n# TODO someday\n", "a.py") == "x = 1\n\n# TODO someday\n"


def test_a_part_knows_its_task_its_place_and_its_answer(tmp_path):
    first, second = markers.parts(solution(tmp_path))
    assert (first.task, first.file, first.line, first.answer) == ("1.6", "app/a.py", 3, ("    create_all()",))
    assert second.stub == ("    x: int = 0", "", "    pass")
    assert second.starter[0] == "    # TODO 1.7: the fields."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# TODO 1.1: no end of the comment\nx = 1\n", "a.py:1: the TODO has no line that ends with >>>"),
        ("# TODO 1.1: at the end of the file", "a.py:1: the TODO has no line that ends with >>>"),
        ("x = 1\n# TODO 1.1: open >>>\ny = 2\n", "a.py:2: the part is not closed by # <<<"),
        ("if x:\n    # TODO 1.1: open >>>\n    y = 2\n# <<<\n", "a.py:2: the part is not closed"),
        ("x = 1\n# <<<\n", "a.py:2: a marker without its other half"),
        ("# only a comment >>>\n", "a.py:1: a marker without its other half"),
    ],
)
def test_a_broken_marker_is_named_with_its_line(text, message):
    with pytest.raises(markers.MarkerError) as caught:
        markers.starter_text(text, "a.py")
    assert message in str(caught.value)


def test_a_starter_has_begun_no_task(tmp_path):
    handed_in = solution(tmp_path / "handed-in", STARTER)
    assert markers.untouched(solution(tmp_path / "solution"), handed_in) == {"1.6", "1.7"}


def test_a_task_is_begun_where_its_part_changed_but_not_where_only_space_did(tmp_path):
    text = STARTER.replace('raise NotImplementedError("TODO 1.6")', "create_all()").replace(
        "    x: int", "\n      x: int"
    )
    assert markers.untouched(solution(tmp_path / "solution"), solution(tmp_path / "in", text)) == {"1.7"}


@pytest.mark.parametrize(
    ("line", "todo"),
    [("    return create_all()\n", {"1.7"}), ("    if x:\n        return create_all()\n", {"1.6", "1.7"})],
)
def test_a_stub_that_was_left_behind_a_return_is_no_task_to_do(tmp_path, line, todo):
    text = STARTER.replace("    # TODO 1.6", f"{line}    # TODO 1.6")
    assert markers.untouched(solution(tmp_path / "solution"), solution(tmp_path / "in", text)) == todo


def test_a_file_that_is_gone_or_no_text_has_no_part_that_is_not_begun(tmp_path):
    there = solution(tmp_path / "solution")
    assert markers.untouched(there, tmp_path / "nothing") == set()
    broken = solution(tmp_path / "broken")
    (broken / "app" / "a.py").write_bytes(b"\xff\xfe\x00")
    assert markers.untouched(there, broken) == set()
