"""Recordings of stable-worldmodel's PushT, through Python."""

import json
import os
import pathlib

import numpy as np
import pytest
from conftest import same
from swm import FIXTURE, factors, make, row, rows

MANY = ["agent.start_position", "block", "block.angle", "agent.velocity"]
#: numpy adds up the squares of a reward in an order of its own.
REWARD = 1e-12


@pytest.fixture(scope="module")
def folder():
    """The recordings of stable-worldmodel: folder ``golden/swm`` of ``PUSHT_REFERENCE``."""
    root = os.environ.get("PUSHT_REFERENCE")
    folder = pathlib.Path(root or ".", "golden", "swm")
    if not root or not folder.is_dir():
        pytest.skip("no recordings: PUSHT_REFERENCE names no folder with golden/swm")
    return folder


def test_the_fixture_of_the_rust_crate():
    recorded = {name: array for name, array in np.load(FIXTURE).items()}
    images = iter(recorded["images"])
    steps = recorded["rewards"].shape[1]
    for i, seed in enumerate(recorded["seed"]):
        arguments = {"relative": bool(recorded["relative"][i]), "damping": float(recorded["damping"][i]) or None}
        if not np.isnan(recorded["cog"][i]).any():
            arguments["block_cog"] = recorded["cog"][i]
        env = make(resolution=64, **arguments)
        names = ("agent.shape", "agent.scale", "block.shape", "block.scale")
        values = {name: value for name, value in zip(names, recorded["values"][i].tolist()) if value == value}
        values = {name: int(value) if name.endswith("shape") else value for name, value in values.items()}
        options = {"variation_values": values}
        variation = [None, ["all"], ["block"], MANY][int(recorded["variation"][i])]
        if variation is not None:
            options["variation"] = variation
        if not np.isnan(recorded["start"][i]).any():
            options["state"] = recorded["start"][i]
        env.reset(seed=int(seed), options=options)
        assert np.array_equal(env.goal_state, recorded["goal"][i])
        assert env.n_contact_points == recorded["points_at_reset"][i]
        assert rows(env) == recorded["rows"][i][0].tolist()
        for t in range(steps):
            action = recorded["actions"][i][t]
            _, reward, terminated, truncated, info = env.step(action if recorded["wide"][i] else action.astype(np.float32))
            assert abs(reward - recorded["rewards"][i][t]) <= REWARD and not truncated
            assert terminated == bool(recorded["terminated"][i][t])
            assert env.n_contact_points == recorded["points"][i][t]
            assert info["n_contacts"] == -(-int(recorded["points"][i][t]) // 10)
            if (t + 1) % 4 == 0:
                assert rows(env) == recorded["rows"][i][(t + 1) // 4].tolist()
        if i in (1, 4):
            same(env.render(), next(images), "picture")
    assert next(images, None) is None


def test_recorded_rollouts(folder):
    notes = json.loads((folder / "rollouts.json").read_text())["rollouts"]
    arrays = {name: array for name, array in np.load(folder / "rollouts.npz").items()}
    frames = np.load(folder / "frames.npz")
    pictures = {tuple(where): image for where, image in zip(frames["where"].tolist(), frames["image"])}
    for i, note in enumerate(notes):
        env = make(relative=note["relative"])
        options = {"variation": note["variation"], "variation_values": note["variation_values"]}
        for option in ("state", "goal_state"):
            if note[f"given_{option}"] is not None:
                options[option] = np.array(note[f"given_{option}"])
        observation, info = env.reset(seed=note["seed"], options=options)
        assert factors(env) == note["factors"]
        assert observation["state"].tolist() == note["reset_state"]
        assert info["goal_pose"].tolist() == note["goal_pose"]
        same(info["goal"], pictures.pop((i, -1)), "goal")
        if note["set"] == "goal_25":
            env.reset(seed=note["seed"])
            env._set_state(np.array(note["reset_state"]))
            env._set_goal_state(np.array(note["goal_state"]))
        assert env.goal_state.tolist() == note["goal_state"]
        for t in range(arrays["action"].shape[1] + 1):
            if t > 0:
                observation, reward, terminated, _, info = env.step(arrays["action"][i][t - 1])
                assert observation["state"].tolist() == arrays["state"][i][t].tolist()
                assert observation["proprio"].tolist() == arrays["state"][i][t][[0, 1, 5, 6]].tolist()
                assert abs(reward - arrays["reward"][i][t - 1]) <= REWARD
                assert terminated == arrays["terminated"][i][t - 1]
                assert info["n_contacts"] == arrays["n_contacts"][i][t - 1]
                assert env.n_contact_points == arrays["contact_points"][i][t - 1]
                same(info["goal_state"], np.array(note["goal_state"]), "goal state")
            assert row(env.agent) == arrays["agent"][i][t].tolist()
            assert row(env.block) == arrays["block"][i][t].tolist()
            if (i, t) in pictures:
                same(env.render(), pictures.pop((i, t)), f"picture of {i}, {t}")
    assert not pictures


def test_recorded_draws(folder):
    recorded = {name: array for name, array in np.load(folder / "resets.npz").items()}
    env = make()
    for i, seed in enumerate(recorded["seed"].tolist()):
        env.reset(seed=seed, options={"variation": ["all"]})
        for name in env.variation_space.names():
            value = env.variation_space.at(name).value
            assert (value.dtype, value.tolist()) == (recorded[name].dtype, recorded[name][i].tolist()), name
        same(env.goal_state, recorded["goal_state"][i], "goal")


def test_recorded_pictures_of_other_sizes(folder):
    frames = np.load(folder / "frames.npz")
    for note in json.loads((folder / "rollouts.json").read_text())["extra"]:
        size = len(frames[note["image"]])
        env = make(resolution=size, render_action=note["render_action"], with_target=note["with_target"])
        env.reset(seed=note["seed"])
        rng = np.random.default_rng(note["seed"] + 1)
        for _ in range(8):
            # The package's collection policy.
            block = np.array((env.block.position.x, env.block.position.y))
            target = np.clip(env.agent.position + rng.uniform(-1, 1, 2) * env.action_scale, block - 100, block + 100)
            action = np.clip((target - env.agent.position) / env.action_scale, -1, 1).astype(np.float32)
            env.step(action)
        assert action.tolist() == note["action"]
        assert env._get_obs().tolist() == note["state"]
        same(env.render(), frames[note["image"]], note["image"])
