"""Trained policies: against a network computed here, LeRobot's recorded actions, and rollouts of the program."""

import json
import pathlib

import files
import gymnasium
import numpy as np
import pytest
from conftest import make, same

import pusht_start
from pusht_start import _core

pytestmark = pytest.mark.skipif(not hasattr(_core, "PolicyCore"), reason="built without the feature `policies`")

#: Policies that LeRobot made, with observations, noise and actions that it recorded: tests of the crate bc-policy.
LEROBOT = pathlib.Path(__file__).parents[2] / "bc-policy" / "tests" / "fixtures" / "lerobot"
STATE = np.array([100.0, 120.0, 300.0, 280.0, 4.0])


@pytest.fixture
def tracked(tmp_path):
    return files.tracked_policy(tmp_path / "policy.safetensors")


@pytest.fixture
def lerobot():
    folder = LEROBOT / "corners-0.4"
    if not folder.is_dir():
        pytest.skip("no policies of LeRobot: they lie in the repository beside this package")
    return folder


def test_a_policy_on_states(tracked):
    policy = pusht_start.load_policy(tracked, sees="state")
    assert (policy.kind, policy.obs_type, policy.history, policy.parameters) == ("tracked", "state", 1, 392)
    planned = files.tracked_actions(STATE)
    for t in range(files.TAKEN):
        action = policy(STATE)
        assert action.shape == (2,) and action.dtype == np.float32
        assert np.abs(action - planned[t]).max() < 1e-3
    # Then it looks again.
    other = STATE + [5, 5, 0, 0, 0]
    assert np.abs(policy(other) - files.tracked_actions(other)[0]).max() < 1e-3
    # A reset forgets the rest of the plan.
    policy.reset()
    assert np.abs(policy(STATE) - planned[0]).max() < 1e-3
    for same_state in (STATE.tolist(), STATE.astype(np.float64)[::-1][::-1], {"observation.state": STATE, "task": "push"}):
        policy.reset()
        assert np.abs(policy(same_state) - planned[0]).max() < 1e-3


def test_a_policy_on_images(tracked):
    policy = pusht_start.load_policy(tracked)
    assert policy.obs_type == "pixels"
    image = pusht_start.render(STATE)
    action = policy(image)
    track = pusht_start.track(image[None])
    planned = files.tracked_actions(np.concatenate([track["agent"][0], track["block"][0]]))
    assert np.abs(action - planned[0]).max() < 1e-3
    floats = image.astype(np.float32) / 255
    batch = np.stack([image, image])
    for observation in (
        {"pixels": image},
        {"observation.image": np.moveaxis(floats, -1, 0)},
        {"observation.image": floats, "observation.state": [1, 2]},
        {"image": np.moveaxis(image, -1, 0)},
    ):
        policy.reset()
        same(policy(observation), action, "action")
    policy.reset()
    same(policy({"pixels": batch}), np.stack([action, action]), "actions")
    policy.reset()
    same(policy({"observation.image": np.moveaxis(batch, -1, 1)[:1]}), action[None], "actions")


def test_environments_are_independent(lerobot):
    policy = pusht_start.load_policy(lerobot, seed=3)
    envs = gymnasium.make_vec("pusht_start/PushT-v0", num_envs=3, obs_type=policy.obs_type)
    observation, _ = envs.reset(seed=1)
    first = policy(observation)
    assert first.shape == (3, 2)
    # One alone is as in the batch: it is the first environment.
    alone = pusht_start.load_policy(lerobot, seed=3)
    same(alone({key: value[0] for key, value in observation.items()}), first[0], "action")
    again = pusht_start.load_policy(lerobot, seed=3)
    same(again(observation), first, "actions")
    assert (pusht_start.load_policy(lerobot, seed=4)(observation) != first).all()
    second = policy(observation)
    again.reset([1])
    changed = again(observation)
    same(changed[[0, 2]], second[[0, 2]], "the others go on")
    assert (changed[1] != second[1]).all()
    masked = pusht_start.load_policy(lerobot, seed=3)
    masked(observation)
    masked.reset(np.array([False, True, False]))
    same(masked(observation), changed, "a mask")
    with pytest.raises(ValueError, match=r"2 observations, and 3 before; call reset\(\)"):
        policy({key: value[:2] for key, value in observation.items()})
    policy.reset()
    assert policy({key: value[:2] for key, value in observation.items()}).shape == (2, 2)


def test_actions_are_lerobots(lerobot):
    for folder in (lerobot, lerobot.with_name("corners-0.3")):
        recorded = json.loads((folder / "expected.json").read_text())
        policy = pusht_start.load_policy(folder)
        seen = recorded["observations"]
        observations = {key: np.array([row[key] for row in seen]) for key in seen[0]}
        actions = policy.sequence_from(observations, recorded["noise"])[policy.history - 1 :]
        expected = np.array(recorded["actions"])
        assert np.abs(actions[: len(expected)] - expected).max() < 1e-3
        with pytest.raises(ValueError, match=f"draws noise {len(recorded['noise'])} times.*got 0"):
            policy.sequence_from(observations, [])
        with pytest.raises(ValueError, match="observations"):
            policy.sequence_from({key: value[:1] for key, value in observations.items()}, recorded["noise"])


