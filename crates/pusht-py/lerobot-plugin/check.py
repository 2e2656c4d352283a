"""Runs lerobot-eval on this environment beside lerobot's own pusht and beside the program `pusht`, with a random policy.

    pip install 'lerobot[pusht,diffusion]==0.6.1' ../. .
    cargo build --release -p pusht-cli
    python check.py --pusht ../../../target/release/pusht --json FILE

1. The same policy, seeds and noise on `pusht` and on `pusht_start`, environments in one process: the same episodes.
2. `pusht` with lerobot's defaults and a batch: it ends in an error.
3. diffusion_policy's protocol and start states: lerobot-eval on `pusht_start` beside `pusht rollout`, which draws other noise.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
from random_policy import save_policy

FEATURES = {
    "pixels_agent_pos": {"observation.image": (3, 96, 96), "observation.state": (2,)},
    "environment_state_agent_pos": {"observation.environment_state": (16,), "observation.state": (2,)},
}
SETTINGS = {"down_dims": (64, 128, 256), "horizon": 16, "n_action_steps": 8, "num_inference_steps": 10}


def lerobot_eval(policy, kind, out, env, episodes, batch, seed, asynchronous, *more):
    command = [
        *(sys.executable, "-m", "lerobot.scripts.lerobot_eval", f"--policy.path={policy}", "--policy.device=cpu"),
        *(f"--env.type={env}", f"--env.obs_type={kind}", f"--eval.n_episodes={episodes}", f"--eval.batch_size={batch}"),
        *(f"--seed={seed}", f"--eval.use_async_envs={str(asynchronous).lower()}", f"--output_dir={out}", *more),
        # The videos take longest.
        *("--env.visualization_width=96", "--env.visualization_height=96"),
    ]
    begin = time.time()
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    result = {"seconds": round(time.time() - begin, 1)}
    if done.returncode != 0:
        # The first exception; the others follow from it.
        found = re.findall(r"^[\w.]*(?:Error|NotFound)\b.*", done.stderr, re.MULTILINE)
        return {**result, "error": found[0] if found else done.stderr[-500:]}
    info = json.loads((out / "eval_info.json").read_text())
    metrics = info["per_task"][0]["metrics"]
    names = {"max": "max_rewards", "sum": "sum_rewards", "success": "successes"}
    return {**result, **{name: np.array(metrics[key], dtype=float) for name, key in names.items()}}


def interval(values):
    """Mean and its 95 % bootstrap interval over episodes."""
    draws = np.random.default_rng(0).choice(values, (10_000, len(values))).mean(axis=1)
    return [float(x) for x in (values.mean(), *np.quantile(draws, [0.025, 0.975]))]


def same_episodes(policy, kind, folder, episodes, batch):
    """Part 1 and 2."""
    theirs = lerobot_eval(policy, kind, folder / "theirs", "pusht", episodes, batch, 1000, False)
    ours = lerobot_eval(policy, kind, folder / "ours", "pusht_start", episodes, batch, 1000, True)
    failed = lerobot_eval(policy, kind, folder / "failed", "pusht", batch, batch, 1000, True)
    if "error" in ours or "error" in theirs:
        raise SystemExit(f"lerobot-eval failed: {ours}, {theirs}")
    return {
        "episodes": episodes,
        "batch": batch,
        "largest difference of maximum rewards": float(abs(ours["max"] - theirs["max"]).max()),
        "largest difference of sums": float(abs(ours["sum"] - theirs["sum"]).max()),
        "successes": [int(one["success"].sum()) for one in (ours, theirs)],
        "maximum reward": interval(ours["max"]),
        "seconds": {"pusht_start": ours["seconds"], "pusht": theirs["seconds"]},
        "pusht, asynchronous": failed.get("error", "no error"),
    }


def beside_rollout(policy, kind, folder, episodes, batch, program):
    """Part 3."""
    ours = lerobot_eval(
        policy, kind, folder / "protocol", "pusht_start", episodes, batch, 100_000, True, "--env.protocol=diffusion_policy"
    )
    record = folder / "rollout.json"
    begin = time.time()
    command = [program, "rollout", "--policy", policy, "--protocol", "diffusion-policy", "--episodes", episodes, "--quiet"]
    subprocess.run([*map(str, command), "--json", str(record)], check=True)
    seconds = round(time.time() - begin, 1)
    recorded = json.loads(record.read_text())["episodes"]
    best = np.array([max(episode["rewards"]) for episode in recorded])
    solved = np.array([max(episode["coverage"]) > 0.95 for episode in recorded], dtype=float)
    return {
        "episodes": episodes,
        "maximum reward": {"lerobot-eval": interval(ours["max"]), "pusht rollout": interval(best)},
        "difference, by start": interval(ours["max"] - best),
        "success": {"lerobot-eval": interval(ours["success"]), "pusht rollout": interval(solved)},
        "seconds": {"lerobot-eval": ours["seconds"], "pusht rollout": seconds},
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pusht", help="the program; without it part 3 is left out")
    parser.add_argument("--episodes", type=int, default=50)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--json")
    args = parser.parse_args()
    result = {"versions": {name: importlib.metadata.version(name) for name in ("lerobot", "torch", "gymnasium", "gym-pusht")}}
    with tempfile.TemporaryDirectory() as folder:
        for kind, features in FEATURES.items():
            place = pathlib.Path(folder, kind)
            save_policy(place / "policy", features, **SETTINGS)
            part = result[kind] = {"built in": same_episodes(place / "policy", kind, place, args.episodes, args.batch)}
            if args.pusht:
                part["rollout"] = beside_rollout(place / "policy", kind, place, args.episodes, args.batch, args.pusht)
            print(json.dumps(part, indent=1), flush=True)
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
