"""What stable-worldmodel's World and its users ask of the environment; input that is refused."""

import copy

import gymnasium
import numpy as np
import pytest
from conftest import same
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.utils.env_checker import check_env
from swm import FIXTURE, factors, make, rows

from pusht_start.stable_worldmodel import PolarQuantizer, SwmPushTEnv


@pytest.mark.parametrize("name", ["PushT-v1", "PushT-Discrete-v1"])
def test_check_env(name):
    check_env(gymnasium.make(f"pusht_start_swm/{name}").unwrapped, skip_render_check=False)


def test_observations_and_infos():
    env = make()
    observation, info = env.reset(seed=3)
    same(observation["proprio"], observation["state"][[0, 1, 5, 6]], "proprio")
    names = "env_name pos_agent vel_agent block_pose goal_pose goal_state goal_proprio n_contacts goal"
    assert list(info) == names.split()
    assert info["goal"].shape == (224, 224, 3) and info["goal"].dtype == np.uint8
    assert env.variation_space.names() == [
        *(f"agent.{n}" for n in ("angle", "color", "scale", "shape", "start_position", "velocity")),
        "background.color",
        *(f"block.{n}" for n in ("angle", "color", "scale", "shape", "start_position")),
        *(f"goal.{n}" for n in ("angle", "color", "position", "scale")),
        "rendering.render_goal",
    ]
    assert env.variation_space.check()
    # Without a seed each reset draws anew; a seed gives the same again.
    starts = [env.reset(seed=seed)[0]["state"].tolist() for seed in (None, None, 3, None, None)]
    assert starts[0] != starts[1] and starts[2] == observation["state"].tolist() and starts[3:] == starts[:2]
    assert make().reset()[0]["state"].tolist() != make().reset()[0]["state"].tolist()


def test_values_and_defaults():
    env = make(init_value={"block.shape": 4, "agent.color": [1, 2, 3]})
    env.reset(seed=1)
    assert env.variation_space.value["block"]["shape"] == 4
    assert env.variation_space["agent"]["color"].value.tolist() == [1, 2, 3]
    other = make()
    other.reset(seed=1, options={"variation_values": {"block.shape": 4, "agent.color": np.array([1, 2, 3], np.uint8)}})
    same(env.render(), other.render(), "picture")
    env.variation_space.set_init_value({"block.shape": 2})
    env.reset(seed=1, options={"variation": []})
    assert env._get_obs().tolist() == [256, 400, 400, 100, 0, 0, 0]
    # A size of float32 is computed with in float32.
    wide, single = make(), make()
    for one, size in ((wide, 33.3), (single, np.float32(33.3))):
        one.reset(seed=1, options={"variation_values": {"block.shape": 1, "block.scale": size}})
    assert wide.variation_space.numbers() != single.variation_space.numbers()


def test_types_of_actions():
    def after(action):
        env = make()
        env.reset(seed=5)
        env.step(action)
        return rows(env)

    single = np.array([0.3, -0.7], np.float32)
    wide = single.astype(np.float64)
    assert after(single) == after(single.astype(">f4")) == after(np.repeat(single, 2)[::2])
    assert after(wide) == after(wide.tolist()) == after(tuple(wide.tolist()))
    assert after(wide) != after(single)
    assert after([1, 0]) == after(np.array([1, 0])) == after(np.array([1.0, 0.0]))


def test_snapshots_and_copies():
    env, other = make(), make()
    env.reset(seed=7, options={"variation": ["all"]})
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1, 1, (30, 2)).astype(np.float32)
    for action in actions[:10]:
        env.step(action)
    saved, twin = env.snapshot(), copy.deepcopy(env)
    expected = [env.step(action)[0]["state"].tolist() for action in actions[10:]]
    other.restore(saved)
    same(other.render(), twin.render(), "picture")
    for again in (other, twin):
        assert [again.step(action)[0]["state"].tolist() for action in actions[10:]] == expected
    with pytest.raises(ValueError, match="other arguments"):
        make(relative=False).restore(saved)


def test_faults_can_be_switched_off():
    options = {"variation": [], "goal_state": [250, 260, 250, 250, 0.4, 0, 0]}
    kept, sound = make(), make(faults={"start_keeps_leftovers": False})
    for env in (kept, sound):
        env.reset(seed=0, options=options)
    assert kept.block.position != (400, 100)
    assert sound.block.position == (400, 100)


