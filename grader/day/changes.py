"""Notices that files were saved, by looking: it works wherever files are (docs/decisions/0005-looking-not-listening.md)."""

import os
from pathlib import Path

Snapshot = dict[str, tuple[int, int, int]]


def snapshot(app: Path) -> Snapshot:
    """The times, sizes and numbers of the files that count; what vanishes meanwhile is left out."""
    found: Snapshot = {}
    stack = [str(app)]
    while stack:
        try:
            entries = list(os.scandir(stack.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    stack += [entry.path] if entry.name != "__pycache__" and entry.name[0] != "." else []
                elif entry.name.endswith(".py") or "/static/" in entry.path:
                    state = entry.stat()
                    found[entry.path] = (state.st_mtime_ns, state.st_size, state.st_ino)
            except OSError:
                continue
    return found


class Changes:
    """Tells once about each change, when it has settled: an editor may write a file in several steps."""

    def __init__(self, app: Path) -> None:
        """What is there now is no change."""
        self.app = app
        self.told = self.seen = snapshot(app)

    def look(self) -> bool:
        """Whether something changed since it was last told, and nothing since the last look."""
        now = snapshot(self.app)
        settled = now == self.seen
        self.seen = now
        if not settled or now == self.told:
            return False
        self.told = now
        return True
