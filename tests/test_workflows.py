"""The workflow for submissions: what a caller says is never a part of a script, and no token stays behind."""

import re
import subprocess

import pytest

from grader.course import ROOT
from grader.exports import FORMATS

TEXT = (ROOT / ".github" / "workflows" / "grade.yml").read_text("utf-8")
SCRIPTS = re.findall(r"^ +run: (?:\|\n((?: {10}.*\n)+)|(.*)\n)", TEXT, re.MULTILINE)


def test_what_a_caller_says_comes_by_variables():
    scripts = [block or line for block, line in SCRIPTS]
    assert len(scripts) == 4
    assert not any("${{" in script for script in scripts)


def test_checkouts_leave_no_token_and_the_job_may_only_read():
    assert TEXT.count("actions/checkout@") == TEXT.count("persist-credentials: false") == 2
    assert "permissions:\n  contents: read\n" in TEXT
    assert "pull_request_target" not in TEXT


def test_the_grader_is_run_from_the_course():
    step = TEXT[TEXT.index("name: Grade\n") : TEXT.index("name: Show")]
    assert "working-directory: course" in step
    assert "--submission ../submission" in step


@pytest.mark.parametrize(
    ("revision", "status"), [("0" * 40, 0), ("main", 2), ("0" * 39, 2), (f"{'0' * 40}\n", 2), ("", 2)]
)
def test_only_a_full_commit_id_is_a_revision(revision, status):
    ((_, script),) = [found for found in SCRIPTS if "REVISION" in found[1]]
    done = subprocess.run(
        ["bash", "-c", script.strip("'")], env={"REVISION": revision}, capture_output=True, check=False
    )
    assert done.returncode == status


def test_the_document_names_each_report_as_it_is_written():
    text = (ROOT / "docs" / "ci.md").read_text("utf-8")
    for name, each in FORMATS.items():
        assert f"| `{each.file}` | `{name}` |" in text
