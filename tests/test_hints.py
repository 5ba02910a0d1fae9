"""Hints come one step at a time."""

import pytest

from grader.course import Chapter, UsageError
from grader.day import hints

TEXT = "# Hints\n\n## 1.1 first\n\n### Hint 1\n\na question?\n\n### Hint 2\n\nwhy\n\n```python\n## no heading\n```\n\n## 1.10 other\n\n### Hint 1\n\nten\n"


@pytest.fixture
def chapter(tmp_path):
    chapter = Chapter("01_made_up", tmp_path)
    chapter.__dict__["tasks"] = {"1.1": "first", "1.10": "other", "1.2": "none"}
    chapter.starter.mkdir(parents=True)
    (chapter.starter / "HINTS.md").write_text(TEXT.replace("```python\n## no heading\n```\n", ""))
    return chapter


def test_a_task_has_the_steps_of_its_own_section(chapter):
    assert hints.steps(chapter, "1.1") == ["a question?", "why"]
    assert hints.steps(chapter, "1.10") == ["ten"]


def test_steps_come_one_after_the_other_and_the_last_stays(chapter):
    told = [hints.tell(chapter, "1.1") for _ in range(3)]
    assert [text.splitlines()[0][-6:] for text in told] == ["1 of 2", "2 of 2", "2 of 2"]
    assert "a question?" in told[0]
    assert "The next step: nox -s hint -- 1.1" in told[0]
    assert "why" in told[1]
    assert "That was the last" in told[1]


def test_a_step_can_be_asked_for_and_is_remembered(chapter):
    assert "why" in hints.tell(chapter, "1.1", 2)
    assert "The next step: nox -s hint -- 1.1 2" in hints.tell(chapter, "1.1", 1)
    assert "why" in hints.tell(chapter, "1.1")


@pytest.mark.parametrize("step", [-1, 0, 3, 99])
def test_a_step_that_is_not_there_gets_a_sentence(chapter, step):
    with pytest.raises(UsageError, match=r"Task 1\.1 has hints 1 to 2\."):
        hints.tell(chapter, "1.1", step)


def test_a_task_without_hints_gets_a_sentence(chapter):
    for task in ("1.2", "1.3"):
        with pytest.raises(UsageError, match="There are no hints for task"):
            hints.tell(chapter, task)
    (chapter.starter / "HINTS.md").unlink()
    with pytest.raises(UsageError, match=r"There are no hints for task 1\.1"):
        hints.tell(chapter, "1.1")


@pytest.mark.parametrize("text", ["{", "[]", '{"1.1": "x"}', '{"1.1": null}', '{"1.1": 99}', '{"1.1": -9}', "\udcff"])
def test_a_broken_memory_does_no_harm(chapter, text):
    path = hints.seen_file(chapter)
    path.parent.mkdir()
    path.write_bytes(text.encode(errors="surrogateescape"))
    assert "hint " in hints.tell(chapter, "1.1")


def test_a_folder_that_cannot_be_written_costs_only_the_memory(chapter):
    hints.seen_file(chapter).parent.write_text("a file where the folder should be")
    for _ in range(2):
        assert "a question?" in hints.tell(chapter, "1.1")
