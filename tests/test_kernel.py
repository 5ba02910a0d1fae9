"""Process trees, credentials, death signals."""

import os
import signal
import socket
import struct
import subprocess
import sys

import pytest

from grader.box import kernel

linux = pytest.mark.skipif(not kernel.LINUX, reason="only Linux has it")
SLEEP = "import time; time.sleep(60)"


def python(code, **options):
    return subprocess.Popen([sys.executable, "-S", "-c", code], stdout=subprocess.PIPE, text=True, **options)


def ended(process):
    process.stdout.close()
    return process.wait(10)


def usage(pid):
    return kernel.usage(pid, kernel.process_table())


@pytest.fixture
def parent():
    """A process with a child that left its session; the child's id."""
    code = f"""
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-S", "-c", {SLEEP!r}], start_new_session=True, stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
time.sleep(60)
"""
    kernel.adopt_orphans()
    process = python(code)
    process.child = int(process.stdout.readline())
    yield process
    kernel.kill_all([process.pid, process.child])
    ended(process)


def test_the_table_knows_parents_and_memory(parent):
    table = kernel.process_table()
    assert table[parent.child][0] == parent.pid
    assert table[parent.pid][0] == os.getpid()
    assert 1_000_000 < table[os.getpid()][1] < 2**40


def test_descendants_are_found_whatever_their_session(parent):
    assert kernel.descendants(parent.pid) == [parent.child]
    assert {parent.pid, parent.child} <= set(kernel.descendants(os.getpid()))


def test_the_memory_of_a_process_is_that_of_all_below_it(parent, wait_for):
    wait_for(lambda: usage(parent.child)[0] > 1_000_000)
    assert usage(parent.pid) > usage(parent.child) > (0, 0)
    assert usage(2**22 - 1) == (0, 0)


def test_everything_below_is_killed(parent, wait_for):
    kernel.kill_below(parent.pid)
    assert wait_for(lambda: kernel.descendants(parent.pid) == [])
    assert parent.poll() is None


def test_a_tree_that_is_kept_lives_on(parent):
    doomed = python(SLEEP)
    others = set(kernel.descendants(os.getpid())) - {parent.pid, parent.child, doomed.pid}
    kernel.kill_below(os.getpid(), keep=others, keep_trees={parent.pid, *others})
    assert ended(doomed) == -signal.SIGKILL
    assert kernel.descendants(parent.pid) == [parent.child]


@linux
def test_orphans_come_to_us(parent, wait_for):
    parent.kill()
    parent.wait(10)
    assert wait_for(lambda: kernel.process_table().get(parent.child, (0,))[0] == os.getpid())


@linux
def test_a_process_can_be_made_to_die_with_its_parent(wait_for):
    code = """
import os, sys, time
sys.path.insert(0, os.getcwd())
from grader.box import kernel
reader, writer = os.pipe()
if os.fork() == 0:
    kernel.die_with_parent()
    kernel.forbid_inspection()
    os.write(writer, b"x")
    time.sleep(60)
os.read(reader, 1)
print(kernel.descendants(os.getpid())[0], flush=True)
time.sleep(60)
"""
    process = python(code)
    child = int(process.stdout.readline())
    process.kill()
    ended(process)
    assert wait_for(lambda: child not in kernel.process_table())


def test_a_process_is_signalled_through_a_handle_also_when_it_is_gone():
    process = python(SLEEP)
    send = kernel.open_process(process.pid)
    send(signal.SIGTERM)
    assert ended(process) == -signal.SIGTERM
    send(signal.SIGTERM)


@linux
def test_the_kernel_names_the_sender_whatever_it_says():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        kernel.ask_for_credentials(ours)
        theirs.send(struct.pack("i", 1))
        assert kernel.receive_pid(ours) == os.getpid()


def test_a_process_that_says_nothing_has_no_id():
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        with pytest.raises(EOFError):
            kernel.receive_pid(ours)


def test_where_the_kernel_does_not_help_ps_and_numbers_do(monkeypatch, parent):
    monkeypatch.setattr(kernel, "LINUX", False)
    table = kernel.process_table()
    assert table[parent.child][0] == parent.pid
    assert table[parent.pid][1] > 1_000_000
    kernel.open_process(parent.child)(signal.SIGKILL)
    kernel.open_process(parent.child)(0)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(struct.pack("i", 4711))
        assert kernel.receive_pid(ours) == 4711
