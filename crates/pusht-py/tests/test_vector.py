"""The vector environment beside gymnasium's own of single environments."""

import threading

import gymnasium
import numpy as np
import pytest
from conftest import AREA, make_gym_pusht, same
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import TimeLimit

import pusht_start
from pusht_start import PushTVectorEnv

MODES = list(AutoresetMode)
KINDS = ["state", "environment_state_agent_pos", "pixels", "pixels_agent_pos"]
#: A T that lies almost at the goal: an episode from here ends when the T is pushed well.
NEAR = [256.0, 180.0, 256.0, 253.0, 0.7853981633974483]


def sync(n, mode, limit, make, **kwargs):
    return SyncVectorEnv([lambda: TimeLimit(make(**kwargs), limit) for _ in range(n)], autoreset_mode=mode)


def same_infos(ours, theirs, path):
    """Infos that are equal but for the order of keys and the rounding of areas."""
    assert sorted(ours) == sorted(theirs), path
    for key in ours:
        if key == "coverage":
            assert ours[key].dtype == theirs[key].dtype and np.abs(ours[key] - theirs[key]).max() <= AREA
        elif isinstance(ours[key], dict):
            same_infos(ours[key], theirs[key], f"{path}[{key!r}]")
        else:
            same(ours[key], theirs[key], f"{path}[{key!r}]")


def compare(ours, theirs, n, steps, mode):
    """Both from the same seeds, with the same actions."""
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    assert ours.single_action_space == theirs.single_action_space
    assert ours.metadata == theirs.metadata
    rng = np.random.default_rng(1)
    for seed in (11, [5] * n, None):
        results = [envs.reset(seed=seed) for envs in (ours, theirs)]
        same(results[0][0], results[1][0], f"reset to {seed}")
        same_infos(results[0][1], results[1][1], "infos")
        for t in range(steps):
            actions = rng.uniform(100, 400, (n, 2)).astype(np.float32)
            one, two = (envs.step(actions) for envs in (ours, theirs))
            same(one[0], two[0], f"observations {t}")
            assert one[1].dtype == two[1].dtype and np.abs(one[1] - two[1]).max() <= AREA
            same(one[2], two[2], "terminated")
            same(one[3], two[3], "truncated")
            same_infos(one[4], two[4], f"infos {t}")
            ended = one[2] | one[3]
            if mode is AutoresetMode.DISABLED and ended.any():
                one, two = (envs.reset(options={"reset_mask": ended.copy()}) for envs in (ours, theirs))
                same(one[0], two[0], "masked reset")
                same_infos(one[1], two[1], "infos of a masked reset")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
def test_equals_gym_pusht_in_a_sync_vector_env(kind, mode, gym_pusht):
    n, limit = 3, 4
    ours = PushTVectorEnv(n, kind, max_episode_steps=limit, autoreset_mode=mode, num_threads=2)
    theirs = sync(n, mode, limit, make_gym_pusht, obs_type=kind)
    compare(ours, theirs, n, 6, mode)


@pytest.mark.parametrize("mode", MODES)
def test_successes_end_episodes(mode):
    """Each environment starts almost at the goal and ends at its own time."""
    n, limit = 9, 25
    kwargs = {"reset_order": "exact"}
    ours = PushTVectorEnv(n, max_episode_steps=limit, autoreset_mode=mode, **kwargs)
    theirs = sync(n, mode, limit, pusht_start.PushTEnv, **kwargs)
    options = {"reset_to_state": NEAR}
    same(ours.reset(seed=3, options=options)[0], theirs.reset(seed=3, options=options)[0], "start")
    seen = 0
    for t in range(30):
        actions = np.array([[256 + i, 200 + (i + 1) * t] for i in range(n)], np.float32)
        one, two = (envs.step(actions) for envs in (ours, theirs))
        for a, b in zip(one[:4], two[:4]):
            same(a, b, f"step {t}")
        same_infos(one[4], two[4], f"infos {t}")
        seen += one[2].sum()
        ended = one[2] | one[3]
        if mode is AutoresetMode.DISABLED and ended.any():
            masks = [{"reset_mask": ended.copy()} for _ in range(2)]
            same(ours.reset(options=masks[0])[0], theirs.reset(options=masks[1])[0], "masked reset")
    assert seen > 0


