"""Tries the bank on what an instructor would use instead: python tests/attacks/plain/compare.py.

Each grader imports the program into its own process, as they do; a bubble from outside keeps the program from this
machine, so without bwrap it refuses. gradescope-utils takes part where it can be imported.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT))

from grader.attacks.bank import Attack, load  # noqa: E402 -- the folder of the grader first

LIMIT = 30  # seconds
EXHAUSTING = ("exhaust",)  # a bubble bounds no memory: these are not run
HONEST = 1  # of the four checks a starter with task 1.1 passes one
LIMITS = ("prlimit", "--fsize=50000000", "--as=8000000000")  # bytes: one attack prints without end
BUBBLE = ("bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev")
COMMANDS = {
    "pytest": ("-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "--junitxml=report", "plain_checks.py"),
    "gradescope-utils": ("gradescope_checks.py",),
}
OUTCOMES = ("full marks", "points gained", "got what it tried", "no report, status 0", "no report", "held")


def points(grader: str, folder: Path) -> tuple[int, int] | None:
    """What the grader's own report says: points, and of how many; None without a report."""
    try:
        if grader == "pytest":
            text = (folder / "report").read_text("utf-8", "replace")
            counts = {
                name: int(number) for name, number in re.findall(r'(tests|failures|errors|skipped)="(\d+)"', text)[:4]
            }
            return counts.pop("tests") - sum(counts.values()), 4
        tests = json.loads((folder / "results.json").read_text("utf-8", "replace"))["tests"]
        return round(sum(test["score"] for test in tests)), 4
    except (OSError, LookupError, ValueError, TypeError, RecursionError):
        return None


def outcome(grader: str, attack: Attack, folder: Path) -> str:
    """What a grader makes of an attack: one of OUTCOMES."""
    aims = {"SECRET": folder / "secret", "NEIGHBOUR": folder / "secret", "CANARY": folder, "OUT": folder, "ROOT": ROOT,
            "TOKEN": "x", "US": 1, "PORT": 9, "UDP": 9, "NAME": "x"}  # fmt: skip
    (folder / "secret").write_text("the-secret", "utf-8")
    attack.write(folder, aims)
    for checks in HERE.glob("*_checks.py"):
        shutil.copy(checks, folder)
    bound = ["--bind", str(folder), str(folder), "--chdir", str(folder)]
    bound += ["--setenv", "DATABASE_URL", f"sqlite:///{folder}/chat.db"]
    with (folder / "said").open("wb") as said:
        try:
            done = subprocess.run(
                [*LIMITS, *BUBBLE, *bound, sys.executable, *COMMANDS[grader]],
                stdout=said, stderr=said, stdin=subprocess.DEVNULL, timeout=LIMIT, check=False, start_new_session=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return "no report"
    if (found := points(grader, folder)) is None:
        return "no report" if done.returncode else "no report, status 0"
    files = [folder / name for name in ("said", "report", "results.json")]
    text = "".join(file.read_text("utf-8", "replace") for file in files if file.exists())
    if found[0] >= found[1] or (grader == "pytest" and done.returncode == 0):
        return "full marks"
    if found[0] > HONEST:
        return "points gained"
    tried = "worked: " in text or "the-secret" in text or any(folder.glob("pwned*"))
    return "got what it tried" if tried else "held"


def main() -> None:
    """Try all, and print the table of docs/security.md."""
    if not shutil.which("bwrap"):
        sys.exit("Install bubblewrap first: these programs are hostile.")
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    graders = [name for name in COMMANDS if importlib.util.find_spec(name.replace("-", "_"))]
    found = {name: Counter[str]() for name in graders}
    for attack in load():
        if attack.kind not in EXHAUSTING and attack.base == "starter":
            for grader in graders:
                with tempfile.TemporaryDirectory(prefix="plain-") as folder:
                    said = outcome(grader, attack, Path(folder))
                found[grader][said] += 1
                print(f"{attack.id:<36} {grader:<18} {said}", flush=True)  # noqa: T201 -- a script
    print("\n| | " + " | ".join(graders) + " |\n|---|" + "---|" * len(graders))  # noqa: T201 -- a script
    for each in OUTCOMES:
        print(f"| {each} | " + " | ".join(str(found[grader][each]) for grader in graders) + " |")  # noqa: T201 -- a script


if __name__ == "__main__":
    main()
