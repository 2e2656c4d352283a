"""Cosmos-Predict1: a transformer of one block at a quarter of the published width, and the published autoencoder, as the
package diffusers has them."""


def finish(net, training, forward):
    import torch

    def run():
        if training:
            net.zero_grad()
            forward().square().mean().backward()
        else:
            with torch.inference_mode():
                forward()

    return run


def block(training):
    import torch
    from diffusers import CosmosTransformer3DModel

    torch.manual_seed(0)
    net = CosmosTransformer3DModel(in_channels=17, num_attention_heads=8, num_layers=1)
    x, time, text = torch.randn(1, 16, 2, 32, 32), torch.randn(1), torch.randn(1, 128, 1024)
    condition, padding = torch.zeros(1, 1, 2, 32, 32), torch.zeros(1, 1, 256, 256)

    def forward():
        return net(x, time, text, fps=24, condition_mask=condition, padding_mask=padding, return_dict=False)[0]

    return finish(net, training, forward)


def autoencoder():
    import torch
    from diffusers import AutoencoderKLCosmos

    torch.manual_seed(0)
    return AutoencoderKLCosmos(latents_mean=None, latents_std=None)


def encode(training):
    import torch

    net, x = autoencoder(), torch.randn(1, 3, 9, 64, 64)
    return finish(net, training, lambda: net.encode(x).latent_dist.mode())


def decode(training):
    import torch

    net, x = autoencoder(), torch.randn(1, 16, 2, 8, 8)
    return finish(net, training, lambda: net.decode(x).sample)


# Name, set-up, runs in a round.
CASES = [
    ("cosmos-block-infer", lambda: block(False), 5),
    ("cosmos-block-train", lambda: block(True), 3),
    ("cosmos-encode", lambda: encode(False), 3),
    ("cosmos-decode", lambda: decode(False), 3),
    ("cosmos-encode-train", lambda: encode(True), 2),
    ("cosmos-decode-train", lambda: decode(True), 2),
]
