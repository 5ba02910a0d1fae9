"""Every document of the course: see grader/proofs/documents.py for how one is written."""

import re
from pathlib import Path

import pytest
import typer

from grader.__main__ import app
from grader.course import ROOT
from grader.proofs import documented, documents
from grader.proofs.documents import Block

DOCUMENTS = documents.documents()
COMMANDS = typer.main.get_command(app).commands


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if documents.examples(path)], ids=name)
def test_examples_run_and_print_what_is_shown(path, tmp_path):
    assert documents.wrong_examples(path, tmp_path) == {}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_block_says_what_it_is(path):
    infos = {block.info for there in documents.blocks(path).values() for block in there}
    assert {info for info in infos if not documents.INFO.fullmatch(info)} == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_links_lead_somewhere(path):
    assert list(documents.dead_links(path)) == []


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if documented.console(path)], ids=name)
def test_commands_exist_with_their_options(path):
    assert list(documented.wrong_commands(path, COMMANDS)) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_files_and_commands_that_are_named_exist(path):
    assert list(documented.wrong_names(path, COMMANDS)) == []


@pytest.mark.parametrize("path", sorted((ROOT / "chapters").glob("*/*.md")), ids=lambda path: "/".join(path.parts[-2:]))
def test_one_sentence_of_a_lesson_stands_on_a_line(path):
    long = [
        line
        for line in documents.outside(path).splitlines()
        if re.search(r"[a-z][.!?] [A-Z]", line) and line[:1] not in "|-"
    ]
    assert long == []


@pytest.fixture
def document(tmp_path):
    """A function that writes a document."""

    def write(text):
        (tmp_path / "README.md").write_text(text)
        return tmp_path / "README.md"

    return write


EXAMPLES = """# T
## first
```python
print(1)
```
```text
2
```
```python
never reached
```
## second
```python raises=ValueError
raise ValueError("a b c")
```
```text
ValueError: a ... c
```
```python raises=KeyError
pass
```
"""


def test_an_example_that_does_something_else_is_told_with_its_line(document, tmp_path):
    wrong = documents.wrong_examples(document(EXAMPLES), tmp_path)
    assert wrong["line 3"] == "1\n"
    assert wrong["line 19"] == "nothing was raised"
    assert not any("line 13" in line for line in wrong)


def test_an_example_that_ends_the_process_is_told(document, tmp_path):
    wrong = documents.wrong_examples(document("## a\n```python\nimport os; os._exit(3)\n```\n"), tmp_path)
    assert wrong == {"line 2": "it ended early"}


def test_a_link_that_leads_nowhere_is_told(document):
    path = document("# My title\n[a](#my-title) [b](#none) [c](none.md) [d](https://x.y) `[e](no-link)`\n")
    assert list(documents.dead_links(path)) == ["#none", "none.md"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("nox -s chapter-01 -- --task 1.8", None),
        ("nox -l && cd chapters", None),
        ("nox -s chapter-99", "there is no session chapter-99"),
        ("nox -x", "-x is not an option that we show"),
        ("nox -s mistakes -- 01 --frobnicate", "No such option"),
        ("python -m grader frobnicate", "no such command"),
        ("python3 -m grader chapter 01", None),
        ("cd nowhere", "no such folder"),
        ("cat grader/none.py", "grader/none.py does not exist"),
        ("X=1", None),
    ],
)
def test_a_command_that_does_not_exist_is_told(document, command, said):
    wrong = list(documented.wrong_commands(document(f"```console\n$ {command}\noutput\n```\n"), COMMANDS))
    assert [said in each for each in wrong] == ([True] if said else []), wrong


def test_a_name_that_does_not_exist_is_told(document):
    text = "`grader/run.py` `grader/none.py` `grader/suites/NN_slug/` `nox -s hint -- 1.8` `nox -s none -- x` `nox -s`"
    wrong = list(documented.wrong_names(document(text), COMMANDS))
    assert wrong == ["grader/none.py does not exist", "nox -s none -- x: there is no session none"]


def test_blocks_know_what_they_are():
    assert documents.raises(Block(1, "python raises=KeyError", "")) == "KeyError"
    assert documents.raises(Block(1, "rust", "")) is None
