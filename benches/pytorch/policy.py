"""Policies: ResNet-18 as torchvision has it, and the networks of Diffusion Policy as the package lerobot has them."""


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


# Name, set-up, runs in a round.
CASES = [
    ("resnet18-train-32", lambda: resnet_training(32), 5),
    ("resnet18-infer-1", lambda: resnet_inference(1), 50),
    ("resnet18-infer-64", lambda: resnet_inference(64), 5),
    ("diffusion-unet-train-256", lambda: unet_training(256), 5),
    ("diffusion-unet-infer-8", lambda: unet_inference(8), 50),
    ("diffusion-encoder-train-16", lambda: encoder_training(16), 3),
]
