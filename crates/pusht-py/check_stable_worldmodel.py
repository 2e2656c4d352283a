"""Runs stable-worldmodel's World on this package's PushT beside its own, and compares every number and picture.

    pip install stable-worldmodel==0.1.1 'pymunk>=7' pygame shapely opencv-python-headless imageio .
    python check_stable_worldmodel.py --json FILE
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import time
import warnings

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
warnings.filterwarnings("ignore")

import numpy as np
import stable_worldmodel as swm
import torch
from stable_worldmodel.envs.pusht import WeakPolicy
from stable_worldmodel.policy import BasePolicy

import pusht_start

THEIRS, OURS = "swm/PushT-v1", "pusht_start_swm/PushT-v1"
#: Of the info keys only the time that a picture takes may differ; rewards are added up in another order.
CLOCK, REWARD = "render_time", 1e-12


class Recorder(BasePolicy):
    """A policy that keeps what it is shown."""

    def __init__(self, policy):
        super().__init__()
        self.policy = policy
        self.seen = []

    def set_env(self, env):
        self.env = env
        self.policy.set_env(env)

    def get_action(self, infos, **kwargs):
        shown = {key: value for key, value in infos.items() if not key.startswith("_") and key != CLOCK}
        self.seen.append({key: value.copy() if hasattr(value, "copy") else value for key, value in shown.items()})
        return self.policy.get_action(infos, **kwargs)


class Player(BasePolicy):
    """Plays given actions, then stands still."""

    def __init__(self, actions):
        super().__init__()
        self.actions = iter(actions)

    def get_action(self, infos, **kwargs):
        return next(self.actions, np.zeros((self.env.num_envs, 2), np.float32))


class Moments:
    """Episodes as World reads them from a data set: 25 steps of each, then the goal."""

    column_names = ["pixels", "state", "proprio"]

    def __init__(self, rows):
        self.rows = rows

    def load_chunk(self, episodes, starts, ends):
        chunks = []
        for episode, start, end in zip(episodes, starts, ends):
            stack = lambda key: torch.from_numpy(np.stack([row[key][episode, 0] for row in self.rows[start:end]]))
            chunk = {key: stack(key) for key in self.column_names}
            # World expects channels first.
            chunks.append({**chunk, "pixels": chunk["pixels"].permute(0, 3, 1, 2)})
        return chunks


def run(name, policy, envs, evaluate, **kwargs):
    world = swm.World(name, num_envs=envs, image_shape=(224, 224), **kwargs)
    recorder = Recorder(policy)
    world.set_policy(recorder)
    begin, processor = time.perf_counter(), time.process_time()
    result = evaluate(world)
    clock, processor = time.perf_counter() - begin, time.process_time() - processor
    world.close()
    return recorder.seen, result, clock, processor


def compare(ours, theirs):
    """Largest difference of each key over all steps; the keys that differ."""
    (seen, result, *ours_time), (expected, expected_result, *their_time) = ours, theirs
    assert len(seen) == len(expected), (len(seen), len(expected))
    differing, reward, pictures = {}, 0.0, 0
    for step, (one, other) in enumerate(zip(seen, expected)):
        assert list(one) == list(other), (list(one), list(other))
        for key, value in one.items():
            if key == "reward":
                reward = max(reward, float(np.nanmax(abs(value - other[key]), initial=0)))
                assert np.array_equal(np.isnan(value), np.isnan(other[key]))
            elif isinstance(value, np.ndarray):
                pictures += len(value) if key == "pixels" else 0
                equal = value.shape == other[key].shape and value.dtype == other[key].dtype
                if not equal or not np.array_equal(value, other[key], equal_nan=value.dtype.kind == "f"):
                    differing.setdefault(key, step)
            elif value != other[key]:
                differing.setdefault(key, step)
    assert np.array_equal(result["episode_successes"], expected_result["episode_successes"])
    steps = len(seen)
    return {
        "steps": steps,
        "keys": len(seen[0]),
        "pictures": pictures,
        "keys that differ, and from which step": differing,
        "largest difference of rewards": reward,
        "rewards within 1e-12": reward <= REWARD,
        "success rate, percent": {"ours": result["success_rate"], "theirs": expected_result["success_rate"]},
        "seconds": {"ours": round(ours_time[0], 2), "theirs": round(their_time[0], 2)},
        "processor seconds": {"ours": round(ours_time[1], 2), "theirs": round(their_time[1], 2)},
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    args = parser.parse_args()
    names = ("stable-worldmodel", "pymunk", "numpy", "gymnasium", "torch")
    result = {"versions": {name: importlib.metadata.version(name) for name in names} | {"pusht_start": pusht_start.__version__}}

    def both(title, policy, envs, evaluate, discrete=False, **kwargs):
        ids = [name.replace("PushT-v1", "PushT-Discrete-v1") if discrete else name for name in (OURS, THEIRS)]
        runs = [run(name, policy(), envs, evaluate, **kwargs) for name in ids]
        result[title] = compare(*runs)
        print(title, json.dumps(result[title], indent=1), flush=True)
        return runs

    weak = lambda: WeakPolicy(seed=3)
    both("default factors", weak, 4, lambda world: world.evaluate(episodes=12, seed=100))
    everything = {"variation": ["all"]}
    both("all factors", weak, 4, lambda world: world.evaluate(episodes=24, seed=200, options=everything))
    both("discrete actions", weak, 4, lambda world: world.evaluate(episodes=8, seed=300), discrete=True)
    absolute = [np.random.default_rng(t).uniform(0, 512, (4, 2)).astype(np.float32) for t in range(100)]
    both("absolute actions", lambda: Player(absolute), 4, lambda world: world.evaluate(episodes=4, seed=400), relative=False)

    # The protocol of DINO-WM and LeWM: the goal is the state of a recorded episode 25 steps on, the budget 50 steps. Half of the
    # environments are given the recorded actions.
    envs = 50
    record = run(THEIRS, WeakPolicy(seed=5), envs, lambda world: world.evaluate(episodes=envs, seed=500), max_episode_steps=30)[0]
    actions = [row["action"][:, 0].copy() for row in record[1:26]]
    for action in actions:
        action[envs // 2 :] = 0
    take = lambda name: {"value": name, "in_dataset": True}
    setup = [
        # The same leftovers in each environment.
        {"method": "reset", "args": {"seed": {"value": 7, "in_dataset": False}}},
        {"method": "_set_state", "args": {"state": take("state")}},
        {"method": "_set_goal_state", "args": {"goal_state": take("goal_state")}},
    ]

    def evaluate(world):
        # World resets without a seed here; what it shows first would be another start in each.
        reset = world.envs.reset
        world.envs.reset = lambda seed=None, **kwargs: reset(seed=0, **kwargs)
        return world.evaluate(
            dataset=Moments(record),
            episodes_idx=list(range(envs)),
            start_steps=[0] * envs,
            goal_offset=25,
            eval_budget=50,
            callables=setup,
        )

    both("goals of a recorded episode", lambda: Player(actions), envs, evaluate)
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