#: The last actions of three episodes of 40 steps by `pusht rollout --protocol diffusion-policy`.
ROLLOUTS = {
    ("tracked", "state"): [[273.84286, 112.54873], [392.92206, 179.49655], [201.74055, 404.38397]],
    ("tracked", "frames"): [[275.39462, 116.81532], [392.13297, 178.2005], [199.60434, 409.0802]],
    ("lerobot", "state"): [[275.73566, 466.48828], [164.38934, 160.41853], [409.19254, 374.34894]],
    ("lerobot", "frames"): [[275.58557, 466.11395], [163.5829, 159.24359], [396.48688, 374.12442]],
}


@pytest.mark.parametrize(("kind", "sees"), ROLLOUTS)
def test_rollouts_are_the_programs(kind, sees, request):
    policy = pusht_start.load_policy(request.getfixturevalue(kind), sees=sees)
    envs = gymnasium.make_vec(
        "pusht_start/PushT-v0", num_envs=3, obs_type=policy.obs_type, protocol="diffusion_policy", max_episode_steps=None
    )
    observation, _ = envs.reset(seed=100_000)
    for _ in range(40):
        actions = policy(observation)
        observation = envs.step(actions)[0]
    # Equal bits on the machine that recorded them; contacts amplify what another processor's sine changes.
    assert np.abs(actions - np.array(ROLLOUTS[kind, sees])).max() < 1e-2


def test_files_that_are_no_policies(tmp_path, tracked, lerobot):
    with pytest.raises(FileNotFoundError, match="no such file; expected the file of a trained policy"):
        pusht_start.load_policy(tmp_path / "nothing")
    other = files.tracked_policy(tmp_path / "other", kind="pusht.policy.tracked.2")
    with pytest.raises(ValueError, match=r"pusht\.policy\.tracked\.2"):
        pusht_start.load_policy(other)
    short = tmp_path / "short"
    short.write_bytes(tracked.read_bytes()[:-20])
    with pytest.raises(ValueError, match="cut short"):
        pusht_start.load_policy(short)
    (tmp_path / "text").write_text("hello, this is no policy")
    with pytest.raises(ValueError, match="text"):
        pusht_start.load_policy(tmp_path / "text")
    wrong = files.tracked_policy(tmp_path / "wrong", changes={"layers.1.bias": np.zeros(9, np.float32)})
    with pytest.raises(ValueError, match=r"layers\.1\.bias"):
        pusht_start.load_policy(wrong)
    nan = files.tracked_policy(tmp_path / "nan", changes={"layers.1.bias": np.full(8, np.nan, np.float32)})
    with pytest.raises(ValueError, match=r"finite"):
        pusht_start.load_policy(nan)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match="folder"):
        pusht_start.load_policy(tmp_path / "folder")
    for kwargs, error, text in [
        ({"sees": "smell"}, ValueError, "frames or state"),
        ({"device": "abacus"}, ValueError, "abacus"),
        ({"device": "cuda"}, ValueError, "cuda"),
        ({"seed": -1}, (TypeError, OverflowError), "."),
        ({"seed": "1"}, TypeError, "."),
        ({"goal_pose": [1, 2]}, ValueError, "goal_pose"),
    ]:
        with pytest.raises(error, match=text):
            pusht_start.load_policy(tracked, **kwargs)


def test_observations_that_do_not_fit(tracked, lerobot):
    on_state = pusht_start.load_policy(tracked, sees="state")
    on_image = pusht_start.load_policy(tracked)
    on_corners = pusht_start.load_policy(lerobot)
    image = pusht_start.render(STATE)
    corners = make(obs_type="environment_state_agent_pos").reset(seed=1)[0]
    before = on_corners(corners)
    for policy, observation, error, text in [
        (on_state, STATE[:4], ValueError, r"shape \(5,\) or \(batch, 5\), got one of shape \(4,\)"),
        (on_state, STATE * np.nan, ValueError, "not finite"),
        (on_state, ["a"] * 5, TypeError, "real numbers"),
        (on_state, None, TypeError, "real numbers"),
        (on_state, {"pixels": image}, ValueError, "needs observations of obs_type 'state'.*got pixels"),
        (on_image, image.astype(float), ValueError, r"outside of \[0, 1\]"),
        (on_image, image.astype(np.int32), TypeError, "uint8"),
        (on_image, image[:64], ValueError, "96 × 96 px, got 96 × 64"),
        (on_image, image[0], ValueError, r"\(96, 96, 3\)"),
        (on_image, {"agent_pos": [1, 2]}, ValueError, "got agent_pos"),
        (on_image, {}, ValueError, "got nothing"),
        (on_image, np.full((96, 96, 3), 255, np.uint8), ValueError, "agent"),
        (on_corners, np.zeros(18), TypeError, "a dict with"),
        (on_corners, {"agent_pos": [1, 2]}, ValueError, "environment_state or observation.environment_state"),
        (on_corners, {**corners, "agent_pos": np.zeros((3, 2))}, ValueError, "different numbers of environments"),
        (on_corners, {**corners, "agent_pos": [1, np.inf]}, ValueError, "agent_pos has numbers that are not finite"),
    ]:
        with pytest.raises(error, match=text):
            policy(observation)
    # Nothing has changed.
    fresh = pusht_start.load_policy(lerobot)
    same(fresh(corners), before, "action")
    same(on_corners(corners), fresh(corners), "action")
    with pytest.raises(ValueError, match="reset of environment 1: the policy acted in 1"):
        on_corners.reset([1])
    with pytest.raises(TypeError, match="tracked does not draw noise"):
        on_state.sequence_from(STATE[None], [])
