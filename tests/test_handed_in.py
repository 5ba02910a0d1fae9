"""A folder, an archive or a revision: app/ is found, links lead nowhere, what is missing is given."""

import io
import os
import subprocess
import tarfile
import zipfile

import pytest

from grader import course
from grader.course import Chapter, UsageError
from grader.submissions.handed_in import HandedIn, admit
from grader.submissions.intake import UnusableError
from grader.submissions.repository import Repository


@pytest.fixture
def chapter(tmp_path):
    """A chapter with a given file, a page, and a file with a task."""
    chapter = Chapter("02_made_up", tmp_path / "course")
    app = chapter.solution / "app"
    (app / "static").mkdir(parents=True)
    (app / "main.py").write_text("given = 1\n")
    (app / "static" / "client.html").write_text("<p>")
    (app / "crud.py").write_text("# TODO 2.1: x. >>>\nsecret = 1\n# <<<\n")
    return chapter


@pytest.fixture
def target(tmp_path):
    return tmp_path / "taken"


GIVEN = ("app/main.py was missing; the one of the starter was used", "app/static/client.html was missing; the one of the starter was used")  # fmt: skip


def files(target):
    return {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}


def put(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine = 1\n")
    return folder


def zipped(path, *names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "mine = 1\n")
    return path


@pytest.mark.parametrize("prefix", ["", "chapters/02_made_up/", "02_made_up/"])
def test_app_is_found_where_it_may_be(chapter, target, tmp_path, prefix):
    folder = put(tmp_path / "work", f"{prefix}app/crud.py", "other/app/x.py")
    assert admit(folder, None, chapter, target) == HandedIn(prefix.rstrip("/") or ".", GIVEN)
    assert files(target) == {"app/crud.py", "app/main.py", "app/static/client.html"}
    assert (target / "app" / "crud.py").read_text() == "mine = 1\n"


@pytest.mark.parametrize("top", ["", "work-main/"])
def test_an_archive_may_have_one_folder_around_all(chapter, target, tmp_path, top):
    handed = zipped(tmp_path / "a.zip", f"{top}app/crud.py", f"{top}app/main.py", "__MACOSX/x")
    assert admit(handed, None, chapter, target) == HandedIn(top.rstrip("/") or ".", GIVEN[1:])
    assert (target / "app" / "main.py").read_text() == "mine = 1\n"


def test_a_tar_is_known_by_its_bytes_and_not_by_its_name(chapter, target, tmp_path):
    with tarfile.open(tmp_path / "work.zip", "w:gz") as archive:
        info = tarfile.TarInfo("chapters/02_made_up/app/crud.py")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"x = 1"))
    assert admit(tmp_path / "work.zip", None, chapter, target).place == "chapters/02_made_up"


@pytest.mark.parametrize("linked", ["app", "chapters", "02_made_up/app"])
def test_a_link_to_the_solution_earns_nothing(chapter, target, tmp_path, linked):
    work = tmp_path / "work"
    (work / linked).parent.mkdir(parents=True)
    goal = chapter.solution / "app" if linked.endswith("app") else tmp_path / "other"
    put(tmp_path / "other" / "02_made_up" / "app", "crud.py")
    (work / linked).symlink_to(goal)
    (note,) = admit(work, None, chapter, target).notes
    assert "is a link, or behind one" in note
    assert files(target) == set()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.mkdir(), "it holds neither app/ nor chapters/02_made_up/app/"),
        (lambda path: put(path, "app/notes.txt"), "it holds no Python file in app/"),
        (lambda path: zipped(path, "readme.txt"), "it holds neither app/ nor chapters/02_made_up/app/"),
        (lambda path: path.write_bytes(b"PK\x03\x04 and no more"), "the archive is damaged, or cut short"),
        (lambda path: path.write_bytes(b"Rar!"), "it is neither a folder nor a zip, tar or tar.gz archive"),
        (lambda path: path.write_bytes(bytes(11_000_000)), "the archive cannot be read: too large"),
        (os.mkfifo, "the archive cannot be read: not a regular file"),
    ],
)
def test_what_is_unusable_is_said_and_gives_an_empty_app(chapter, target, tmp_path, make, said):
    make(tmp_path / "work")
    assert admit(tmp_path / "work", None, chapter, target).notes[0] == f"nothing could be graded: {said}"
    assert files(target) == set()
    assert (target / "app").is_dir()


@pytest.mark.parametrize(("name", "revision"), [("nothing", None), ("file", "HEAD"), ("folder", "HEAD")])
def test_what_is_not_there_is_a_mistake_of_who_asked(chapter, target, tmp_path, name, revision):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError):
        admit(tmp_path / name, revision, chapter, target)


