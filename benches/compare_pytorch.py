#!/usr/bin/env python3
"""Times networks here and in PyTorch in one run, alternating, and prints the ratio.

Both sides use f32 and the same number of threads (--threads, 2 by default) and are warmed up; a round times a few runs of
each, and the median over all rounds counts. Needs torch and torchvision (CPU builds), the cases of diffusion also the
package lerobot (0.3 or later), those of autoencoders and of video models the package diffusers:

    python benches/compare_pytorch.py [CASE …] [--rounds 5] [--json out.json]

On a machine that others use, --processor-time compares the processor time of all threads instead of the time that passes
(Linux).

A case is a function that returns what to time, with the number of runs in a round, in the CASES of a file in pytorch/;
the file of that name in compare_pytorch/ has the same table.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

from pytorch import cosmos, idm, ltx, pixel_world, policy

CASES = policy.CASES + idm.CASES + ltx.CASES + cosmos.CASES + pixel_world.CASES


def build():
    """Builds the Rust side and returns its path."""
    command = ["cargo", "build", "--release", "--bench", "compare_pytorch", "--message-format=json"]
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    out = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=True).stdout
    paths = [message.get("executable") for message in map(json.loads, out.splitlines())]
    return [path for path in paths if path][-1]


def processor_time(process):
    """Seconds of processor time of all threads of another process, in hundredths."""
    with open(f"/proc/{process.pid}/stat") as file:
        user, system = file.read().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all by default: " + ", ".join(c[0] for c in CASES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--processor-time", action="store_true")
    parser.add_argument("--json", metavar="FILE", help="write the figures")
    args = parser.parse_args()
    unknown = set(args.cases) - {case[0] for case in CASES}
    if unknown:
        parser.error(f"unknown case {', '.join(sorted(unknown))}")

    rust = subprocess.Popen(
        [build()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "RAYON_NUM_THREADS": str(args.threads)},
    )
    # Idle threads of PyTorch must not take time from the other side.
    os.environ.update(OMP_NUM_THREADS=str(args.threads), OMP_WAIT_POLICY="PASSIVE")
    import torch

    torch.set_num_threads(args.threads)
    clock = time.process_time if args.processor_time else time.perf_counter
    figures = []
    for name, setup, runs in CASES:
        if args.cases and name not in args.cases:
            continue
        run = setup()
        run()
        run()
        # Sets the case up.
        rust.stdin.write(f"{name} 0\n")
        rust.stdin.flush()
        rust.stdout.readline()
        ours, theirs = [], []
        for round in range(args.rounds):
            for side in [0, 1] if round % 2 == 0 else [1, 0]:
                if side == 0:
                    start = processor_time(rust) if args.processor_time else 0
                    rust.stdin.write(f"{name} {runs}\n")
                    rust.stdin.flush()
                    passed = json.loads(rust.stdout.readline())
                    spent = (processor_time(rust) - start) * 1e3 / runs if args.processor_time else 0
                    ours += [spent] if args.processor_time else passed
                    continue
                for _ in range(runs):
                    start = clock()
                    run()
                    theirs.append((clock() - start) * 1e3)
        ours, theirs = statistics.median(ours), statistics.median(theirs)
        figures.append({"case": name, "ours_ms": ours, "pytorch_ms": theirs, "ratio": ours / theirs})
        print(f"{name:28} ours {ours:8.2f} ms  PyTorch {theirs:8.2f} ms  ratio {ours / theirs:.2f}", flush=True)
    rust.stdin.close()
    rust.wait()
    if args.json:
        result = {"threads": args.threads, "processor_time": args.processor_time, "torch": torch.__version__, "rounds": args.rounds, "figures": figures}
        with open(args.json, "w") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
