"""Times the Python package gym-pusht and this environment in the same run, on the same actions.

    pip install gym-pusht==0.1.8
    cargo build --release -p pusht-cli
    python benches/compare_gym_pusht.py [--json FILE]

Both replay the same episodes, one core each, in turns; the medians over the turns are compared. The last states must be
equal to the last bit, so both did the same work.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
import cv2
import numpy as np
from gym_pusht.envs.pusht import PushTEnv

EPISODES, STEPS = 4, 100


def record():
    """Actions that push the T most of the time, and the last state of every episode."""
    rng = np.random.default_rng(0)
    actions, last = [], []
    for seed in range(EPISODES):
        env = PushTEnv(obs_type="state")
        env.reset(seed=seed)
        for t in range(STEPS):
            agent, block = np.array(env.agent.position), np.array(env.block.position)
            if t % 10 == 0:
                target = block + rng.uniform(-60, 60, 2)
            way = target - agent
            action = agent + way * min(1, 25 / (np.linalg.norm(way) + 1e-9))
            actions.append(action.astype(np.float32))
            env.step(actions[-1])
        last.append([*env.agent.position, *env.block.position, env.block.angle])
    return np.array(actions, dtype="<f4"), last


def gym_steps_per_second(obs_type, actions, seconds):
    env = PushTEnv(obs_type=obs_type)
    steps, begin = 0, time.perf_counter()
    while True:
        for seed in range(EPISODES):
            env.reset(seed=seed)
            for action in actions[seed * STEPS : (seed + 1) * STEPS]:
                env.step(action)
                steps += 1
                if time.perf_counter() - begin > seconds:
                    return steps / (time.perf_counter() - begin)


def main():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(root, "target"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=os.path.join(target, "release/pusht"))
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each measurement of a turn")
    parser.add_argument("--json", metavar="FILE", help="also write the result here")
    args = parser.parse_args()
    if not os.path.exists(args.binary):
        sys.exit(f"{args.binary} is not there; run: cargo build --release -p pusht-cli")
    cv2.setNumThreads(1)
    actions, last = record()
    turns = []
    with tempfile.NamedTemporaryFile(suffix=".f32") as file:
        actions.tofile(file.name)
        command = [args.binary, "bench", "env", "--actions", file.name, "--steps", str(STEPS)]
        command += ["--seconds", str(args.seconds), "--json", "-"]
        for _ in range(args.turns):
            turn = {}
            for kind in ("state", "pixels"):
                turn[f"gym_pusht_{kind}"] = gym_steps_per_second(kind, actions, args.seconds)
            ours = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            if ours["last_states"] != last:
                sys.exit("the last states differ: the two environments did not do the same")
            turn["ours_state"], turn["ours_pixels"] = ours["state"], ours["pixels"]
            turns.append(turn)
    result = {"episodes": EPISODES, "steps": STEPS, "turns": turns, "medians": {}, "ratios": {}}
    for key in turns[0]:
        result["medians"][key] = statistics.median(turn[key] for turn in turns)
    for kind in ("state", "pixels"):
        ratios = [turn[f"ours_{kind}"] / turn[f"gym_pusht_{kind}"] for turn in turns]
        result["ratios"][kind] = {"median": statistics.median(ratios), "least": min(ratios), "most": max(ratios)}
        gym, ours = result["medians"][f"gym_pusht_{kind}"], result["medians"][f"ours_{kind}"]
        print(f"{kind:>6} steps/s: gym-pusht {gym:9,.0f}   this {ours:11,.0f}   ratio {statistics.median(ratios):6.1f}")
    print("last states equal to the last bit")
    if args.json:
        with open(args.json + ".part", "w") as file:
            json.dump(result, file, indent=1)
        os.replace(args.json + ".part", args.json)


if __name__ == "__main__":
    main()
