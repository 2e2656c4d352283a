"""The environment's settings for lerobot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gymnasium.vector import VectorEnv
from lerobot.configs import FeatureType, PolicyFeature
from lerobot.envs.configs import EnvConfig
from lerobot.utils.constants import ACTION, OBS_ENV_STATE, OBS_IMAGE, OBS_STATE

from .vector import TASK, EpisodesVectorEnv, check_obs_type


@EnvConfig.register_subclass("pusht_start")
@dataclass
class PushTStartEnv(EnvConfig):
    """PushT on the batch environment of ``pusht_start``, by the names of lerobot's own ``pusht``.

    Attributes:
        obs_type: ``pixels_agent_pos``, ``environment_state_agent_pos``, ``pixels`` or ``state``.
        episode_length: steps after which an episode is truncated.
        observation_width: width of observed images, px; so with the heights.
        visualization_width: width of the images of videos, px.
        protocol: ``gym_pusht``, or ``diffusion_policy``: its environment and start states.
        reset_order: how a reset sets the T: ``position_first``, ``angle_first`` or ``exact``; None: as the protocol does.
        goal_pose: x, y in px, angle in rad; None: (256, 256, π/4).
        out_of_space: what becomes of an action outside of [0, 512]: ``allow``, ``error`` or ``clip``.
        num_threads: threads that step the batch; None: as many as the processor has.
        task_description: what a policy with a language input is told.
    """

    task: str | None = "PushT-v0"
    fps: int = 10
    obs_type: str = "pixels_agent_pos"
    episode_length: int = 300
    render_mode: str = "rgb_array"
    observation_width: int = 96
    observation_height: int = 96
    visualization_width: int = 384
    visualization_height: int = 384
    protocol: str = "gym_pusht"
    reset_order: str | None = None
    goal_pose: list[float] | None = None
    out_of_space: str = "allow"
    num_threads: int | None = None
    task_description: str = TASK
    features: dict[str, PolicyFeature] = field(default_factory=dict)
    features_map: dict[str, str] = field(
        default_factory=lambda: {
            ACTION: ACTION,
            "agent_pos": OBS_STATE,
            "environment_state": OBS_ENV_STATE,
            "pixels": OBS_IMAGE,
            "state": OBS_STATE,
        }
    )

    def __post_init__(self) -> None:
        check_obs_type(self.obs_type)
        if self.features:
            return
        picture = (self.observation_height, self.observation_width, 3)
        shapes = {
            "pixels": PolicyFeature(type=FeatureType.VISUAL, shape=picture),
            "agent_pos": PolicyFeature(type=FeatureType.STATE, shape=(2,)),
            "environment_state": PolicyFeature(type=FeatureType.ENV, shape=(16,)),
            "state": PolicyFeature(type=FeatureType.STATE, shape=(5,)),
        }
        observed = {
            "pixels": ["pixels"],
            "state": ["state"],
            "pixels_agent_pos": ["agent_pos", "pixels"],
            "environment_state_agent_pos": ["agent_pos", "environment_state"],
        }
        self.features[ACTION] = PolicyFeature(type=FeatureType.ACTION, shape=(2,))
        for key in observed[self.obs_type]:
            self.features[key] = shapes[key]

    @property
    def package_name(self) -> str:
        """The package that registers the environment with gymnasium."""
        return "pusht_start"

    @property
    def gym_kwargs(self) -> dict[str, Any]:
        """Arguments of the environment."""
        return {
            "obs_type": self.obs_type,
            "render_mode": self.render_mode,
            "observation_width": self.observation_width,
            "observation_height": self.observation_height,
            "visualization_width": self.visualization_width,
            "visualization_height": self.visualization_height,
            "protocol": self.protocol,
            "reset_order": self.reset_order,
            "goal_pose": self.goal_pose,
            "out_of_space": self.out_of_space,
            "max_episode_steps": self.episode_length,
        }

    def create_envs(self, n_envs: int, use_async_envs: bool = False) -> dict[str, dict[int, VectorEnv]]:
        """One batch on native threads, with ``use_async_envs`` and without: there is nothing to be gained from processes."""
        envs = EpisodesVectorEnv(
            n_envs,
            num_threads=self.num_threads,
            task=self.task,
            task_description=self.task_description,
            **self.gym_kwargs,
        )
        return {self.type: {0: envs}}
