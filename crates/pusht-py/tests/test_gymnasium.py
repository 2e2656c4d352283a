"""What gymnasium asks of an environment, and what ours can do beyond gym-pusht."""

import copy
import warnings

import gymnasium
import numpy as np
import pytest
from conftest import make, pushes, same, toward
from gymnasium.utils.env_checker import check_env

import pusht_start

KINDS = ["state", "environment_state_agent_pos", "pixels", "pixels_agent_pos", "image_agent_pos"]
STATE = [100.0, 120.0, 300.0, 280.0, 4.0]

#: The action space is gym-pusht's, in px; gymnasium recommends another one.
RECOMMENDATION = "For Box action spaces, we recommend using a symmetric and normalized space"


@pytest.mark.parametrize("protocol", ["gym_pusht", "diffusion_policy"])
@pytest.mark.parametrize("kind", KINDS)
def test_check_env(kind, protocol, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    env = make(obs_type=kind, protocol=protocol)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(env)
    texts = [str(w.message) for w in caught if not issubclass(w.category, DeprecationWarning)]
    assert all(RECOMMENDATION in text for text in texts), texts


def test_an_episode_through_make():
    env = gymnasium.make("pusht_start/PushT-v0", obs_type="pixels_agent_pos")
    env.action_space.seed(1)
    env.reset(seed=1)
    steps = 0
    truncated = terminated = False
    while not (truncated or terminated):
        observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
        assert observation in env.observation_space
        assert 0 <= reward <= 1
        steps += 1
    assert steps == 300 or terminated
    env.close()


def test_lists_of_frames():
    env = gymnasium.make("pusht_start/PushT-v0", render_mode="rgb_array_list")
    env.reset(seed=1)
    env.step(np.array([200, 200], np.float32))
    assert [frame.shape for frame in env.render()] == [(680, 680, 3)] * 2


def test_states_are_set_exactly():
    env = make()
    same(env.set_state(STATE), np.array(STATE), "observation")
    same(env.state, np.array(STATE), "state")
    exact = make(reset_order="exact")
    observation, info = exact.reset(options={"reset_to_state": STATE})
    same(observation, np.array(STATE), "observation")
    assert info["n_contacts"] == 0
    angle_first = make(reset_order="angle_first")
    observation, _ = angle_first.reset(options={"reset_to_state": STATE})
    assert np.abs(observation - STATE).max() < 1e-12
    legacy = make().reset(options={"reset_to_state": STATE})[0]
    assert np.abs(legacy - STATE).max() > 10


def test_snapshots_are_exact():
    env = make(obs_type="pixels_agent_pos")
    env.reset(seed=4)
    offsets = pushes(2, 60)
    for offset in offsets[:30]:
        env.step(toward(env.state, offset))
    saved = env.snapshot()
    other = make(obs_type="pixels_agent_pos", goal_pose=[1, 2, 3])
    clone = copy.deepcopy(env)

    def play(env):
        return [env.step(toward(env.state, offset)) for offset in offsets[30:]] + [env.state, env.render()]

    first = play(env)
    same(env.restore(saved), other.restore(saved), "observation")
    for again in (play(env), play(other), play(clone)):
        for one, two in zip(first, again):
            same(one, two, "step")
    with pytest.raises(ValueError, match="another protocol or reset_order"):
        make(protocol="diffusion_policy").restore(saved)


def test_the_goal_can_be_moved():
    goal = [200.0, 300.0, 1.0]
    env = make(goal_pose=goal)
    _, info = env.reset(seed=1)
    same(info["goal_pose"], np.array(goal), "goal")
    env.set_state([50, 50, *goal])
    assert env.coverage > 0.999999
    env.goal_pose = [256, 256, np.pi / 4]
    assert env.coverage < 0.9
    _, info = env.reset(options={"goal_pose": goal, "reset_to_state": [50, 50, *goal]})
    same(info["goal_pose"], np.array(goal), "goal")
    picture = make(obs_type="pixels", goal_pose=goal).reset(seed=1)[0]
    assert (picture != make(obs_type="pixels").reset(seed=1)[0]).any()


def test_diffusion_policy_without_a_seed():
    starts = []
    for _ in range(3):
        env = make(protocol="diffusion_policy")
        env.reset()
        starts.append(env.state)
        env.reset()
        same(env.state, starts[-1], "the same start again")
    assert len({tuple(start) for start in starts}) > 1


def test_what_happens_outside():
    env = make(out_of_space="clip")
    free = make()
    env.reset(seed=3)
    free.reset(seed=3)
    same(env.step([600, -5])[0], free.step([512, 0])[0], "clipped")
    strict = make(out_of_space="error")
    strict.reset(seed=3)
    before = strict.state
    with pytest.raises(ValueError, match=r"outside of the action space.*\[0, 512\]"):
        strict.step([600, -5])
    same(strict.state, before, "state")


def test_vectorized_by_gymnasium():
    kwargs = {"num_envs": 3, "obs_type": "pixels_agent_pos"}
    sync = gymnasium.make_vec("pusht_start/PushT-v0", vectorization_mode="sync", **kwargs)
    processes = gymnasium.make_vec("pusht_start/PushT-v0", vectorization_mode="async", **kwargs)
    ours = gymnasium.make_vec("pusht_start/PushT-v0", **kwargs)
    assert isinstance(ours, pusht_start.PushTVectorEnv)
    actions = np.random.default_rng(0).uniform(0, 512, (5, 3, 2)).astype(np.float32)
    results = []
    for envs in (sync, processes, ours):
        results.append([envs.reset(seed=4)[0]] + [envs.step(action)[0] for action in actions])
        envs.close()
    for one in results[1:]:
        for a, b in zip(results[0], one):
            same(a, b, "observations")
