"""The network of the pixel world, with its loss and update, at the sizes of its training: 24 colors, 48 channels."""

COLORS = 24
CELL_PIXELS = 16
PIXELS = 4096


def network():
    import torch
    import torch.nn.functional as F
    from torch import nn

    class Residual(nn.Module):
        def __init__(self, inputs, outputs):
            super().__init__()
            self.norm1 = nn.GroupNorm(8, inputs)
            self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
            self.norm2 = nn.GroupNorm(8, outputs)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
            self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

        def forward(self, x):
            h = self.conv1(F.silu(self.norm1(x)))
            return self.skip(x) + self.conv2(F.silu(self.norm2(h)))

    class Net(nn.Module):
        def __init__(self, fine):
            super().__init__()
            coarse = 2 * fine
            self.first = nn.Conv2d(180, fine, 3, padding=1)
            self.down1 = Residual(fine, fine)
            self.half1 = nn.Conv2d(fine, coarse, 3, stride=2, padding=1)
            self.down2 = Residual(coarse, coarse)
            self.half2 = nn.Conv2d(coarse, coarse, 3, stride=2, padding=1)
            self.middle1 = Residual(coarse, coarse)
            self.middle2 = Residual(coarse, coarse)
            self.up2 = Residual(2 * coarse, coarse)
            self.up1 = Residual(coarse + fine, fine)
            self.last = nn.Conv2d(fine, CELL_PIXELS * COLORS, 3, padding=1)
            self.keep = nn.Parameter(torch.tensor(4.0))

        def forward(self, x):
            fine = self.down1(self.first(x))
            coarse = self.down2(self.half1(fine))
            h = self.middle2(self.middle1(self.half2(coarse)))
            h = self.up2(torch.cat([F.interpolate(h, scale_factor=2), coarse], 1))
            h = self.up1(torch.cat([F.interpolate(h, scale_factor=2), fine], 1))
            return self.last(h)

    torch.manual_seed(0)
    # The faster of PyTorch's two orders of memory for this network.
    return Net(48).to(memory_format=torch.channels_last)


def images(batch):
    import torch

    return torch.randn(batch, 180, 16, 16).to(memory_format=torch.channels_last)


def training(batch, half=False):
    import torch
    import torch.nn.functional as F

    net, x = network(), images(batch)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4, weight_decay=1e-3)
    last = torch.randint(0, COLORS, (batch, PIXELS))
    target = torch.randint(0, COLORS, (batch, PIXELS))
    weight = torch.rand(batch, PIXELS)

    def run():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            scores = net(x)
        scores = scores.float().reshape(batch, COLORS, PIXELS)
        scores = scores + net.keep * F.one_hot(last, COLORS).permute(0, 2, 1)
        loss = (weight * F.cross_entropy(scores, target, reduction="none")).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()

    return run


def inference(batch):
    import torch

    net, x = network().eval(), images(batch)

    def run():
        with torch.inference_mode():
            net(x)

    return run


# Name, set-up, runs in a round.
CASES = [
    ("pixel-world-train-32", lambda: training(32), 5),
    # Ours is in f32.
    ("pixel-world-train-32-bf16", lambda: training(32, half=True), 5),
    ("pixel-world-infer-32", lambda: inference(32), 5),
    ("pixel-world-infer-1", lambda: inference(1), 50),
]
