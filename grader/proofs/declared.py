"""The checks a suite declares, read without running them."""

import importlib.util

from grader.check import Check
from grader.course import Chapter


def checks(chapter: Chapter) -> list[Check]:
    """The checks of a chapter, in order."""
    found = []
    for file in sorted(chapter.suite.glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(f"{chapter.slug}.{file.stem}", file)
        if spec is None or spec.loader is None:
            raise ImportError(f"{file} cannot be read")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found += [value.__check__ for value in vars(module).values() if hasattr(value, "__check__")]
    return found
