"""A framework's error is explained in the words of the lesson."""

import pytest

from grader import diagnosis
from grader.course import Chapter
from grader.diagnosis import Concept

UNIQUE = {
    "kind": "error", "type": "sqlalchemy.exc.IntegrityError", "message": "(sqlite3.IntegrityError)\nUNIQUE constraint failed",
    "via": ["create_user", "commit"],
}  # fmt: skip
WARNING = {"kind": "warning", "message": "coroutine 'broadcast' was never awaited"}


def concept(id_="c", **patterns):
    return Concept(id=id_, why="why", lesson="section", chapter="01_orm_setup", **patterns)


@pytest.mark.parametrize(
    "patterns",
    [{"type": "IntegrityError"}, {"type": r"exc\.Integrity", "message": "UNIQUE.*failed"}, {"via": "create_user"},
     {"message": "sqlite3.*UNIQUE"}],
)  # fmt: skip
def test_an_entry_explains_a_record_that_all_its_patterns_fit(patterns):
    assert concept(**patterns).explains(UNIQUE)


@pytest.mark.parametrize(
    "patterns", [{"type": "KeyError"}, {"type": "Integrity", "message": "NULL"}, {"via": "delete"}]
)
def test_an_entry_does_not_explain_a_record_that_one_pattern_does_not_fit(patterns):
    assert not concept(**patterns).explains(UNIQUE)


def test_warnings_and_errors_are_not_mixed_up():
    assert concept(warning="never awaited").explains(WARNING)
    assert not concept(message="never awaited").explains(WARNING)
    assert not concept(warning="UNIQUE").explains(UNIQUE)


def test_a_forged_record_is_survived():
    assert not concept(type="x").explains({"kind": "error", "type": None, "message": 3, "via": None})
    assert not concept(type="x").explains({})


def test_an_entry_knows_its_place_in_the_lesson():
    assert concept().place == "chapters/01_orm_setup/README.md#section"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Chapters 01 and 02 with a table each, and 03 with none."""
    chapters = []
    for slug, table in (("01_one", ("old", "shared")), ("02_two", ("new", "shared")), ("03_three", ())):
        suite = tmp_path / slug
        suite.mkdir()
        entries = [f'[[concept]]\nid = "{slug}-{kind}"\nwhy = "w"\nlesson = "l"\ntype = "{kind}"\n' for kind in table]
        if entries:
            (suite / "diagnosis.toml").write_text("\n".join(entries))
        chapters.append(Chapter(slug))
    monkeypatch.setattr(Chapter, "suite", property(lambda self: tmp_path / self.slug))
    monkeypatch.setattr(diagnosis, "chapters", lambda: chapters)
    return chapters


def explained(records, chapter):
    found = diagnosis.explain(records, chapter)
    return found and (found[0].id, found[1]["type"])


def test_a_chapter_knows_its_own_table_before_those_of_earlier_ones(course):
    assert explained([{"type": "shared"}], course[1]) == ("02_two-shared", "shared")
    assert explained([{"type": "shared"}], course[0]) == ("01_one-shared", "shared")
    assert explained([{"type": "old"}], course[2]) == ("01_one-old", "old")


def test_a_chapter_does_not_know_later_tables(course):
    assert explained([{"type": "new"}], course[0]) is None


def test_the_first_record_that_can_be_explained_is(course):
    assert explained([{"type": "unknown"}, {"type": "new"}, {"type": "old"}], course[1]) == ("02_two-new", "new")
    assert explained([], course[1]) is None


def test_every_table_of_the_course_can_be_read():
    from grader.course import chapters  # noqa: PLC0415 -- not the made-up one

    assert chapters()
    for chapter in chapters():
        entries = diagnosis.concepts(chapter)
        assert len({entry.id for entry in entries}) == len(entries)
