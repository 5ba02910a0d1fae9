"""The bank of attacks, and that the grader holds against a share of it; `nox -s attacks` tries all."""

from collections import Counter

import pytest

from grader import course, run
from grader.attacks import bank
from grader.attacks.run import attempt, row
from grader.attacks.world import World
from grader.box import confined, refuge
from grader.box.lives import well_formed
from grader.report import Outcome

FIRST = course.chapter("01")
ATTACKS = {attack.id: attack for attack in bank.load()}
QUICK = (  # of different kinds, and those that once worked
    "channel-testimony-of-a-secret", "channel-testimony-of-a-device", "channel-testimony-via", "database-link-for-the-log",
    "database-fifo", "exit-at-import", "outlive-as-a-daemon", "results-on-every-descriptor", "network-tcp", "read-a-secret",
)  # fmt: skip
MISTAKES = ("engine-not-returned", "engine-in-memory")


def test_the_bank_holds_four_or_more_of_each_kind():
    assert len(ATTACKS) >= 80
    assert {kind for kind in bank.KINDS if Counter(attack.kind for attack in ATTACKS.values())[kind] < 4} == set()


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=lambda attack: attack.id)
def test_an_attack_is_a_program(attack):
    aims = dict.fromkeys(("US", "PORT", "UDP"), "1")
    code = attack.program()
    for name, value in aims.items():
        code = code.replace(f"@{name}@", value)
    compile(code, attack.id, "exec")
    assert code or attack.files or attack.make


@pytest.fixture
def best():
    """The best level there is here."""
    for name, level in confined.LEVELS.items():
        if not level.missing():
            return name
    return pytest.skip("there is no level of confinement here")


@pytest.mark.parametrize("name", QUICK)
def test_the_grader_holds(name, best):
    tried = attempt(ATTACKS[name], best)
    assert tried.wrong == []
    assert row(tried).startswith("held")


def test_a_witness_sees_what_an_attack_did():
    with World() as world:
        (world.base / "canary" / "pwned").write_text("x")
        (world.base / "tmp" / "left").write_text("x")
        world.udp.sendto(b"x", world.udp.getsockname())
        said = "; ".join(world.harm())
    for word in ("canary/pwned is not as it was", "tmp/left is not", "the UDP listener was reached"):
        assert word in said
    assert not world.base.exists()


def test_a_grader_without_walls_is_seen_to_fail():
    tried = attempt(ATTACKS["read-a-secret"].model_copy(update={"tasks": ("1.1",)}), "practice")
    assert {"the secret was read", "worked: read it"} <= set(tried.wrong)


@pytest.mark.parametrize(
    "record",
    [
        [], {"frames": 1}, {"via": 1}, {"via": [1]}, {"frames": [1]}, {"frames": [["app/x.py", 1e999, "", ""]]},
        {"frames": [["app/x.py", 10**400, "", ""]]}, {"frames": [["app/x.py", 1, ""]]}, {"frames": [[None, 1, "", ""]]},
    ],
)  # fmt: skip
def test_a_record_of_other_types_is_no_record(record):
    assert not well_formed(record)
    assert well_formed({"kind": "error", "frames": [["app/x.py", 1, "f", "x"]], "via": ["f"]})


def outcomes(folder, level):
    report = run.grade(FIRST, folder, "submission", tasks=("1.2",), level=level, workers=1)
    return {
        check.id: (check.outcome, check.finding and (check.finding.expected, check.finding.line))
        for check in report.checks
    }


@pytest.mark.parametrize("which", ["starter", *MISTAKES, "no-foreign-keys"])
def test_practice_and_every_level_give_the_same_verdict(which, tmp_path):
    edits = {
        "starter": [], "engine-not-returned": [("    return create_engine(url)", "    create_engine(url)")],
        "engine-in-memory": [("create_engine(url)", 'create_engine("sqlite://")')],
        "no-foreign-keys": [("PRAGMA foreign_keys=ON", "PRAGMA foreign_keys=OFF")],
    }  # fmt: skip
    attack = bank.Attack(id="x", kind="exit", tries="nothing", base="starter" if which == "starter" else "solution")
    attack.write(tmp_path, {})
    engine = tmp_path / "app" / "database.py"
    for old, new in edits[which]:
        engine.write_text(engine.read_text("utf-8").replace(old, new), "utf-8")
    practice = outcomes(tmp_path, None)
    assert Outcome.ERROR not in {outcome for outcome, _ in practice.values()}
    for name, level in confined.LEVELS.items():
        if not level.missing():
            walls = confined.make(name)
            try:
                assert outcomes(tmp_path, walls) == practice, name
            finally:
                refuge.remove(walls.refuge)
