"""Report -> one HTML page that needs nothing else: no script, no font, no request."""

from html import escape

from grader.board import state
from grader.exports import words
from grader.report import CheckResult, Report, TaskInfo

STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; }
tr { border-top: 1px solid #ccc; } td:last-child, th:last-child { text-align: right; white-space: nowrap; }
pre { background: #f3f3f3; padding: .8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.failed { color: #a30000; font-weight: bold; } .passed { color: #0a5c0a; } .error { color: #7a4a00; font-weight: bold; }
@media (prefers-color-scheme: dark) {
  body { background: #161616; color: #eee; } pre { background: #262626; } tr { border-color: #444; }
  .failed { color: #ff9a9a; } .passed { color: #8fdc8f; } .error { color: #ffcf80; }
}
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p><strong>{total}</strong></p>
<ul>
{circumstances}
</ul>
<table>
<thead><tr><th scope="col">task</th><th scope="col">what</th><th scope="col">points</th></tr></thead>
<tbody>
{tasks}
</tbody>
</table>
{failures}
</main>
</body>
</html>
"""


def render(report: Report) -> str:
    """The page."""
    return PAGE.format(
        title=escape(words.title(report)),
        style=STYLE,
        total=escape(words.total(report)),
        circumstances="\n".join(f"<li>{escape(line)}</li>" for line in words.circumstances(report)),
        tasks="\n".join(row(report, task) for task in report.tasks),
        failures="\n".join(failure(report, check) for check in words.wrong(report)),
    )


def row(report: Report, task: TaskInfo) -> str:
    """One task."""
    kind, said = state(report, task)
    cells = [words.clean(task.id), words.clean(task.title)]
    return (
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in cells)
        + f'<td class="{kind}">{escape(words.clean(said))}</td></tr>'
    )  # fmt: skip


def failure(report: Report, check: CheckResult) -> str:
    """One failing check."""
    body = words.details(report, check) or words.end(check)
    head = escape(words.clean(f"{check.task} {check.label}"))
    return f"<section>\n<h2>{head}</h2>\n<pre>{escape(body)}</pre>\n</section>"
