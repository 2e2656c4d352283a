"""The functions on arrays: equal to the environment, to known numbers, and to the recordings."""

import json
import signal

import numpy as np
import pytest
from conftest import make, same

import pusht_start

STATE = [100.0, 120.0, 300.0, 280.0, 4.0]


def test_render_draws_what_the_environment_draws():
    env = make(obs_type="pixels", goal_pose=[200, 300, 1], observation_width=120, observation_height=80)
    picture = env.set_state(STATE)
    same(pusht_start.render(STATE, width=120, height=80, goal_pose=[200, 300, 1]), picture, "picture")
    several = pusht_start.render([STATE, STATE, [1, 2, 3, 4, 5]])
    assert several.shape == (3, 96, 96, 3)
    same(several[0], several[1], "the same state")
    old = pusht_start.render(STATE, protocol="diffusion_policy")
    assert (old != several[0]).any()


def test_render_and_the_recorded_images(recordings):
    data = dict(np.load(recordings / "renders96.npz"))
    for i, state in enumerate(data["state"]):
        lines = data["contact_lines"][i, : data["contact_count"][i]]
        same(pusht_start.render(state[[0, 1, 4, 5, 6]], contacts=lines), data["image"][i], f"image {i}")


def test_simulate_is_the_environment():
    env = make()
    env.reset(seed=3)
    actions = np.random.default_rng(0).uniform(0, 512, (50, 2))
    states, rewards, coverage, success = [env.state], [], [], []
    for action in actions:
        _, reward, terminated, _, info = env.step(action)
        states.append(env.state)
        rewards.append(reward)
        coverage.append(info["coverage"])
        success.append(terminated)
    episode = pusht_start.simulate(actions, seed=3)
    same(episode["states"], np.array(states), "states")
    same(episode["rewards"], np.array(rewards), "rewards")
    same(episode["coverage"], np.array(coverage), "coverage")
    same(episode["success"], np.array(success), "success")
    exact = pusht_start.simulate(np.zeros((0, 2)), state=STATE, reset_order="exact")
    same(exact["states"], np.array([STATE]), "start")
    with pytest.raises(ValueError, match="seed or in a state"):
        pusht_start.simulate(actions)


def test_the_expert_succeeds_and_replays():
    episode = pusht_start.expert_episode(100_000, protocol="diffusion_policy")
    assert episode["success"] and episode["rewards"][-1] == 1
    assert len(episode["states"]) == len(episode["actions"]) + 1
    again = pusht_start.simulate(episode["actions"], seed=100_000, protocol="diffusion_policy")
    same(again["states"], episode["states"], "states")
    same(again["rewards"], episode["rewards"], "rewards")
    short = pusht_start.expert_episode(5, max_steps=7)
    assert short["actions"].shape == (7, 2) and short["actions"].dtype == np.float32


def test_measures_of_actions():
    # x = t³ has the differences 1, 7, 19, 37; 6, 12, 18; 6, 6.
    cube = np.stack([np.arange(5.0) ** 3, np.zeros(5)], axis=1)
    found = pusht_start.smoothness(cube)
    assert found["velocity"]["mean"] == np.mean([1, 7, 19, 37])
    assert found["acceleration"]["sd"] == pytest.approx(np.std([6, 12, 18]))
    assert found["jerk"] == {"mean": 6.0, "sd": 0.0}
    assert pusht_start.smoothness([cube, cube.tolist()]) == found
    assert pusht_start.smoothness(np.stack([cube, cube]).astype(np.float32)) == found
    assert pusht_start.directness(cube) == 1
    assert pusht_start.directness(cube.tolist()) == 1
    corner = [[0, 0], [3, 0], [3, 4]]
    assert pusht_start.directness([corner, [[5, 5], [5, 5]]]) == [7 / 5, None]
    with pytest.raises(ValueError, match="jerk needs at least 4"):
        pusht_start.smoothness(corner)
    with pytest.raises(ValueError, match="NaN|finite"):
        pusht_start.directness([[0, np.nan], [1, 1]])
    with pytest.raises(ValueError, match=r"shape \(n, 2\)"):
        pusht_start.smoothness(np.zeros((5, 3)))