def test_discrete_actions():
    env = gymnasium.make("pusht_start_swm/PushT-Discrete-v1").unwrapped
    assert env.action_space == gymnasium.spaces.MultiDiscrete((16, 16))
    polar = np.load(FIXTURE)["polar"]
    quantizer = PolarQuantizer()
    for bins in np.ndindex(16, 16):
        action = quantizer.dequantize(bins)
        assert action.tolist() == polar[16 * bins[0] + bins[1]].tolist()
        assert quantizer.quantize(action).tolist() == list(bins)
    assert quantizer.quantize([5, 0]).tolist() == [15, 0]
    plain = make()
    env.reset(seed=2)
    plain.reset(seed=2)
    same(env.step(np.array([15, 4]))[0], plain.step(quantizer.dequantize((15, 4)))[0], "observation")
    for bins in ([3, 4], np.array([3, 4], np.float32)):
        env.reset(seed=2)
        plain.reset(seed=2)
        same(env.step(bins)[0], plain.step(quantizer.dequantize(bins))[0], "observation")
    for bad in ([16, 0], [0, -1], [0.5, 1.0], [1], 3, [np.nan, 1], "ab", [None, 1]):
        with pytest.raises(ValueError, match="two bins"):
            env.step(bad)


def test_bad_input():
    for kwargs, text in [
        ({"resolution": 0}, "1 to 4096"),
        ({"render_mode": "human"}, "render_mode"),
        ({"block_cog": [1]}, "block_cog"),
        ({"damping": float("nan")}, "damping"),
        ({"faults": {"all": False}}, "there is no fault"),
        ({"init_value": {"block.size": 3}}, "there is no factor 'block.size'"),
        ({"init_value": {"block.shape": 0}}, "block.shape cannot be 0"),
    ]:
        with pytest.raises(ValueError, match=text):
            SwmPushTEnv(**kwargs)
    env = make()
    with pytest.raises(ResetNeeded):
        env.step(np.zeros(2, np.float32))
    env.reset(seed=1)
    before, values = rows(env), factors(env)
    for options, text in [
        ({"variation": "all"}, "list of names"),
        ({"variation": ["block.colour"]}, "there is no factor 'block.colour'"),
        ({"variation": ["all", "block"]}, "there is no factor 'all'"),
        ({"variation_values": {"block": 3}}, "there is no factor 'block'"),
        ({"variation_values": {"block.scale": 61.0}}, "block.scale cannot be 61.0"),
        ({"variation_values": {"block.scale": np.float16(30)}}, "block.scale"),
        ({"variation_values": {"block.color": [1, 2, 3.5]}}, "block.color"),
        ({"variation_values": {"block.color": [1, 2]}}, "block.color"),
        ({"variation_values": {"block.angle": float("nan")}}, "block.angle"),
        ({"variation_values": {"agent.shape": 1.0}}, "agent.shape"),
        ({"variation_values": {"rendering.render_goal": 2}}, "render_goal"),
        ({"variation_values": [1]}, "dict of values"),
        ({"state": [1, 2, 3]}, "5 or 7 finite numbers"),
        ({"state": [1, 2, 3, 4, np.inf]}, "finite"),
        ({"goal_state": [1, 2, 3, 4, 5]}, "7 finite numbers"),
    ]:
        with pytest.raises(ValueError, match=text):
            env.reset(seed=2, options=options)
        assert (rows(env), factors(env), env.np_random_seed) == (before, values, 1), options
    for action, error in [
        (np.zeros(3, np.float32), ValueError),
        (np.zeros((1, 2)), ValueError),
        (np.array([np.nan, 0], np.float32), ValueError),
        (np.array([1e30, 0], np.float32), ValueError),
        (np.zeros(2, np.float16), TypeError),
        (np.zeros(2, np.longdouble), TypeError),
        (np.zeros(2, bool), TypeError),
        ("ab", TypeError),
        (None, TypeError),
    ]:
        with pytest.raises(error):
            env.step(action)
        assert rows(env) == before
    for change in (env._set_state, env._set_goal_state):
        with pytest.raises((TypeError, ValueError)):
            change([1, 2, 3, None, 5])
        with pytest.raises(ValueError, match="finite numbers"):
            change([1, 2])
    assert rows(env) == before
    env.close()
    for call in (env.render, env.reset, lambda: env.step(np.zeros(2, np.float32)), lambda: env.agent):
        with pytest.raises(ClosedEnvironmentError):
            call()
