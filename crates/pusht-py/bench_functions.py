"""Times the functions on arrays: frames or actions per second of processor time, all threads together.

    python crates/pusht-py/bench_functions.py [--json FILE]

Processor time, because other programs on the machine disturb it less than the clock. Clips are episodes of the expert.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

import numpy as np

import pusht_start

sys.path.insert(0, str(pathlib.Path(__file__).parent / "tests"))
import files

LEROBOT = pathlib.Path(__file__).parents[1] / "bc-policy/tests/fixtures/lerobot/corners-0.4"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--json", metavar="FILE", help="also write the result here")
    args = parser.parse_args()
    played = [pusht_start.expert_episode(seed) for seed in range(8)]
    clips = [pusht_start.render(episode["states"]) for episode in played]
    large = [pusht_start.render(episode["states"], width=256, height=256) for episode in played]
    actions = [episode["actions"] for episode in played]
    frames = sum(map(len, clips))
    episodes = [
        {"frames": clip[:-1], "actions": episode["actions"], "states": episode["states"][:-1]}
        for clip, episode in zip(clips, played)
    ]
    folder = pathlib.Path(tempfile.mkdtemp())
    pusht_start.write_lerobot(folder / "set", episodes)
    rows = sum(map(len, actions))
    ends = np.cumsum([len(a) for a in actions])
    joined = [np.concatenate([episode[key] for episode in episodes]) for key in ("frames", "actions", "states")]
    files.replay_buffer(folder / "buffer.zarr", *joined, ends)
    tracked = pusht_start.load_policy(files.tracked_policy(folder / "policy"), sees="state")
    lerobot = pusht_start.load_policy(LEROBOT)
    state = played[0]["states"][0]
    corners = {"environment_state": np.zeros(16) + 256, "agent_pos": np.zeros(2) + 100}
    written = iter(range(10**6))
    work = {
        "render": (frames, lambda: [pusht_start.render(episode["states"]) for episode in played]),
        "track": (frames, lambda: [pusht_start.track(clip) for clip in clips]),
        "label": (frames, lambda: [pusht_start.label(clip, 10) for clip in clips]),
        "label, 256 × 256": (frames, lambda: [pusht_start.label(clip, 10) for clip in large]),
        "audit": (frames, lambda: [pusht_start.audit(clip) for clip in clips]),
        "replay": (frames, lambda: [pusht_start.replay(clip, a) for clip, a in zip(clips, actions)]),
        "write_lerobot": (rows, lambda: pusht_start.write_lerobot(folder / str(next(written)), episodes)),
        "read_episodes, LeRobot": (rows, lambda: list(pusht_start.read_episodes(folder / "set"))),
        "read_episodes, zarr": (rows, lambda: list(pusht_start.read_episodes(folder / "buffer.zarr"))),
        "policy, 392 parameters": (500, lambda: [tracked(state) for _ in range(500)]),
        "diffusion policy, 19,586 parameters": (500, lambda: [lerobot(corners) for _ in range(500)]),
    }
    rates = {name: [] for name in work}
    loads = []
    for _ in range(args.turns):
        loads.append(os.getloadavg()[0])
        for name, (count, call) in work.items():
            begin = time.process_time()
            call()
            rates[name].append(count / (time.process_time() - begin))
    result = {"version": pusht_start.__version__, "python": sys.version.split()[0], "load": loads, "per_second": {}}
    for name, found in rates.items():
        result["per_second"][name] = {"median": statistics.median(found), "least": min(found), "most": max(found)}
        print(f"{name:40} {statistics.median(found):10.0f}   [{min(found):.0f}, {max(found):.0f}]")
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
