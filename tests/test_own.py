"""Where the student's own text of a task stands."""

import pytest

from grader import course
from grader.course import UsageError
from grader.day import own
from grader.markers import Part, split

TEXT = '''def a():
    """A."""
    # TODO 1.1: return one. >>>
    return 1
    # <<<


def b():
    """B."""
    # TODO 1.2: add. >>>
    #: pass
    x = 1

    x += 1
    # <<<
    # TODO 1.3: return. >>>
    return x
    # <<<


def c():
    return 3
'''
STARTER = '''def a():
    """A."""
    # TODO 1.1: return one.
    raise NotImplementedError("TODO 1.1")


def b():
    """B."""
    # TODO 1.2: add.
    pass
    # TODO 1.3: return.
    raise NotImplementedError("TODO 1.3")


def c():
    return 3
'''


def found(text, task):
    return [(place.start, list(place.lines)) for place in own.places_in(TEXT, text.splitlines(), "app/a.py", task)]


def test_in_the_starter_it_is_the_stub_with_its_todo():
    assert found(STARTER, "1.1") == [(2, ["    # TODO 1.1: return one.", '    raise NotImplementedError("TODO 1.1")'])]
    assert found(STARTER, "1.2") == [(8, ["    # TODO 1.2: add.", "    pass"])]


@pytest.mark.parametrize("comment", ["    # TODO 1.1: return one.\n", ""])
def test_blank_lines_of_the_students_are_theirs_with_the_todo_or_without(comment):
    answer = "\n    y = 0\n\n    return y + 1\n"
    text = STARTER.replace('    # TODO 1.1: return one.\n    raise NotImplementedError("TODO 1.1")\n', comment + answer)
    ((_, lines),) = found(text, "1.1")
    assert [line for line in lines if line.strip()] == [
        *comment.splitlines(), "    y = 0", "    return y + 1",
    ]  # fmt: skip


def test_imports_and_helpers_elsewhere_move_it_and_nothing_else():
    assert found("import os\n\n\n" + STARTER, "1.2") == [(11, ["    # TODO 1.2: add.", "    pass"])]


def test_parts_that_run_into_each_other_are_told_apart_by_their_todos_or_not_at_all():
    text = STARTER.replace("    # TODO 1.3: return.\n", "")
    assert found(text, "1.1")[0][0] == 2
    with pytest.raises(UsageError, match=r"around task 1\.2 in app/a\.py .* nox -s reset -- 01"):
        found(text, "1.2")


def test_given_lines_that_were_changed_come_back_with_the_part():
    text = STARTER.replace('    """A."""\n', "    # mine\n")
    (place,) = own.places_in(TEXT, text.splitlines(), "app/a.py", "1.1")
    assert place.starter == ("    # TODO 1.1: return one.", '    raise NotImplementedError("TODO 1.1")')
    without = text.replace("    # TODO 1.1: return one.\n", "")
    (place,) = own.places_in(TEXT, without.splitlines(), "app/a.py", "1.1")
    assert place.starter[0] == '    """A."""'


@pytest.mark.parametrize("chapter", course.chapters(), ids=lambda chapter: chapter.slug)
def test_every_part_of_the_course_is_found_in_the_starter_and_in_an_answer(chapter, tmp_path):
    for task in chapter.tasks:
        for file in own.files_of(chapter, task):
            text = (chapter.solution / file).read_text("utf-8")
            pieces = list(split(text, file))
            mine = [part for part in pieces if isinstance(part, Part) and part.task == task]
            for answered in (False, True):
                lines = [
                    line
                    for piece in pieces
                    for line in (
                        [piece] if isinstance(piece, str)
                        else piece.todo + piece.answer if answered else piece.starter
                    )
                ]  # fmt: skip
                got = own.places_in(text, lines, file, task)
                assert [place.starter for place in got] == [part.starter for part in mine]
                wanted = [part.todo + part.answer if answered else part.starter for part in mine]
                assert [place.lines for place in got] == wanted


def test_a_file_that_is_gone_has_no_places(tmp_path):
    chapter = course.chapter("01")
    assert own.places(chapter, tmp_path, "1.8") == []
    assert own.places(chapter, chapter.solution, "1.8")[0].where.startswith("app/crud.py:")
