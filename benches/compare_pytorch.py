#!/usr/bin/env python3
"""Times networks here and in PyTorch in one run, alternating, and prints the ratio.

Both sides use f32 and the same number of threads (--threads, 2 by default) and are warmed up; a round times a few runs of
each, and the median over all rounds counts. Needs torch and torchvision (CPU builds), the
cases of diffusion also the package lerobot (0.3 or later):

    python benches/compare_pytorch.py [CASE …] [--rounds 5] [--json out.json]

A case is a function that returns what to time, with the number of runs in a round, in CASES; compare_pytorch.rs has the
same table.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time


def resnet():
    import torch
    import torchvision

    torch.manual_seed(0)
    net = torchvision.models.resnet18(weights=None)
    net.fc = torch.nn.Linear(512, 2)
    return net


def resnet_training(batch):
    import torch

    net = resnet().train()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)
    x, y = torch.randn(batch, 3, 96, 96), torch.zeros(batch, 2)

    def run():
        optimizer.zero_grad()
        (net(x) - y).square().mean().backward()
        optimizer.step()

    return run


def resnet_inference(batch):
    import torch

    net = resnet().eval()
    x = torch.randn(batch, 3, 96, 96)

    def run():
        with torch.inference_mode():
            net(x)

    return run


def lerobot_config():
    from types import SimpleNamespace

    return SimpleNamespace(
        diffusion_step_embed_dim=128,
        down_dims=(64, 128, 256),
        kernel_size=5,
        n_groups=8,
        use_film_scale_modulation=True,
        action_feature=SimpleNamespace(shape=(2,)),
        # The encoder.
        resize_shape=None,
        crop_shape=None,
        vision_backbone="resnet18",
        pretrained_backbone_weights=None,
        use_group_norm=True,
        spatial_softmax_num_keypoints=32,
        image_features={"observation.image": SimpleNamespace(shape=(3, 84, 84))},
    )


def unet(batch):
    import torch
    from lerobot.policies.diffusion.modeling_diffusion import DiffusionConditionalUnet1d

    torch.manual_seed(0)
    net = DiffusionConditionalUnet1d(lerobot_config(), 60)
    return net, torch.randn(batch, 16, 2), torch.arange(batch) % 100, torch.randn(batch, 60)


def unet_training(batch):
    net, x, steps, condition = unet(batch)

    def run():
        net.zero_grad()
        net(x, steps, condition).square().mean().backward()

    return run


def unet_inference(batch):
    import torch

    net, x, steps, condition = unet(batch)

    def run():
        with torch.inference_mode():
            net(x, steps, condition)

    return run


def encoder_training(batch):
    import torch
    from lerobot.policies.diffusion.modeling_diffusion import DiffusionRgbEncoder

    torch.manual_seed(0)
    net = DiffusionRgbEncoder(lerobot_config()).train()
    x = torch.randn(batch, 3, 84, 84)

    def run():
        net.zero_grad()
        net(x).square().mean().backward()

    return run


def idm_inference(windows):
    """The learned inverse dynamics of crates/idm/src/net.rs."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    conv1, conv2, head = nn.Conv2d(3, 16, 5, 2, 2), nn.Conv2d(16, 16, 3, 1, 1), nn.Conv2d(16, 1, 1)
    refine, linear, hidden, out = nn.Linear(16, 2), nn.Linear(48, 24), nn.Linear(48, 256), nn.Linear(256, 24)
    frames = windows + 15
    x = torch.randn(frames, 3, 96, 96)
    side = (2 * torch.arange(48) + 1) / 48 - 1
    xs, ys = side.repeat(48), side.repeat_interleave(48)
    grid = torch.stack([xs, ys, xs * xs + ys * ys], 1)

    def run():
        with torch.inference_mode():
            h = torch.relu(conv2(torch.relu(conv1(x))))
            weights = torch.softmax(10 * head(h).flatten(1), 1)
            moments = weights @ grid
            mean = moments[:, :2]
            spread = (moments[:, 2:] - mean.square().sum(1, keepdim=True)).clamp(min=0).add(1e-6).sqrt()
            attended = torch.einsum("np,ncp->nc", weights, h.flatten(2))
            places = mean + refine(attended) * (2 / 48)
            seen = torch.cat([places, spread], 1).unfold(0, 16, 1)
            middle = seen[:, :2, 8:9]
            y = torch.cat([seen[:, :2] - middle, seen[:, 2:]], 1).flatten(1) / 0.125
            y = linear(y) + out(torch.relu(hidden(y)))
            seen[:, :2, 4:12].transpose(1, 2) + y[:, :16].reshape(windows, 8, 2) * 0.125

    return run


# Name, set-up, runs in a round.
CASES = [
    ("resnet18-train-32", lambda: resnet_training(32), 5),
    ("resnet18-infer-1", lambda: resnet_inference(1), 50),
    ("resnet18-infer-64", lambda: resnet_inference(64), 5),
    ("diffusion-unet-train-256", lambda: unet_training(256), 5),
    ("diffusion-unet-infer-8", lambda: unet_inference(8), 50),
    ("diffusion-encoder-train-16", lambda: encoder_training(16), 3),
    ("idm-learned-infer-48", lambda: idm_inference(48), 10),
]


def build():
    """Builds the Rust side and returns its path."""
    command = ["cargo", "build", "--release", "--bench", "compare_pytorch", "--message-format=json"]
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    out = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=True).stdout
    paths = [message.get("executable") for message in map(json.loads, out.splitlines())]
    return [path for path in paths if path][-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all by default: " + ", ".join(c[0] for c in CASES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
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
    figures = []
    for name, setup, runs in CASES:
        if args.cases and name not in args.cases:
            continue
        run = setup()
        run()
        run()
        ours, theirs = [], []
        for round in range(args.rounds):
            for side in [0, 1] if round % 2 == 0 else [1, 0]:
                if side == 0:
                    rust.stdin.write(f"{name} {runs}\n")
                    rust.stdin.flush()
                    ours += json.loads(rust.stdout.readline())
                    continue
                for _ in range(runs):
                    start = time.perf_counter()
                    run()
                    theirs.append((time.perf_counter() - start) * 1e3)
        ours, theirs = statistics.median(ours), statistics.median(theirs)
        figures.append({"case": name, "ours_ms": ours, "pytorch_ms": theirs, "ratio": ours / theirs})
        print(f"{name:28} ours {ours:8.2f} ms  PyTorch {theirs:8.2f} ms  ratio {ours / theirs:.2f}", flush=True)
    rust.stdin.close()
    rust.wait()
    if args.json:
        result = {"threads": args.threads, "torch": torch.__version__, "rounds": args.rounds, "figures": figures}
        with open(args.json, "w") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
