"""LTX-Video at the sizes of compare_pytorch/ltx.rs, by diffusers."""


def timed(forward, train):
    """A run of `forward`, with the backward pass of its mean square where `train` is set."""
    import torch

    def run():
        if train:
            forward().square().mean().backward()
        else:
            with torch.inference_mode():
                forward()

    return run


def block(train, size, width, heads, layers, text):
    import torch
    from diffusers import LTXVideoTransformer3DModel

    torch.manual_seed(0)
    model = LTXVideoTransformer3DModel(
        num_attention_heads=heads,
        attention_head_dim=width // heads,
        cross_attention_dim=width,
        num_layers=layers,
        caption_channels=text,
    )
    frames, rows, columns = size
    latents, states = torch.randn(1, frames * rows * columns, 128), torch.randn(1, 128, text)
    mask, time = torch.ones(1, 128), torch.full((1,), 500.0)

    def forward():
        return model(
            latents,
            states,
            time,
            mask,
            num_frames=frames,
            height=rows,
            width=columns,
            rope_interpolation_scale=(0.32, 32, 32),
            return_dict=False,
        )[0]

    def run():
        model.zero_grad()
        timed(forward, train)()

    return run


def autoencoder():
    import torch
    from diffusers import AutoencoderKLLTXVideo

    torch.manual_seed(0)
    return AutoencoderKLLTXVideo(
        latent_channels=32,
        block_out_channels=(32, 64, 128, 256, 512),
        down_block_types=("LTXVideo095DownBlock3D",) * 4,
        layers_per_block=(1,) * 5,
        spatio_temporal_scaling=(True,) * 4,
        downsample_type=("spatial", "temporal", "spatiotemporal", "spatiotemporal"),
        decoder_block_out_channels=(64, 128, 256),
        decoder_layers_per_block=(1,) * 4,
        decoder_spatio_temporal_scaling=(True,) * 3,
        decoder_inject_noise=(False,) * 4,
        upsample_residual=(True,) * 3,
        upsample_factor=(2,) * 3,
        timestep_conditioning=True,
    )


def encode(train):
    import torch

    model, clip = autoencoder(), torch.randn(1, 3, 9, 128, 128)
    return timed(lambda: model.encode(clip, return_dict=False)[0].mean, train)


def decode(train):
    import torch

    model, latents, time = autoencoder(), torch.randn(1, 32, 2, 4, 4), torch.full((1,), 0.05)
    return timed(lambda: model.decode(latents, time, return_dict=False)[0], train)


PUBLISHED, SMALL = ((3, 8, 8), 2048, 32, 1, 4096), ((9, 12, 12), 384, 6, 2, 128)

# Name, set-up, runs in a round.
CASES = [
    ("ltx-block", lambda: block(False, *PUBLISHED), 3),
    ("ltx-block-train", lambda: block(True, *PUBLISHED), 2),
    ("ltx-block-small", lambda: block(False, *SMALL), 3),
    ("ltx-block-small-train", lambda: block(True, *SMALL), 2),
    ("ltx-vae-encode", lambda: encode(False), 3),
    ("ltx-vae-encode-train", lambda: encode(True), 2),
    ("ltx-vae-decode", lambda: decode(False), 3),
    ("ltx-vae-decode-train", lambda: decode(True), 2),
]
