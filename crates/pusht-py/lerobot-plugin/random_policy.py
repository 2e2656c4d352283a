"""A small diffusion policy with random weights, as lerobot 0.6 saves it."""

import torch
from lerobot.configs import FeatureType, PolicyFeature
from lerobot.policies.diffusion.configuration_diffusion import DiffusionConfig
from lerobot.policies.diffusion.modeling_diffusion import DiffusionPolicy
from lerobot.policies.factory import make_pre_post_processors


def save_policy(folder, features, seed=0, **settings):
    """Saves the policy with its processors; ``features`` are shapes by lerobot's names, ``settings`` those of its config."""
    torch.manual_seed(seed)
    kinds = {"observation.image": FeatureType.VISUAL, "observation.environment_state": FeatureType.ENV}
    config = DiffusionConfig(
        device="cpu",
        push_to_hub=False,
        input_features={
            key: PolicyFeature(type=kinds.get(key, FeatureType.STATE), shape=shape) for key, shape in features.items()
        },
        output_features={"action": PolicyFeature(type=FeatureType.ACTION, shape=(2,))},
        # Weights of ImageNet would be downloaded.
        pretrained_backbone_weights=None,
        use_group_norm=True,
        noise_scheduler_type="DDIM",
        **settings,
    )
    board = {key: {"min": torch.zeros(shape), "max": torch.full(shape, 512.0)} for key, shape in features.items()}
    board["action"] = {"min": torch.zeros(2), "max": torch.full((2,), 512.0)}
    if "observation.image" in board:
        board["observation.image"] = {"mean": torch.full((3, 1, 1), 0.5), "std": torch.full((3, 1, 1), 0.25)}
    DiffusionPolicy(config).save_pretrained(folder)
    for processor in make_pre_post_processors(config, dataset_stats=board):
        processor.save_pretrained(folder)
