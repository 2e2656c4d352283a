"""Everything that gym-pusht returns, bit for bit, in the same process."""

import numpy as np
import pytest
from conftest import make, make_gym_pusht, pushes, same, same_step, toward

pytestmark = pytest.mark.usefixtures("gym_pusht")

KINDS = ["state", "environment_state_agent_pos", "pixels", "pixels_agent_pos"]


def both(**kwargs):
    return make(**kwargs), make_gym_pusht(**kwargs)


@pytest.mark.parametrize("kind", KINDS)
def test_attributes_and_spaces(kind):
    ours, theirs = both(obs_type=kind)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    assert ours.metadata == theirs.metadata
    for name in (
        "obs_type render_mode observation_width observation_height visualization_width visualization_height success_threshold "
        "control_hz dt k_p k_v block_cog damping window clock"
    ).split():
        assert getattr(ours, name) == getattr(theirs, name), name


@pytest.mark.parametrize(("kind", "steps"), [("state", 150), ("environment_state_agent_pos", 60), ("pixels", 40), ("pixels_agent_pos", 40)])
def test_episodes(kind, steps):
    for seed in range(3):
        ours, theirs = both(obs_type=kind)
        same_step(ours.reset(seed=seed), theirs.reset(seed=seed))
        for offset in pushes(seed, steps):
            action = toward(ours.state, offset)
            same_step(ours.step(action), theirs.step(action))
        # The generator goes on where it was.
        for _ in range(3):
            same_step(ours.reset(), theirs.reset())
        assert ours.np_random.bit_generator.state == theirs.np_random.bit_generator.state
        assert ours.np_random_seed == theirs.np_random_seed


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "int32", "uint8", "list", "tuple", "strided"])
def test_types_of_actions(dtype):
    ours, theirs = both()
    same_step(ours.reset(seed=5), theirs.reset(seed=5))
    rng = np.random.default_rng(3)
    for _ in range(40):
        numbers = rng.uniform(0, 250, 2)
        if dtype in ("list", "tuple"):
            # The reference cannot subtract from lists and tuples in every version of pymunk.
            same_step(ours.step({"list": list, "tuple": tuple}[dtype](numbers)), theirs.step(numbers))
            continue
        action = np.repeat(numbers, 2)[::2] if dtype == "strided" else numbers.astype(dtype)
        same_step(ours.step(action), theirs.step(action))


def test_actions_outside_of_the_space():
    ours, theirs = both()
    same_step(ours.reset(seed=6), theirs.reset(seed=6))
    for action in np.random.default_rng(4).uniform(-2000, 2000, (60, 2)).astype(np.float32):
        same_step(ours.step(action), theirs.step(action))


def test_resets_to_a_state():
    ours, theirs = both()
    rng = np.random.default_rng(5)
    for i in range(40):
        state = np.append(rng.uniform(20, 490, 4), rng.uniform(-7, 7))
        options = {"reset_to_state": state if i % 2 else state.tolist()}
        same_step(ours.reset(options=options), theirs.reset(options=options))
        for _ in range(3):
            action = rng.uniform(0, 512, 2).astype(np.float32)
            same_step(ours.step(action), theirs.step(action))
    options = {"reset_to_state": [1, 2, 300, 300, 0]}
    same_step(ours.reset(seed=9, options=options), theirs.reset(seed=9, options=options))
    same_step(ours.reset(), theirs.reset())


@pytest.mark.parametrize("size", [(96, 96), (680, 680), (96, 128), (200, 100), (512, 512), (1000, 300), (33, 700), (250, 257)])
def test_images_of_any_size(size):
    width, height = size
    sizes = {
        "observation_width": width,
        "observation_height": height,
        "visualization_width": max(width, 96),
        "visualization_height": max(height, 96),
    }
    ours, theirs = both(obs_type="pixels", **sizes)
    ours.reset(seed=8)
    theirs.reset(seed=8)
    same(ours.render(), theirs.render(), "without an action")
    for offset in pushes(1, 8):
        action = toward(ours.state, offset)
        same(ours.step(action)[0], theirs.step(action)[0], "observation")
        same(ours.render(), theirs.render(), "render()")
    # The cross of the last action stays, as there.
    ours.reset(seed=9)
    theirs.reset(seed=9)
    same(ours.render(), theirs.render(), "after the next reset")


def test_crosses_at_the_border():
    ours, theirs = both()
    ours.reset(seed=1)
    theirs.reset(seed=1)
    for action in ([0, 0], [512, 512], [-3, 700], [511.9, 0.3], [256.5, 300.25], [-1e5, 10]):
        for dtype in (np.float32, np.float64):
            ours.step(np.array(action, dtype))
            theirs.step(np.array(action, dtype))
            same(ours.render(), theirs.render(), f"render() of {action}")


def test_the_window(monkeypatch):
    pygame = pytest.importorskip("pygame")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    shown = []
    for env in both(render_mode="human"):
        env.clock = type("Clock", (), {"tick": lambda self, fps: None})()
        env.reset(seed=2)
        assert env.render() is None
        shown.append(pygame.surfarray.array3d(env.window))
        env.close()
    same(*shown, "window")


def test_unknown_names():
    for env in (make, make_gym_pusht):
        with pytest.raises(ValueError, match="Unknown obs_type smell"):
            env(obs_type="smell")