def episode_frames(steps=30, **kwargs):
    env = make(obs_type="pixels", **kwargs)
    env.reset(seed=7)
    frames, states = [env.get_obs()], [env.state]
    for t in range(steps):
        frames.append(env.step([200 + 4 * t, 250])[0])
        states.append(env.state)
    return np.array(frames), np.array(states)


def errors(track, states):
    agent = np.hypot(*(track["agent"] - states[:, :2]).T)
    block = np.hypot(*(track["block"][:, :2] - states[:, 2:4]).T)
    return agent.max(), block.max()


def test_track_finds_the_states():
    frames, states = episode_frames()
    track = pusht_start.track(frames)
    assert track["agent"].shape == (31, 2) and track["block"].shape == (31, 3)
    assert max(errors(track, states)) < 4
    assert track["agent_confidence"].min() > 0.6 and track["block_confidence"].min() > 0.6
    # In any layout.
    same(pusht_start.track(np.asfortranarray(frames))["block"], track["block"], "track")
    empty = pusht_start.track(np.full((2, 96, 96, 3), 255, np.uint8))
    assert np.isnan(empty["agent"]).all() and (empty["block_confidence"] == 0).all()
    assert len(pusht_start.track(frames[:0])["agent"]) == 0


def test_register_finds_the_board_in_frames_of_any_size():
    frames, states = episode_frames(observation_width=300, observation_height=200)
    found = pusht_start.register(frames)
    assert np.abs(found["scale"] - [300 / 512, 200 / 512]).max() < 0.005
    same(found["scale"], pusht_start.register(frames[0])["scale"], "scale")
    track = pusht_start.track(frames, registration=found)
    assert max(errors(track, states)) < 6
    with pytest.raises(ValueError, match="96"):
        pusht_start.track(frames)


def test_frames_that_are_none():
    frames = episode_frames(3)[0]
    for bad, error, text in [
        (frames.astype(np.float32), TypeError, "uint8.*float32"),
        (frames.tolist(), TypeError, "uint8.*list"),
        (frames[0], ValueError, r"got one of shape \(96, 96, 3\)"),
        (frames.transpose(0, 3, 1, 2), ValueError, "channels last"),
        (frames[..., :1], ValueError, "channels last"),
        (None, TypeError, "NoneType"),
        (np.zeros((2, 0, 96, 3), np.uint8), ValueError, "shape"),
    ]:
        with pytest.raises(error, match=text):
            pusht_start.track(bad)
    noise = np.random.default_rng(0).integers(0, 255, (1, 200, 200, 3), np.uint8)
    with pytest.raises(ValueError, match="board"):
        pusht_start.register(noise)
    with pytest.raises(ValueError):
        pusht_start.register(frames[:0])


def test_other_bad_input():
    for call, text in [
        (lambda: pusht_start.render([1, 2, 3]), "5 numbers"),
        (lambda: pusht_start.render([1, 2, 3, 4, np.nan]), "finite"),
        (lambda: pusht_start.render(STATE, width=0), "1 to 4096"),
        (lambda: pusht_start.render(STATE, contacts=[1, 2]), "4 numbers"),
        (lambda: pusht_start.render(STATE, protocol="mine"), "protocol"),
        (lambda: pusht_start.simulate([[1, np.inf]], seed=1), "not finite"),
        (lambda: pusht_start.simulate([1, 2], seed=1), r"shape \(n, 2\)"),
        (lambda: pusht_start.simulate([[1, 2]], seed=2**32, protocol="diffusion_policy"), "4294967296"),
        (lambda: pusht_start.track(episode_frames(1)[0], goal_pose=[1, 2]), "goal_pose"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
    for seed in ("1", 1.5, -1, 2**64):
        with pytest.raises((TypeError, OverflowError)):
            pusht_start.expert_episode(seed)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers on this system")
def test_an_interrupt_in_a_long_call():
    actions = np.full((3_000_000, 2), 256.0)

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(KeyboardInterrupt):
            pusht_start.simulate(actions, seed=1)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_what_is_exported_has_a_stub():
    """Every name of the native module stands in its stub."""
    import pathlib

    from pusht_start import _core

    stub = pathlib.Path(pusht_start.__file__).with_name("_core.pyi").read_text()
    for name in dir(_core):
        if not name.startswith("__") or name == "__version__":
            assert any(f"{kind} {name}" in stub for kind in ("def", "class")) or f"{name}:" in stub, name
    json.dumps(sorted(pusht_start.__all__))
