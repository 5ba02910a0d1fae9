"""Which check runs next, which waits, which is blocked."""

import threading

import pytest

from grader import schedule
from grader.check import Check
from grader.report import Outcome
from grader.schedule import Schedule


def check(id_, *needs):
    return Check(id_, id_.partition("/")[0], "label", 1, needs, testimony=False, lesson="")


CHECKS = [check("1.1/a"), check("1.1/b", "1.1/a"), check("1.2/a", "1.1"), check("1.2/b", "1.2"), check("1.3/a")]


def run(plan, outcomes=None):
    """Run everything that can be claimed; those that were, in order."""
    claimed = []
    by_id = {each.id: each for each in CHECKS}
    while (id_ := plan.claim()) is not None:
        claimed.append(id_)
        outcome = (outcomes or {}).get(id_, Outcome.PASSED)
        plan.done(schedule.result(by_id[id_], outcome, "1.9" if outcome is Outcome.BLOCKED else ""))
    return claimed


def test_tasks_are_ordered_as_numbers():
    assert sorted(["1.10", "1.9", "2.1"], key=schedule.order) == ["1.9", "1.10", "2.1"]


def test_a_task_is_needed_through_its_first_check():
    assert schedule.resolved(CHECKS)["1.2/a"] == ("1.1/a",)


def test_a_need_that_does_not_exist_is_refused():
    for need in ("1.7", "1.1/z"):
        with pytest.raises(ValueError, match=f"1.2/a needs {need}, which does not exist"):
            schedule.resolved([check("1.1/a"), check("1.2/a", need)])


def test_a_task_brings_what_it_needs_and_what_that_needs():
    assert schedule.of_tasks(CHECKS, ["1.2"]) == {"1.2/a", "1.2/b", "1.1/a"}
    assert schedule.of_tasks(CHECKS, ["1.3"]) == {"1.3/a"}


def test_what_waits_and_what_it_needs_are_begun_first():
    waits = Check("1.3/b", "1.3", "label", 1, ("1.2",), testimony=False, lesson="", waits=True)
    plan = Schedule([*CHECKS, waits], set())
    claimed = [plan.claim()]
    plan.done(schedule.result(plan.checks["1.1/a"], Outcome.PASSED))
    claimed += [plan.claim(), plan.claim()]
    plan.done(schedule.result(plan.checks["1.2/a"], Outcome.PASSED))
    assert [*claimed, plan.claim()] == ["1.1/a", "1.2/a", "1.1/b", "1.3/b"]


def test_everything_runs_once_in_order_and_is_heard_of():
    heard = []
    plan = Schedule(CHECKS, set(), heard.append)
    assert run(plan) == [each.id for each in CHECKS]
    assert [each.id for each in heard] == [each.id for each in CHECKS]


def test_what_needs_a_failed_check_is_blocked_and_names_its_task():
    plan = Schedule(CHECKS, set())
    assert run(plan, {"1.1/a": Outcome.FAILED}) == ["1.1/a", "1.3/a"]
    assert [(plan.results[id_].outcome, plan.results[id_].waits_for) for id_ in ("1.1/b", "1.2/a", "1.2/b")] == [
        (Outcome.BLOCKED, "1.1")
    ] * 3


def test_who_waits_for_a_blocked_check_waits_for_the_same_task():
    plan = Schedule(CHECKS, set())
    run(plan, {"1.1/a": Outcome.BLOCKED})
    assert plan.results["1.2/b"].waits_for == "1.9"


def test_what_waits_in_a_task_that_is_not_begun_is_to_do():
    plan = Schedule(CHECKS, {"1.2"})
    run(plan, {"1.1/a": Outcome.TODO})
    outcomes = {id_: found.outcome for id_, found in plan.results.items()}
    assert outcomes == {
        "1.1/a": Outcome.TODO, "1.1/b": Outcome.TODO, "1.2/a": Outcome.TODO, "1.2/b": Outcome.TODO,
        "1.3/a": Outcome.PASSED,
    }  # fmt: skip


def test_what_has_not_begun_when_the_time_is_up_is_a_timeout():
    plan = Schedule(CHECKS, set(), deadline=-1)
    assert plan.claim() is None
    assert {each.outcome for each in plan.results.values()} == {Outcome.TIMEOUT}
    assert len(plan.results) == len(CHECKS)


def test_an_error_is_not_forgotten_and_nothing_else_replaces_a_result():
    plan = Schedule(CHECKS[:1], set())
    for outcome in (Outcome.FAILED, Outcome.PASSED):
        plan.done(schedule.result(CHECKS[0], outcome))
    assert plan.results["1.1/a"].outcome is Outcome.FAILED
    plan.done(schedule.result(CHECKS[0], Outcome.ERROR))
    plan.done(schedule.result(CHECKS[0], Outcome.PASSED))
    assert plan.results["1.1/a"].outcome is Outcome.ERROR


def test_two_workers_never_get_the_same_check_and_wait_for_each_other():
    plan = Schedule(CHECKS, set())
    assert plan.claim() == "1.1/a"
    assert plan.claim() == "1.3/a"  # everything else waits for the first
    late = []
    thread = threading.Thread(target=lambda: late.append(plan.claim()))
    thread.start()
    plan.done(schedule.result(CHECKS[0], Outcome.PASSED))
    thread.join(10)
    assert late == ["1.1/b"]


def test_checks_of_a_worker_that_is_gone_wait_again_unless_they_have_a_result():
    plan = Schedule(CHECKS[:2], set())
    assert plan.claim() == "1.1/a"
    plan.give_back(CHECKS[:1])
    assert plan.claim() == "1.1/a"
    plan.done(schedule.result(CHECKS[0], Outcome.PASSED))
    plan.give_back(CHECKS[:1])
    assert plan.claim() == "1.1/b"


def test_what_a_worker_that_is_gone_has_claimed_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr(schedule, "LAST_RESULTS", 0)
    plan = Schedule(CHECKS[:1], set(), deadline=0.2)
    assert plan.claim() == "1.1/a"
    assert plan.claim() is None
    assert plan.results == {}


def test_what_is_known_is_not_run_and_what_waits_for_it_goes_on():
    known = [schedule.result(each, Outcome.PASSED) for each in (CHECKS[0], CHECKS[2])]
    heard = []
    plan = Schedule(CHECKS, set(), heard.append, known=known)
    assert run(plan) == ["1.1/b", "1.2/b", "1.3/a"]
    assert {each.id for each in heard} == {each.id for each in CHECKS}


def test_what_is_known_does_not_hold_where_what_it_needs_fails_now():
    plan = Schedule(CHECKS, set(), known=[schedule.result(CHECKS[2], Outcome.PASSED)])
    assert run(plan, {"1.1/a": Outcome.FAILED}) == ["1.1/a", "1.3/a"]
    assert plan.results["1.2/a"].outcome is Outcome.BLOCKED


def test_nothing_is_run_where_everything_is_known():
    plan = Schedule(CHECKS, set(), known=[schedule.result(each, Outcome.PASSED) for each in CHECKS])
    assert run(plan) == []
    assert len(plan.results) == len(CHECKS)