def git(folder, *arguments):
    identity = [
        "-c",
        "user.name=n",
        "-c",
        "user.email=e@x",
        "-c",
        "init.defaultBranch=main",
        "-c",
        "commit.gpgsign=false",
    ]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    """A repository with two commits; the first is tagged, the second has a link in it."""
    work = put(tmp_path / "work", "app/crud.py", "app/main.py", "app/static/client.html")
    git(work, "init")
    git(work, "add", ".")
    git(work, "commit", "-m", "one")
    git(work, "tag", "one")
    (work / "app" / "crud.py").write_text("second = 2\n")
    (work / "app" / "link.py").symlink_to("/etc/passwd")
    (work / "app" / "big.py").write_bytes(bytes(600_000))
    git(work, "add", ".")
    git(work, "commit", "-m", "two")
    (work / "app" / "crud.py").write_text("not committed\n")
    return work


def test_a_revision_is_read_as_it_was_committed(chapter, target, repository):
    assert admit(repository, "one", chapter, target) == HandedIn(".", ())
    assert (target / "app" / "crud.py").read_text() == "mine = 1\n"


def test_links_and_large_files_of_a_revision_are_left_out(chapter, target, repository):
    assert admit(repository, "main", chapter, target).notes == (
        "app/big.py was left out: too large", "app/link.py is a link and was left out",
    )  # fmt: skip
    assert (target / "app" / "crud.py").read_text() == "second = 2\n"


def test_a_bare_repository_will_do(chapter, target, repository, tmp_path):
    git(tmp_path, "clone", "--bare", "--no-local", str(repository), "bare.git")
    assert admit(tmp_path / "bare.git", "one", chapter, target).place == "."


@pytest.mark.parametrize("revision", ["nothing", "--help", "-x", "one:app", ""])
def test_a_revision_that_is_none_is_a_mistake_of_who_asked(chapter, target, repository, revision):
    with pytest.raises(UsageError, match="There is no revision"):
        admit(repository, revision, chapter, target)


def test_nothing_of_the_repository_runs(chapter, target, repository, tmp_path):
    ran = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    script.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "filter.x.smudge", "filter.x.clean", "diff.x.textconv", "core.sshCommand",
                 "alias.ls-tree", "alias.rev-parse", "uploadpack.packObjectsHook"):  # fmt: skip
        git(repository, "config", name, str(script))
    git(repository, "config", "core.hooksPath", str(tmp_path))
    (repository / ".gitattributes").write_text("* filter=x diff=x export-subst\n")
    git(repository, "config", "remote.origin.url", f"ext::{script}")
    git(repository, "config", "remote.origin.promisor", "true")
    git(repository, "config", "extensions.partialClone", "origin")
    ran.unlink(missing_ok=True)
    (blob,) = subprocess.run(
        ["git", "rev-parse", "one:app/crud.py"], cwd=repository, check=True, capture_output=True, text=True
    ).stdout.split()
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    notes = admit(repository, "one", chapter, target).notes
    assert "app/crud.py was left out: git could not read it" in notes
    assert not ran.exists()


@pytest.mark.parametrize("trick", ["alternates", "commondir", "objects", "pack"])
def test_objects_of_another_repository_are_not_read(repository, tmp_path, trick):
    place = repository / ".git"
    (tmp_path / "course.git").mkdir()
    if trick == "alternates":
        (place / "objects" / "info" / "alternates").write_text(str(tmp_path))
    elif trick == "commondir":
        (place / "commondir").write_text(str(tmp_path))
    elif trick == "objects":
        (place / "objects").rename(place / "moved")
        (place / "objects").symlink_to("moved")
    else:
        (place / "objects" / "pack" / "x.pack").symlink_to(tmp_path)
    with pytest.raises(UnusableError, match="takes its objects from elsewhere"):
        Repository(repository)


def test_a_linked_repository_is_none_of_its_own(repository, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".git").write_text(f"gitdir: {repository}/.git\n")
    with pytest.raises(UsageError, match="not a git repository of its own"):
        Repository(tmp_path / "other")
    (tmp_path / "third").mkdir()
    (tmp_path / "third" / ".git").symlink_to(repository / ".git")
    with pytest.raises(UsageError, match="not a git repository of its own"):
        Repository(tmp_path / "third")


def test_without_git_nothing_can_be_said(repository, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(OSError, match="git is not installed"):
        Repository(repository)


def test_a_listing_without_end_is_cut(repository, monkeypatch):
    monkeypatch.setattr("grader.submissions.repository.LONGEST_LISTING", 10)
    with pytest.raises(UnusableError, match="too large"):
        Repository(repository).entries("one")


@pytest.mark.parametrize("which", course.chapters(), ids=lambda chapter: chapter.slug)
def test_a_solution_needs_nothing_that_is_given_and_a_starter_neither(which, target, tmp_path):
    for number, folder in enumerate((which.solution, which.starter)):
        assert admit(folder, None, which, target / str(number)) == HandedIn(".", ())
