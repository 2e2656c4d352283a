"""What cannot work is an exception that says what was expected, and changes nothing."""

import multiprocessing
import os
import signal
import threading

import gymnasium
import numpy as np
import pytest
from conftest import make, same
from gymnasium.error import ClosedEnvironmentError, Error, ResetNeeded

from pusht_start import PushTVectorEnv

BAD_ACTIONS = [
    (np.zeros(3, np.float32), ValueError, r"shape \(2,\).*got one of shape \(3,\)"),
    (np.zeros((1, 2), np.float32), ValueError, r"got one of shape \(1, 2\)"),
    (5.0, ValueError, r"got one of shape \(\)"),
    (np.array([True, False]), TypeError, "real numbers, got one of dtype bool"),
    (np.array([1j, 2]), TypeError, "real numbers, got one of dtype complex128"),
    (np.array(["a", "b"]), TypeError, "real numbers, got one of dtype <U1"),
    (np.array([None, 1.0]), TypeError, "real numbers, got one of dtype object"),
    ("ab", TypeError, "real numbers"),
    (None, TypeError, "real numbers"),
    ([[1], [1, 2]], TypeError, "real numbers"),
    (np.array([np.nan, 1]), ValueError, "not finite"),
    (np.array([np.inf, 1], np.float32), ValueError, "not finite"),
    (np.array([1e300, 1]), ValueError, "not finite"),
]


@pytest.mark.parametrize(("action", "error", "text"), BAD_ACTIONS)
def test_actions(action, error, text):
    env = make()
    env.reset(seed=1)
    env.step([100, 100])
    before, picture = env.snapshot(), env.render()
    with pytest.raises(error, match=text):
        env.step(action)
    state = env.state
    same(env.render(), picture, "picture")
    env.restore(before)
    same(env.state, state, "state")


@pytest.mark.parametrize(
    ("actions", "error", "text"),
    [
        (np.zeros((3, 2), np.float32), ValueError, r"shape \(4, 2\).*got one of shape \(3, 2\)"),
        (np.zeros((4, 3)), ValueError, r"got one of shape \(4, 3\)"),
        (np.zeros(8), ValueError, r"got one of shape \(8,\)"),
        (np.zeros((4, 2), bool), TypeError, "dtype bool"),
        (np.full((4, 2), np.nan), ValueError, "environment 0: .*not finite"),
        (np.where(np.arange(8).reshape(4, 2) == 5, np.inf, 1.0), ValueError, "environment 2: .*not finite"),
        (None, TypeError, "real numbers"),
    ],
)
def test_actions_of_a_vector_environment(actions, error, text):
    envs = PushTVectorEnv(4)
    envs.reset(seed=1)
    before = envs.states
    with pytest.raises(error, match=text):
        envs.step(actions)
    same(envs.states, before, "states")
    envs.step(np.zeros((4, 2), np.float32))


def test_arrays_of_any_layout():
    plain, other = PushTVectorEnv(4), PushTVectorEnv(4)
    actions = np.random.default_rng(0).uniform(0, 512, (4, 2))
    layouts = [
        np.asfortranarray(actions),
        np.repeat(actions, 3, axis=0)[::3],
        actions[::-1][::-1],
        np.ascontiguousarray(actions.T).T,
        actions.astype(">f8"),
        actions.tolist(),
    ]
    readonly = actions.copy()
    readonly.flags.writeable = False
    for layout in [*layouts, readonly]:
        plain.reset(seed=2)
        other.reset(seed=2)
        same(plain.step(actions)[0], other.step(layout)[0], "observation")
    single = make()
    for layout in [actions[0][::-1][::-1], actions[:, 0][:2], actions[0].astype(">f4")]:
        single.reset(seed=3)
        single.step(layout)


@pytest.mark.parametrize("seed", ["7", 1.5, -1, [3], True])
def test_seeds(seed):
    env = make()
    env.reset(seed=1)
    before = env.state
    if seed is not True:
        with pytest.raises((Error, TypeError, ValueError)):
            env.reset(seed=seed)
        same(env.state, before, "state")
    envs = PushTVectorEnv(2)
    envs.reset(seed=1)
    before = envs.states
    with pytest.raises((TypeError, ValueError), match="seed"):
        envs.reset(seed=seed)
    same(envs.states, before, "states")


def test_seeds_of_several():
    envs = PushTVectorEnv(2)
    envs.reset(seed=1)
    before = envs.states
    for seeds in ([1, 2**64], [1, -1], [1, "2"], [1]):
        with pytest.raises((TypeError, ValueError)):
            envs.reset(seed=seeds)
        same(envs.states, before, "states")
    envs.reset(seed=2**64 - 2)
    other = PushTVectorEnv(2, protocol="diffusion_policy")
    other.reset(seed=1)
    before = other.states
    with pytest.raises(ValueError, match="4294967296"):
        other.reset(seed=2**32 - 1)
    same(other.states, before, "states")
    with pytest.raises(ValueError, match="Seed must be between"):
        make(protocol="diffusion_policy").reset(seed=2**32)


@pytest.mark.parametrize("state", [[1, 2, 3], [1, 2, 3, 4, np.nan], "abcde", [[1, 2, 3, 4, 5]], [1, 2, 3, 4, None], {}])
def test_states(state):
    env = make()
    env.reset(seed=1)
    before = env.state
    for change in (lambda: env.reset(seed=2, options={"reset_to_state": state}), lambda: env.set_state(state)):
        with pytest.raises((TypeError, ValueError), match="numbers"):
            change()
        same(env.state, before, "state")
    # Nothing was drawn either.
    assert env.np_random_seed == 1
    envs = PushTVectorEnv(2)
    envs.reset(seed=1)
    states = envs.states
    with pytest.raises((TypeError, ValueError)):
        envs.reset(options={"reset_to_state": [state, [1, 2, 3, 4, 5]]})
    same(envs.states, states, "states")


