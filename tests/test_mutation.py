"""One small thing of the solution is changed, in a part that students write, and nothing else."""

import ast
import difflib

import pytest

from grader.course import Chapter, chapters
from grader.proofs import mutation

BEGIN, END = "# TODO 1.1: x. >>>", "# <<<"


@pytest.fixture
def mutate(tmp_path):
    """A function that gives the mutants of a marked body: name -> the changed lines."""

    def of(*lines, head="async def f(a, b):"):
        text = (
            "\n".join(
                ["import x", head, f"    {BEGIN}", *(f"    {line}" for line in lines), f"    {END}", "x.commit()"]
            )
            + "\n"
        )
        chapter = Chapter("01_made_up", tmp_path)
        (chapter.solution / "app").mkdir(parents=True, exist_ok=True)
        (chapter.solution / "app" / "m.py").write_text(text)
        found = {}
        for mutant in mutation.mutants(chapter):
            ast.parse(mutant.text)
            new = [line[2:] for line in difflib.ndiff(text.splitlines(), mutant.text.splitlines()) if line[:2] == "+ "]
            found[mutant.id.removeprefix("m.f: ").removeprefix("m.C: ")] = "|".join(line.strip() for line in new)
            assert (mutant.task, mutant.file) == ("1.1", "app/m.py")
        return found

    return of


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["db.commit()"], {"drop statement db.commit()": "pass"}),
        (["await g()"], {"drop await await g()": "g()"}),
        (["raise E"], {"drop raise raise E": "pass"}),
        (["return a"], {"return nothing return a": "return None"}),
        (["a.b = c"], {"drop statement a.b = c": "pass"}),
        (["y = not a"], {"drop not not a": "y = a"}),
        (["y = a + b"], {"minus for plus a + b": "y = a - b"}),
        (["y = (a or b) and c"], {"swap and/or (a or b) and c": "y = (a or b) or c", "swap and/or a or b": "y = (a and b) and c"}),
        (["y = a is not b"], {"swap comparison a is not b": "y = a is b"}),
        (["y = a not  in b"], {"swap comparison a not in b": "y = a in b"}),
        (["if a == b: pass"], {"swap comparison a == b": "if a != b: pass"}),
        (["if not a: pass"], {"drop not not a": "if a: pass"}),
        (["if a < b: pass"], {"swap comparison a < b": "if a <= b: pass", "negate a < b": "if (not (a < b)): pass"}),
        (["if a: pass"], {"negate a": "if (not (a)): pass"}),
        (["y = True"], {"change constant True": "y = False"}),
        (["y = 3"], {"change constant 3": "y = 4", "change constant 3 #2": "y = 2"}),
        (["y = 'é', a < b"], {"change constant 'é'": "y = 'éx', a < b", "swap comparison a < b": "y = 'é', a <= b"}),
        (["y = g(a, b=c, d=e)"], {"drop b= g(a, b=c, d=e)": "y = g(a, d=e)", "drop d= g(a, b=c, d=e)": "y = g(a, b=c)"}),
        (["y = q.where(a).limit(b)"], {"drop .limit q.where(a).limit(b)": "y = q.where(a)", "drop .where q.where(a)": "y = q.limit(b)"}),
        (["y = f'{a + b!r}'"], {"change text f'{a + b!r}'": "y = f'x{a + b!r}'"}),
        (["y = g(a, b, *c, d=e)"], {
            "swap arguments g(a, b, *c, d=e)": "y = g(b, a, *c, d=e)",
            "swap arguments g(a, b, *c, d=e) #2": "y = g(a, *c, b, d=e)",
            "drop d= g(a, b, *c, d=e)": "y = g(a, b, *c)",
        }),
        (["y = g(h(a), DateTime(b))"], {
            "drop h(a) of g(h(a), DateTime(b))": "y = g(DateTime(b))",
            "swap arguments g(h(a), DateTime(b))": "y = g(DateTime(b), h(a))",
        }),
        (["y = g(h(a))"], {}),
        (["@deco(a)", "def g(): ..."], {"m.f.g: drop decorator deco(a)": "@(lambda same: same)"}),
        (["try:", "    y = a", "except E:", "    y = b"], {"drop except y = b": "raise"}),
    ],
)  # fmt: skip
def test_what_can_be_changed_is_changed_one_at_a_time(mutate, lines, wanted):
    assert mutate(*lines) == wanted


@pytest.mark.parametrize(
    "line",
    [
        '"""A docstring."""',
        "logger.info(a)",
        "return None",
        "pass",
        "y = 'Text for people.'",
        "y: 'str'",
    ],
)
def test_what_no_check_may_ask_for_is_left_alone(mutate, line):
    assert mutate(line) == {}


def test_columns_and_what_annotations_call_are_changed(mutate):
    found = mutate("a: M[int] = column(unique=True)", "b: A[str, C(most=5)]", head="class C:")
    assert found["drop column a: M[int] = column(unique=True)"] == "pass"
    assert found["drop unique= column(unique=True)"] == "a: M[int] = column()"
    assert found["change constant 5"] == "b: A[str, C(most=6)]"
    assert "change constant True" not in found


def test_a_type_goes_without_what_stands_in_it(mutate):
    found = mutate("a: Annotated[str, C(b), D(e)]", head="class C:")
    assert found["drop C(b) of a: Annotated[str, C(b), D(e)]"] == "a: Annotated[str, D(e), 0]"
    assert found["drop D(e) of a: Annotated[str, C(b), D(e)]"] == "a: Annotated[str, C(b), 0]"


def test_equal_changes_get_a_number(mutate):
    assert list(mutate("y = not a", "z = not a")) == ["drop not not a", "drop not not a #2"]


@pytest.mark.parametrize("each", chapters(), ids=lambda chapter: chapter.slug)
def test_every_mutant_of_the_course_has_a_name_of_its_own_and_a_task(each):
    found = mutation.mutants(each)
    assert len(found) > 90
    assert len({mutant.id for mutant in found}) == len({(mutant.file, mutant.text) for mutant in found}) == len(found)
    assert {mutant.task for mutant in found} == set(each.tasks)
