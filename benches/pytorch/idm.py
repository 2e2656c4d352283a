"""Inverse dynamics: the learned model, and the parts of Unified Video Action at the sizes of benches/uva.rs."""


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


def vit_blocks(count, tokens=1024, width=768, heads=12):
    """Pre-norm transformer blocks with biases, as the package timm has them."""
    import torch
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(0)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width, 1e-6), nn.LayerNorm(width, 1e-6)
            self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x):
            batch, n, _ = x.shape
            qkv = self.qkv(self.norm1(x)).reshape(batch, n, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
            mixed = functional.scaled_dot_product_attention(*qkv.unbind(0))
            x = x + self.proj(mixed.transpose(1, 2).reshape(batch, n, width))
            return x + self.mlp(self.norm2(x))

    return nn.Sequential(*(Block() for _ in range(count)), nn.LayerNorm(width, 1e-6))


def uva_encoder():
    import torch
    from torch import nn

    blocks, known = vit_blocks(2), nn.Linear(16, 768)
    joined, norm = nn.Linear(3 * 768, 768), nn.LayerNorm(768, 1e-6)
    x, unknown = torch.randn(1, 1024, 16), torch.randn(1, 1, 768)

    def run():
        with torch.inference_mode():
            fake = unknown.expand(1, 1024, 768)
            blocks(norm(joined(torch.cat([known(x), fake, fake], 2))))

    return run


def uva_decoder():
    import torch
    from torch import nn

    blocks, embed = vit_blocks(2), nn.Linear(768, 768)
    x = torch.randn(1, 1024, 768)

    def run():
        with torch.inference_mode():
            blocks(embed(x))

    return run


def uva_actions():
    """Condition and ten sampler steps of the action head; of a step only the network, whose time is nearly all of it."""
    import torch
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(0)
    conv, pool = nn.Conv2d(768, 768, 3, padding=1), nn.AdaptiveAvgPool2d(4)
    fc = nn.Sequential(nn.Linear(16 * 768, 768), nn.ReLU(), nn.Linear(768, 768))
    interpolate, refine = nn.Linear(4, 16), nn.Sequential(nn.Linear(768, 768), nn.ReLU(), nn.Linear(768, 768))

    class Residual(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.norm, self.modulation = nn.LayerNorm(width, 1e-6), nn.Linear(width, 3 * width)
            self.mlp = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))

        def forward(self, x, c):
            shift, scale, gate = self.modulation(functional.silu(c)).chunk(3, 1)
            return x + gate * self.mlp(self.norm(x) * (1 + scale) + shift)

    width = 1024
    enter, leave = nn.Linear(2, width), nn.Linear(width, 4)
    condition, last = nn.Linear(768, width), nn.Linear(width, 2 * width)
    time = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
    layers, norm = nn.ModuleList(Residual(width) for _ in range(6)), nn.LayerNorm(width, 1e-6, elementwise_affine=False)
    z, noise, step = torch.randn(1, 1024, 768), torch.randn(16, 2), torch.randn(1, 256)

    def run():
        with torch.inference_mode():
            maps = z.reshape(4, 16, 16, 768).permute(0, 3, 1, 2)
            each = fc(pool(torch.relu(conv(maps))).flatten(1)).reshape(1, 4, 768).transpose(1, 2)
            c = condition(refine(interpolate(each).transpose(1, 2).reshape(16, 768)))
            x = noise
            for _ in range(10):
                y, h = time(step) + c, enter(x)
                for layer in layers:
                    h = layer(h, y)
                shift, scale = last(functional.silu(y)).chunk(2, 1)
                x = leave(norm(h) * (1 + scale) + shift)[:, :2]

    return run


def uva_autoencoder():
    """Diffusers has the same network."""
    import torch
    from diffusers import AutoencoderKL

    torch.manual_seed(0)
    return AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * 4 + ["AttnDownEncoderBlock2D"],
        up_block_types=["UpDecoderBlock2D"] * 5,
        block_out_channels=[128, 128, 256, 256, 512],
        layers_per_block=2,
        latent_channels=16,
    ).eval()


def uva_autoencoder_encode():
    import torch

    model, x = uva_autoencoder(), torch.randn(1, 3, 64, 64)

    def run():
        with torch.inference_mode():
            model.encode(x)

    return run


def uva_autoencoder_decode():
    import torch

    model, z = uva_autoencoder(), torch.randn(1, 16, 4, 4)

    def run():
        with torch.inference_mode():
            model.decode(z)

    return run


# Name, set-up, runs in a round.
CASES = [
    ("idm-learned-infer-48", lambda: idm_inference(48), 10),
    ("uva-encoder", uva_encoder, 3),
    ("uva-decoder", uva_decoder, 3),
    ("uva-actions", uva_actions, 5),
    ("uva-autoencoder-encode", uva_autoencoder_encode, 3),
    ("uva-autoencoder-decode", uva_autoencoder_decode, 3),
]
