"""Hostile texts, and reports that are full of them. Made from a seed: hypothesis would take longer than what is tested."""

from random import Random

from hypothesis import strategies as st

from grader.report import CheckResult, Finding, Line, Outcome, Report, TaskInfo

NASTY = (
    "\0", "\x07", "\x1b[31m", "\x1b]0;title\x07", "\x9b2J", "\u202e", "\u2066", "\ufeff", "\ufffe", "\ud800", "\r", "\n", "\t",
    "::notice::x", "\n::error::x", "\n::stop-commands::x", "##[error]x", "%0A::error::x", "]]>", "<![CDATA[", "<!--", "</script>",
    "<script>", "</pre>", "</textarea>", "<img src=x onerror=y>", "&amp;", "&#0;", "|", "\n|---|", "`", "```", "\n~~~\n", "[x](javascript:y)",
    "@everyone", "$x$", "http://x.y", "=1+1", "\\", '"', "'", "{", "}", "%s", "a" * 400,
)  # fmt: skip
SIZES = (3_000, 3_000, 30_000, 30_000, 1_000_000)
UNGRADED = 0.1  # of the reports


def text(random: Random) -> str:
    """A short one: nasty pieces, and characters from anywhere."""
    pieces = (
        random.choice(NASTY) if random.random() < 0.7 else chr(random.randrange(0x110000))
        for _ in range(random.randrange(4))
    )
    return "".join(pieces)


def long_text(random: Random) -> str:
    """A short one, and now and then a megabyte."""
    if random.random() < 0.95:
        return text(random)
    size = random.choice(SIZES)
    return (random.choice(NASTY) * size)[:size]


def texts(random: Random) -> tuple[str, ...]:
    """A few."""
    return tuple(text(random) for _ in range(random.randrange(4)))


def finding(random: Random) -> Finding:
    """What a failing check says."""
    line = Line(path=text(random), number=random.randrange(1, 10**9), text=text(random))
    return Finding(
        did=long_text(random), expected=text(random), got=long_text(random), line=random.choice((None, line)),
        why=text(random), lesson=text(random), concept=text(random), rows=texts(random), timeline=texts(random),
        printed=long_text(random), traceback=text(random),
    )  # fmt: skip


def check(random: Random, task: str, number: int, outcomes: list[Outcome]) -> CheckResult:
    """A check that ended in one of these ways."""
    return CheckResult(
        id=f"{task}/{number}{text(random)}", task=task, label=text(random), points=random.randrange(10),
        outcome=random.choice(outcomes), seconds=random.random() * 100, waits_for=text(random),
        finding=random.choice((None, finding(random))),
    )  # fmt: skip


def report(seed: int) -> Report:
    """A report whose texts may be anything; its ids are as different as those of a suite."""
    random = Random(seed)
    outcomes = [each for each in Outcome if each is not Outcome.ERROR or random.random() < UNGRADED]
    tasks = [str(number) for number in range(random.randrange(4))]
    checks = tuple(check(random, task, number, outcomes) for task in tasks for number in range(random.randrange(1, 8)))
    return Report(
        chapter=text(random), title=text(random), source=text(random), folder=text(random), level=text(random),
        tasks=tuple(TaskInfo(id=task, title=text(random), place=text(random)) for task in tasks), checks=checks,
        seconds=random.random() * 100, notes=texts(random) + (long_text(random),) * random.randrange(2),
    )  # fmt: skip


REPORTS = st.integers(0, 2**32).map(report)
