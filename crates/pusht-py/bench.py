"""Times pusht_start beside gym-pusht in the same run: one environment, through gymnasium.make, and 256 at once.

    pip install ./crates/pusht-py[test]
    cargo build --release -p pusht-env --example vec_env_speed
    python crates/pusht-py/bench.py [--json FILE]

All take turns; medians over the turns are compared. One environment is timed by the processor time of the process, which other
programs on the machine disturb less than the clock; several are timed by both. Everybody gets the same actions, which push the T
most of the time.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
import cv2
import gym_pusht  # registers the reference
import gymnasium
import numpy as np

import pusht_start

REFERENCE, OURS = "gym_pusht/PushT-v0", "pusht_start/PushT-v0"
ENVS, EPISODES, STEPS = 256, 10, 100


def record():
    """Actions that push the T most of the time, and the last state of each episode."""
    rng = np.random.default_rng(0)
    env = gymnasium.make(OURS).unwrapped
    episodes = []
    for seed in range(EPISODES):
        state, _ = env.reset(seed=seed)
        actions = []
        for t in range(STEPS):
            if t % 10 == 0:
                target = state[2:4] + rng.uniform(-60, 60, 2)
            way = target - state[:2]
            actions.append((state[:2] + way * min(1, 25 / (np.hypot(*way) + 1e-9))).astype(np.float32))
            state, *_ = env.step(actions[-1])
        episodes.append((seed, actions, state))
    return episodes


def one(env, episodes, seconds, check):
    """Steps per second of processor time, resets not counted."""
    steps, spent = 0, 0.0
    while spent < seconds:
        for seed, actions, last in episodes:
            env.reset(seed=seed)
            step = env.step
            begin = time.process_time()
            for action in actions:
                result = step(action)
            spent += time.process_time() - begin
            steps += len(actions)
            if check:
                assert np.array_equal(result[0], last), "the two environments did not do the same"
    return steps / spent


def several(envs, count, episodes, rounds):
    """Steps per second by the clock and by processor time of this process, of all environments together, with resets."""
    seeds = [episodes[i % EPISODES][0] for i in range(count)]
    actions = np.stack([episodes[i % EPISODES][1] for i in range(count)], axis=1)
    for last in range(rounds + 1):
        if last == 1:
            clock, processor = time.perf_counter(), time.process_time()
        envs.reset(seed=seeds)
        for action in actions:
            envs.step(action)
    steps = rounds * len(actions) * count
    return {"clock": steps / (time.perf_counter() - clock), "processor": steps / (time.process_time() - processor)}


def import_time():
    """Milliseconds that the import takes after gymnasium and numpy, by the clock and by processor time."""
    program = """
import gymnasium, numpy, time
clock, processor = time.perf_counter(), time.process_time()
import pusht_start
print(time.perf_counter() - clock, time.process_time() - processor)
"""
    runs = [subprocess.check_output([sys.executable, "-c", program]).split() for _ in range(9)]
    return {way: 1e3 * statistics.median(float(run[i]) for run in runs) for i, way in enumerate(("clock", "processor"))}


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rust", default=target / "release/examples/vec_env_speed", help="the Rust program to compare with")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each measurement of one environment")
    parser.add_argument("--rounds", type=int, default=10, help="rounds of 100 steps of 256 environments; a tenth for images")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--processes", type=int, default=16, help="environments of AsyncVectorEnv")
    parser.add_argument("--json", metavar="FILE", help="also write the result here")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    episodes = record()
    file = tempfile.NamedTemporaryFile(suffix=".f32")
    np.array([actions for _, actions, _ in episodes], dtype="<f4").tofile(file.name)
    turns = []
    for _ in range(args.turns):
        turn = {"load": os.getloadavg()[0]}
        for kind in ("state", "pixels"):
            for name, env_id in (("gym_pusht", REFERENCE), ("ours", OURS)):
                env = gymnasium.make(env_id, obs_type=kind)
                turn[f"{name}_{kind}"] = one(env.unwrapped, episodes, args.seconds, kind == "state")
                turn[f"{name}_{kind}_make"] = one(env, episodes, args.seconds, False)
            envs = gymnasium.make_vec(OURS, num_envs=ENVS, obs_type=kind, num_threads=args.threads)
            rounds = args.rounds if kind == "state" else max(args.rounds // 10, 1)
            turn[f"vector_{kind}"] = several(envs, ENVS, episodes, rounds)
            envs.close()
            if pathlib.Path(args.rust).exists():
                command = [args.rust, file.name, str(STEPS), kind, str(rounds), str(args.threads)]
                turn[f"rust_{kind}"] = json.loads(subprocess.check_output(command))
            make = lambda kind=kind: gymnasium.make(REFERENCE, obs_type=kind)
            envs = gymnasium.vector.AsyncVectorEnv([make] * args.processes)
            turn[f"async_gym_pusht_{kind}"] = several(envs, args.processes, episodes, 1)["clock"]
            envs.close()
        turns.append(turn)

    def ratio(a, b):
        ratios = [a(turn) / b(turn) for turn in turns]
        return {"median": statistics.median(ratios), "least": min(ratios), "most": max(ratios)}

    result = {"envs": ENVS, "threads": args.threads, "processes": args.processes, "import_ms": import_time()}
    result["version"] = pusht_start.__version__
    result["python"] = sys.version.split()[0]
    ratios = result["ratios"] = {}
    for kind in ("state", "pixels"):
        for suffix in ("", "_make"):
            key = kind + suffix
            ratios[f"{key} / gym-pusht"] = ratio(lambda t: t[f"ours_{key}"], lambda t: t[f"gym_pusht_{key}"])
        ratios[f"vector {kind} / AsyncVectorEnv of gym-pusht, clock"] = ratio(
            lambda t: t[f"vector_{kind}"]["clock"], lambda t: t[f"async_gym_pusht_{kind}"]
        )
        if f"rust_{kind}" in turns[0]:
            for way in ("kept", "arrays"):
                for by in ("clock", "processor"):
                    ratios[f"vector {kind} / Rust {way}, {by}"] = ratio(
                        lambda t: t[f"vector_{kind}"][by], lambda t: t[f"rust_{kind}"][way][by]
                    )
    result["turns"] = turns
    for name, values in ratios.items():
        print(f"{name:60} {values['median']:8.2f}   [{values['least']:.2f}, {values['most']:.2f}]")
    print(f"import after gymnasium and numpy, ms: {result['import_ms']}; load {[round(t['load'], 1) for t in turns]}")
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
