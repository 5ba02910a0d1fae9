"""Tries the bank on a plain pytest grader, confined by bubblewrap from outside: python tests/attacks/plain/compare.py.

Nothing but the bubble keeps these programs from this machine: without bwrap it refuses.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from grader.attacks.bank import Attack, load  # noqa: E402 -- the folder of the grader first

LIMIT = 30  # seconds
EXHAUSTING = ("exhaust",)  # a bubble bounds no memory: these are not run
HONEST = 1  # of the four tests a starter with task 1.1 passes one


def outcome(attack: Attack, folder: Path) -> str:
    """What the plain grader makes of an attack, in a word or two."""
    aims = {"SECRET": folder / "secret", "NEIGHBOUR": folder / "secret", "CANARY": folder, "OUT": folder, "ROOT": ROOT,
            "TOKEN": "x", "US": 1, "PORT": 9, "UDP": 9, "NAME": "x"}  # fmt: skip
    (folder / "secret").write_text("the-secret", "utf-8")
    attack.write(folder, aims)
    shutil.copy(Path(__file__).parent / "plain_checks.py", folder / "test_plain.py")
    python = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-q",
        f"--junitxml={folder}/junit.xml",
        str(folder),
    ]
    bubble = ["bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    bubble += [
        "--bind",
        str(folder),
        str(folder),
        "--chdir",
        str(folder),
        "--setenv",
        "DATABASE_URL",
        f"sqlite:///{folder}/chat.db",
    ]
    try:
        done = subprocess.run(
            [*bubble, *python],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return "no report: hangs"
    if not (folder / "junit.xml").exists():
        return "no report, and status 0" if done.returncode == 0 else "no report"
    said = done.stdout + done.stderr + (folder / "junit.xml").read_text("utf-8", "replace")
    passed = next(
        (int(word) for word, after in zip(said.split(), said.split()[1:], strict=False) if after.startswith("passed")),
        0,
    )
    if done.returncode == 0:
        return "full marks"
    if passed > HONEST:
        return "points gained"
    if "worked: " in said or "the-secret" in said or any(folder.glob("pwned*")):
        return "got what it tried"
    return "held"


def main() -> None:
    """Print the table, by kind."""
    if not shutil.which("bwrap"):
        sys.exit("Install bubblewrap first: these programs are hostile.")
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    found: dict[str, Counter[str]] = {}
    for attack in load():
        if attack.kind not in EXHAUSTING and attack.base == "starter":
            with tempfile.TemporaryDirectory(prefix="plain-") as folder:
                said = outcome(attack, Path(folder))
            found.setdefault(attack.kind, Counter())[said] += 1
            print(f"{attack.id:<36} {said}", flush=True)  # noqa: T201 -- a script
    for kind, counts in found.items():
        print(kind, dict(counts))  # noqa: T201 -- a script
    print(dict(sum(found.values(), Counter())))  # noqa: T201 -- a script


if __name__ == "__main__":
    main()