def test_waits_after_the_end():
    """Each environment is as a single one until its end, and then as it was there."""
    kwargs = {"obs_type": "pixels_agent_pos", "reset_order": "exact"}
    envs = PushTVectorEnv(4, max_episode_steps=6, autoreset_mode=AutoresetMode.DISABLED, after_end="wait", **kwargs)
    envs.reset(seed=0)
    states = envs.states.copy()
    # The T of environment 2 is at its goal.
    states[2] = [100, 100, 256, 256, np.pi / 4]
    envs.reset(options={"reset_to_state": states})
    actions = [np.tile(np.float32([30 * t, 500]), (4, 1)) for t in range(10)]
    steps = [envs.step(action) for action in actions]
    for i in range(4):
        single = TimeLimit(pusht_start.PushTEnv(**kwargs), 6)
        single.reset(options={"reset_to_state": states[i]})
        ended = False
        for action, (observation, reward, terminated, truncated, info) in zip(actions, steps):
            if ended:
                assert reward[i] == 0
            else:
                expected = single.step(action[i])
                ended = expected[2] or expected[3]
                assert reward[i] == expected[1]
            assert (terminated[i], truncated[i]) == expected[2:4]
            assert info["is_success"][i] == expected[4]["is_success"]
            for key in observation:
                same(observation[key][i], expected[0][key], key)
        assert ended and envs.ended[i]
    assert steps[0][2].tolist() == [False, False, True, False]
    mask = np.array([False, True, False, False])
    envs.reset(seed=[None, 9, None, None], options={"reset_mask": mask})
    assert envs.ended.tolist() == [True, False, True, True]
    with pytest.raises(ValueError, match="after_end='wait' needs"):
        PushTVectorEnv(2, after_end="wait")
    with pytest.raises(ValueError, match="unknown after_end"):
        PushTVectorEnv(2, after_end="sleep")


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_results_do_not_depend_on_threads(threads):
    envs = PushTVectorEnv(50, "pixels_agent_pos", num_threads=threads, max_episode_steps=7)
    reference = PushTVectorEnv(50, "pixels_agent_pos", num_threads=3, max_episode_steps=7)
    rng = np.random.default_rng(2)
    same(envs.reset(seed=0)[0], reference.reset(seed=0)[0], "reset")
    for _ in range(10):
        actions = rng.uniform(0, 512, (50, 2))
        same(envs.step(actions)[0], reference.step(actions)[0], "step")


def test_states_for_each_environment():
    rng = np.random.default_rng(3)
    states = np.column_stack([rng.uniform(50, 450, (6, 4)), rng.uniform(-3, 3, 6)])
    envs = PushTVectorEnv(6, reset_order="exact")
    envs.reset(options={"reset_to_state": states})
    same(envs.states, states, "states")
    mask = np.array([True, False] * 3)
    envs.reset(options={"reset_to_state": NEAR, "reset_mask": mask})
    same(envs.states, np.where(mask[:, None], NEAR, states), "states")


def test_what_was_returned_is_never_written_again():
    envs = PushTVectorEnv(16, "pixels_agent_pos")
    kept = [envs.reset(seed=0)[0]]
    views = [kept[0]["pixels"][3]]
    copies = [{key: value.copy() for key, value in kept[0].items()}]
    rng = np.random.default_rng(4)
    for t in range(12):
        observation = envs.step(rng.uniform(0, 512, (16, 2)))[0]
        if t % 2:
            kept.append(observation)
            copies.append({key: value.copy() for key, value in observation.items()})
        else:
            # Only a view of it stays.
            kept.append({"pixels": observation["pixels"][:], "agent_pos": observation["agent_pos"][::2]})
            copies.append({key: value.copy() for key, value in kept[-1].items()})
        del observation
    for one, two in zip(kept, copies):
        same(one, two, "observation")
    assert views[0].base is kept[0]["pixels"]


def test_arrays_are_used_again_when_nobody_reads_them():
    envs = PushTVectorEnv(64, "pixels")
    envs.reset(seed=0)
    actions = np.full((64, 2), 200.0, np.float32)
    addresses = {envs.step(actions)[0].__array_interface__["data"][0] for _ in range(20)}
    assert len(addresses) <= 3
    observation = envs.step(actions)[0]
    observation.shape = (-1,)
    del observation
    for _ in range(5):
        assert envs.step(actions)[0].shape == (64, 96, 96, 3)


def test_other_threads_run_during_a_step():
    envs = PushTVectorEnv(2000, "pixels", num_threads=1)
    envs.reset(seed=0)
    actions = np.full((2000, 2), 200.0, np.float32)
    counts, stop = [0], threading.Event()

    def count():
        while not stop.is_set():
            counts[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    before = counts[0]
    envs.step(actions)
    after = counts[0]
    stop.set()
    thread.join()
    assert after - before > 1000


def test_images_for_videos():
    envs = PushTVectorEnv(3, protocol="diffusion_policy")
    single = gymnasium.make("pusht_start/PushT-v0", protocol="diffusion_policy").unwrapped
    envs.reset(seed=100_000)
    actions = np.array([[100, 200], [300, 400], [5, 6]], np.float32)
    envs.step(actions)
    frames = envs.render()
    for i, frame in enumerate(frames):
        single.reset(seed=100_000 + i)
        single.step(actions[i])
        same(frame, single.render(), f"frame {i}")


def test_what_lerobot_calls():
    envs = gymnasium.make_vec("pusht_start/PushT-v0", num_envs=2, obs_type="pixels_agent_pos")
    assert envs.call("_max_episode_steps") == (300, 300)
    assert len(envs.call("render_mode")) == 2
    assert envs.unwrapped.metadata["render_fps"] == 10
    envs.reset(seed=[1000, 1001], options={"lerobot_new_rollout": True})
    assert len(envs.call("render")) == 2
    envs.close()
