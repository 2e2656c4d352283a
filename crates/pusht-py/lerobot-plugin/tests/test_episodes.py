"""The batch environment, as lerobot's evaluation uses it; lerobot is not needed."""

import importlib.util
import pathlib

import gymnasium
import numpy as np
import pytest

import pusht_start


def load_vector():
    """The module alone: the package's __init__ imports lerobot."""
    path = pathlib.Path(__file__).parents[1] / "lerobot_env_pusht_start" / "vector.py"
    spec = importlib.util.spec_from_file_location("lerobot_env_pusht_start_vector", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


vector = load_vector()


def expert_actions(seeds, steps):
    """Actions of the expert from the starts of seeds; the last one is repeated."""
    rows = [pusht_start.expert_episode(seed)["actions"][:steps] for seed in seeds]
    return np.stack([np.pad(row, ((0, steps - len(row)), (0, 0)), mode="edge") for row in rows], axis=1).astype(np.float32)


def play(envs, actions, seeds):
    """Everything that lerobot reads: rewards, flags, successes; and observations and pictures at the end."""
    envs.reset(seed=seeds, options={"lerobot_new_rollout": True})
    columns = []
    for action in actions:
        observation, reward, terminated, truncated, info = envs.step(action)
        columns.append((reward, terminated | truncated, info["is_success"]))
        assert "final_info" not in info
    rewards, done, success = (np.stack(column, axis=1) for column in zip(*columns))
    return rewards, done, success, observation


def test_episodes_equal_single_environments_and_then_wait():
    seeds = list(range(8))
    steps = 300
    actions = expert_actions(seeds, steps)
    envs = vector.EpisodesVectorEnv(len(seeds), "environment_state_agent_pos", max_episode_steps=200)
    rewards, done, success, last = play(envs, actions, seeds)
    lengths = done.argmax(axis=1) + 1
    assert len(set(lengths)) > 1 and success.any()
    for i, seed in enumerate(seeds):
        env = gymnasium.make("pusht_start/PushT-v0", obs_type="environment_state_agent_pos", max_episode_steps=200)
        env.reset(seed=seed)
        for t in range(lengths[i]):
            observation, reward, terminated, truncated, info = env.step(actions[t][i])
            assert rewards[i, t] == reward and success[i, t] == info["is_success"]
            assert done[i, t] == (terminated or truncated) == (t + 1 == lengths[i])
        # It waits: nothing counts, and it is seen as it ended.
        assert done[i, lengths[i] :].all() and not success[i, lengths[i] :].any()
        assert not rewards[i, lengths[i] :].any()
        for key, value in observation.items():
            assert np.array_equal(last[key][i], value)
        assert np.array_equal(envs.states[i], env.unwrapped.state)


def test_the_sum_that_lerobot_counts():
    """Its mask takes one step more than an episode has."""
    seeds = [0, 1, 2, 3]
    actions = expert_actions(seeds, 300)
    rewards, done, success, _ = play(vector.EpisodesVectorEnv(4, "state"), actions, seeds)
    first = done.argmax(axis=1)
    assert (first + 1 < done.shape[1]).all()
    mask = np.arange(done.shape[1]) <= first[:, None] + 1
    exact = np.arange(done.shape[1]) <= first[:, None]
    assert np.array_equal((rewards * mask).sum(axis=1), (rewards * exact).sum(axis=1))
    assert np.array_equal((success & mask).any(axis=1), (success & exact).any(axis=1))


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("pixels_agent_pos", {"pixels": (3, 96, 128, 3), "agent_pos": (3, 2)}),
        ("environment_state_agent_pos", {"environment_state": (3, 16), "agent_pos": (3, 2)}),
        ("pixels", {"pixels": (3, 96, 128, 3)}),
        ("state", {"state": (3, 5)}),
    ],
)
@pytest.mark.parametrize("protocol", ["gym_pusht", "diffusion_policy"])
def test_kinds_of_observation(kind, keys, protocol):
    envs = vector.EpisodesVectorEnv(3, kind, protocol=protocol, observation_width=128)
    observation, _ = envs.reset(seed=[5, 6, 7])
    assert {key: value.shape for key, value in observation.items()} == keys
    assert envs.observation_space.contains(observation)
    plain = pusht_start.PushTVectorEnv(3, kind, protocol=protocol, observation_width=128)
    expected, _ = plain.reset(seed=[5, 6, 7])
    expected = expected if isinstance(expected, dict) else {kind: expected}
    for key in keys:
        assert np.array_equal(observation[key], expected[key])


def test_what_is_asked_by_name():
    envs = vector.EpisodesVectorEnv(2, visualization_width=40, visualization_height=30)
    envs.reset(seed=[1, 2])
    assert envs.call("_max_episode_steps") == (300, 300)
    assert envs.call("task_description") == envs.get_attr("task_description") == (vector.TASK,) * 2
    assert envs.call("task") == ("PushT-v0",) * 2
    assert [picture.shape for picture in envs.call("render")] == [(30, 40, 3)] * 2
    assert envs.unwrapped.metadata["render_fps"] == 10
    with pytest.raises(AttributeError):
        envs.call("no_such_name")


def test_rollouts_follow_one_another():
    envs = vector.EpisodesVectorEnv(3, "state", max_episode_steps=4)
    actions = np.full((6, 3, 2), 250, np.float32)
    first = play(envs, actions, [1, 2, 3])
    # Without seeds they go on.
    assert not np.array_equal(play(envs, actions, None)[3]["state"], first[3]["state"])
    again = play(envs, actions, [1, 2, 3])
    assert np.array_equal(again[3]["state"], first[3]["state"]) and np.array_equal(again[0], first[0])


def test_bad_input():
    for kwargs, text in [
        ({"obs_type": "image_agent_pos"}, "unknown obs_type"),
        ({"max_episode_steps": None}, "max_episode_steps"),
        ({"max_episode_steps": 0}, "max_episode_steps"),
        ({"protocol": "mine"}, "protocol"),
        ({"num_envs": 0}, "num_envs"),
    ]:
        with pytest.raises(ValueError, match=text):
            vector.EpisodesVectorEnv(**kwargs)