def test_settings():
    for kwargs, text in [
        ({"obs_type": "smell"}, "obs_type"),
        ({"block_cog": (0, 10)}, "block_cog"),
        ({"damping": 0.5}, "damping"),
        ({"observation_width": 0}, "1 to 4096 px"),
        ({"observation_height": 10**9}, "1 to 4096 px"),
        ({"observation_height": -1}, "1 to 4096 px"),
        ({"protocol": "mine"}, "protocol"),
        ({"reset_order": "any"}, "reset_order"),
        ({"goal_pose": [1, 2]}, "goal_pose"),
        ({"goal_pose": [1, 2, np.inf]}, "goal_pose"),
        ({"out_of_space": "maybe"}, "out_of_space"),
    ]:
        with pytest.raises(ValueError, match=text):
            make(**kwargs)
        with pytest.raises(ValueError, match=text):
            PushTVectorEnv(2, **kwargs)
    for kwargs in [{"num_envs": 0}, {"num_envs": -1}, {"num_envs": 1.5}, {"num_envs": 10**12}, {"num_envs": True}]:
        with pytest.raises(ValueError, match="num_envs"):
            PushTVectorEnv(**kwargs)
    for kwargs in [{"num_threads": 0}, {"num_threads": 10**6}, {"max_episode_steps": 0}, {"autoreset_mode": "Never"}]:
        with pytest.raises(ValueError):
            PushTVectorEnv(2, **kwargs)
    make(block_cog=(0, 45), damping=0.0)


def test_before_a_reset():
    env = make()
    for call in (lambda: env.step([1, 2]), env.render, env.snapshot):
        with pytest.raises(ResetNeeded, match="reset"):
            call()
    envs = PushTVectorEnv(2)
    with pytest.raises(ResetNeeded, match="reset"):
        envs.step(np.zeros((2, 2)))
    with pytest.raises(ResetNeeded, match="reset"):
        envs.render()


def test_closed_environments():
    env = make()
    env.reset(seed=1)
    seed = env.np_random.bit_generator.state
    env.close()
    env.close()
    for call in (lambda: env.step([1, 2]), env.reset, env.render, env.snapshot, env.get_obs, lambda: env.state):
        with pytest.raises(ClosedEnvironmentError, match="closed"):
            call()
    assert env.np_random.bit_generator.state == seed
    envs = PushTVectorEnv(2)
    envs.close()
    envs.close()
    for call in (lambda: envs.step(np.zeros((2, 2))), envs.reset, envs.render, lambda: envs.states):
        with pytest.raises(ClosedEnvironmentError, match="closed"):
            call()


def test_an_ended_episode_without_autoreset():
    envs = PushTVectorEnv(3, max_episode_steps=1, autoreset_mode="Disabled")
    envs.reset(seed=0)
    envs.step(np.zeros((3, 2)))
    before = envs.states
    with pytest.raises(ValueError, match=r"\[0, 1, 2\] have ended.*reset_mask"):
        envs.step(np.zeros((3, 2)))
    same(envs.states, before, "states")
    for mask, error in [([True] * 3, TypeError), (np.zeros(3, bool), ValueError), (np.ones(3), TypeError), (np.ones(2, bool), ValueError)]:
        with pytest.raises(error, match="reset_mask"):
            envs.reset(options={"reset_mask": mask})
    envs.reset(options={"reset_mask": np.array([True, True, True])})
    envs.step(np.zeros((3, 2)))


def test_ten_thousand_environments():
    envs = PushTVectorEnv(10_000)
    observations, infos = envs.reset(seed=0)
    assert observations.shape == (10_000, 5)
    for _ in range(3):
        observations, rewards, *_, infos = envs.step(np.full((10_000, 2), 256.0, np.float32))
    assert infos["block_pose"].shape == (10_000, 3)
    single = make()
    single.reset(seed=9_999)
    for _ in range(3):
        last = single.step([256, 256])[0]
    same(observations[9_999], last, "the last one")


def in_child(envs, actions, expected):
    same(envs.step(actions)[0], expected, "in the child")
    same(PushTVectorEnv(4, "pixels").reset(seed=1)[0].shape, (4, 96, 96, 3), "a new one")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_fork_in_the_middle():
    envs = PushTVectorEnv(16, "pixels", num_threads=2)
    envs.reset(seed=0)
    actions = np.full((16, 2), 200.0, np.float32)
    envs.step(actions)
    twin = PushTVectorEnv(16, "pixels", num_threads=2)
    twin.reset(seed=0)
    twin.step(actions)
    expected = twin.step(actions)[0]
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=in_child, args=(envs, actions, expected)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    same(envs.step(actions)[0], expected, "in the parent")


def test_one_environment_in_two_threads():
    envs = PushTVectorEnv(500, "pixels", num_threads=1)
    envs.reset(seed=0)
    actions = np.full((500, 2), 200.0, np.float32)
    errors = []

    def work():
        for _ in range(5):
            try:
                envs.step(actions)
            except RuntimeError as error:
                errors.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all("borrowed" in error for error in errors)
    envs.step(actions)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers on this system")
def test_an_interrupt_while_stepping():
    envs = PushTVectorEnv(300, "pixels")
    envs.reset(seed=0)
    actions = np.full((300, 2), 200.0, np.float32)

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            while True:
                envs.step(actions)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert envs.step(actions)[0].shape == (300, 96, 96, 3)


def test_make_names_what_is_wrong():
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        gymnasium.make("pusht_start/PushT-v0", colour="red")
