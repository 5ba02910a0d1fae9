"""The banks: small edits of a solution, each of which must still fit."""

import pytest
from pydantic import ValidationError

from grader.course import Chapter, chapters
from grader.proofs import bank
from grader.proofs.bank import BankError, Edit, Variation

MISTAKE = """
[[mistake]]
id = "forgotten"
task = "1.1"
source = "s"
why = "w"
loses = ["1.1/a"]
says = ["commit"]
edit = [{ file = "app/a.py", old = "commit()", new = "pass" }]
"""


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    chapter = Chapter("01_made_up", tmp_path)
    for name, text in {
        "a.py": "commit()\nx = 1\nx = 1\n",
        "b.py": "",
        "static/p.html": "<p>",
        "chat.db": "data",
    }.items():
        (chapter.solution / "app" / name).parent.mkdir(parents=True, exist_ok=True)
        (chapter.solution / "app" / name).write_text(text)
    (tmp_path / "mistakes").mkdir()
    monkeypatch.setattr(bank, "GRADER", tmp_path)
    return chapter


def variation(*edits):
    return Variation(id="v", about="a", edit=tuple(Edit(**edit) for edit in edits))


def test_entries_are_read_from_their_file(chapter, tmp_path):
    (tmp_path / "mistakes" / "01_made_up.toml").write_text(MISTAKE)
    (entry,) = bank.mistakes(chapter)
    assert (entry.id, entry.loses, entry.edit[0].old) == ("forgotten", ("1.1/a",), "commit()")
    assert bank.variations(chapter) == []


def test_two_entries_of_one_name_are_refused(chapter, tmp_path):
    (tmp_path / "mistakes" / "01_made_up.toml").write_text(MISTAKE * 2)
    with pytest.raises(BankError, match="more than one mistake is called forgotten"):
        bank.mistakes(chapter)


@pytest.mark.parametrize("change", [('why = "w"', ""), ('why = "w"', 'why = "w"\npoints = 3'), ("old", "odl")])
def test_a_missing_or_unknown_field_is_refused(chapter, tmp_path, change):
    (tmp_path / "mistakes" / "01_made_up.toml").write_text(MISTAKE.replace(*change))
    with pytest.raises(ValidationError):
        bank.mistakes(chapter)


def test_edits_are_applied_to_a_copy_of_the_solution(chapter, tmp_path):
    edits = [
        {"file": "app/a.py", "old": "commit()", "new": "rollback()"},
        {"file": "app/b.py", "delete": True},
        {"file": "app/c.py", "text": "y = 2\n"},
    ]
    bank.apply(variation(*edits), chapter, tmp_path / "out")
    written = {path.name: path.read_text() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert written == {"a.py": "rollback()\nx = 1\nx = 1\n", "c.py": "y = 2\n", "p.html": "<p>"}
    assert "commit" in (chapter.solution / "app" / "a.py").read_text()


@pytest.mark.parametrize(
    ("edit", "times"), [(("app/a.py", "gone"), 0), (("app/a.py", "x = 1"), 2), (("app/z.py", "x"), 0)]
)
def test_an_edit_must_fit_exactly_once(chapter, tmp_path, edit, times):
    with pytest.raises(BankError, match=f"occurs {times} times in {edit[0]}"):
        bank.apply(variation({"file": edit[0], "old": edit[1]}), chapter, tmp_path / "out")


@pytest.mark.parametrize("each", chapters(), ids=lambda chapter: chapter.slug)
def test_every_entry_of_the_course_fits_its_solution(each, tmp_path):
    entries = [*bank.mistakes(each), *bank.variations(each)]
    for entry in entries:
        bank.apply(entry, each, tmp_path / entry.id)
    assert len({entry.id for entry in entries}) == len(entries)


@pytest.mark.parametrize("each", chapters(), ids=lambda chapter: chapter.slug)
def test_no_two_mistakes_make_the_same_edit(each):
    edits = [entry.edit for entry in bank.mistakes(each)]
    assert len(set(edits)) == len(edits)
