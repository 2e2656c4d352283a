"""Threads, forks and interrupts in calls that take long."""

import multiprocessing
import os
import signal
import threading

import files
import numpy as np
import pytest
from conftest import same

import pusht_start

EXPERT = pusht_start.expert_episode(seed=1, max_steps=40)
FRAMES = pusht_start.render(EXPERT["states"])
#: Takes a minute and more, and no memory.
ENDLESS = np.broadcast_to(FRAMES[0], (200_000, 96, 96, 3))


def everything(folder):
    """A call of every function, with what it returns."""
    episode = {"frames": FRAMES[:-1], "actions": EXPERT["actions"]}
    path = folder / f"set-{os.getpid()}-{threading.get_ident()}"
    found = [pusht_start.label(FRAMES, 10)["actions"], pusht_start.replay(FRAMES, EXPERT["actions"])["path"]]
    found.append(np.array(pusht_start.audit(FRAMES)["motion"]["path_length"]))
    pusht_start.write_lerobot(path, [episode, episode])
    found.append(next(iter(pusht_start.read_episodes(path)))["frames"])
    found.append(pusht_start.read_episodes(folder / "buffer.zarr")[0]["frames"])
    found.append(pusht_start.load_policy(folder / "policy")(FRAMES[:3]))
    return found


@pytest.fixture
def folder(tmp_path):
    files.tracked_policy(tmp_path / "policy")
    states = EXPERT["states"][:-1]
    files.replay_buffer(tmp_path / "buffer.zarr", FRAMES[:-1], EXPERT["actions"], states, [len(states)])
    return tmp_path


def in_child(folder, policy, expected):
    for one, two in zip(everything(folder), expected, strict=True):
        same(one, two, "in the child")
    same(policy(FRAMES[:3]), expected[-1], "the parent's policy")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_forks(folder):
    # The parent's threads run already.
    expected = everything(folder)
    policy = pusht_start.load_policy(folder / "policy")
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=in_child, args=(folder, policy, expected)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(120)
        assert child.exitcode == 0
    same(policy(FRAMES[:3]), expected[-1], "in the parent")


def test_threads(folder):
    expected = everything(folder)
    found, errors = [], []

    def work():
        try:
            found.append(everything(folder))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and len(found) == 4
    for results in found:
        for one, two in zip(results, expected, strict=True):
            same(one, two, "in a thread")


def test_other_threads_run_meanwhile():
    counts, stop = [0], threading.Event()

    def count():
        while not stop.is_set():
            counts[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    before = counts[0]
    pusht_start.label(np.broadcast_to(FRAMES[0], (300, 96, 96, 3)), 10)
    after = counts[0]
    stop.set()
    thread.join()
    assert after - before > 1000


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers on this system")
@pytest.mark.parametrize("name", ["label", "audit", "replay", "write_lerobot"])
def test_interrupts(name, tmp_path):
    def forever():
        while True:
            yield {"frames": FRAMES[:-1], "actions": EXPERT["actions"]}

    call = {
        "label": lambda: pusht_start.label(ENDLESS, 10),
        "audit": lambda: pusht_start.audit(ENDLESS),
        "replay": lambda: pusht_start.replay(ENDLESS, [[1, 2]]),
        "write_lerobot": lambda: pusht_start.write_lerobot(tmp_path / "set", forever()),
    }[name]

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            call()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert list(tmp_path.iterdir()) == []
