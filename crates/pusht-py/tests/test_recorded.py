"""The recordings of both references, replayed through Python."""

import numpy as np
from conftest import AREA, make, same


def test_rollouts_of_gym_pusht(recordings):
    data = dict(np.load(recordings / "rollouts.npz"))
    env = make()
    corners = make(obs_type="environment_state_agent_pos")
    for r, seed in enumerate(data["seed"]):
        options = None if data["from_seed"][r] else {"reset_to_state": data["reset_state"][r]}
        observation, info = env.reset(seed=int(seed), options=options)
        corners.reset(seed=int(seed), options=options)
        for t in range(301):
            state = data["state"][r, t]
            same(observation, data["obs"][r, t], f"observation {t} of rollout {r}")
            same(info["pos_agent"], state[0:2], "pos_agent")
            same(info["vel_agent"], state[2:4], "vel_agent")
            same(info["block_pose"], state[4:7], "block_pose")
            same(corners.get_obs()["environment_state"], data["keypoints"][r, t], "corners")
            if t == 300:
                break
            action = data["action"][r, t]
            observation, reward, terminated, _, info = env.step(action)
            corners.step(action)
            assert abs(reward - data["reward"][r, t]) <= AREA
            assert abs(info["coverage"] - data["coverage"][r, t]) <= AREA
            assert terminated == info["is_success"] == data["terminated"][r, t]
            assert info["n_contacts"] == data["n_contacts"][r, t]


def test_resets_of_diffusion_policy(recordings):
    data = dict(np.load(recordings / "dp_resets.npz"))
    for order, name in (("position_first", "after_reset_legacy"), ("angle_first", "after_reset_nonlegacy")):
        env = make(protocol="diffusion_policy", reset_order=order)
        for seed, expected in zip(data["seed"], data[name]):
            for _ in range(2):
                env.reset(seed=int(seed))
                same(env.state, expected[[0, 1, 4, 5, 6]], f"seed {seed}")
                # The same seed again, without naming it.
                env.reset()
                same(env.state, expected[[0, 1, 4, 5, 6]], f"seed {seed}")
    exact = make(protocol="diffusion_policy", reset_order="exact")
    for seed, drawn in zip(data["seed"], data["drawn"]):
        exact.reset(seed=int(seed))
        same(exact.state, drawn, f"seed {seed}")


def test_rollouts_of_diffusion_policy(recordings):
    data = dict(np.load(recordings / "dp_rollouts.npz"))
    env = make(protocol="diffusion_policy", obs_type="image_agent_pos")
    for r, seed in enumerate(data["seed"]):
        observation, _ = env.reset(seed=int(seed))
        pictures = dict(zip(data["img_step"][r].tolist(), data["img"][r]))
        videos = dict(zip((20, 60, 100), data["cache"][r]))
        for t in range(121):
            same(env.state, data["state"][r, t][[0, 1, 4, 5, 6]], f"state {t} of rollout {r}")
            if t in pictures:
                same(observation["image"], pictures[t], f"image {t} of rollout {r}")
            if t in videos:
                same(env.render(), videos[t], f"video frame {t} of rollout {r}")
            if t == 120:
                break
            observation, reward, done, _, info = env.step(data["action"][r, t])
            assert abs(reward - data["reward"][r, t]) <= AREA
            assert done == data["done"][r, t]
            assert info["n_contacts"] == data["n_contacts"][r, t]
