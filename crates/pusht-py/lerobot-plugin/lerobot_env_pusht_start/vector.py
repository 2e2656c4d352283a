"""The batch environment as lerobot's evaluation wants it. Needs no lerobot."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from pusht_start import PushTVectorEnv

#: The task of the data set lerobot/pusht, in its words.
TASK = "Push the T-shaped block onto the T-shaped target."

#: Kinds of observation that are arrays, and their key in what lerobot reads.
ALONE = {"state": "state", "pixels": "pixels"}

OBS_TYPES = ("pixels_agent_pos", "environment_state_agent_pos", *ALONE)


def check_obs_type(obs_type: str) -> None:
    """Refuses kinds of observation that lerobot cannot read."""
    if obs_type not in OBS_TYPES:
        raise ValueError(f"unknown obs_type {obs_type!r}; expected one of {', '.join(OBS_TYPES)}")


class EpisodesVectorEnv(PushTVectorEnv):
    """One episode of each environment at a time.

    An environment whose episode has ended stays as it is until the next reset: the same observation and flags, reward 0,
    ``is_success`` False. lerobot runs a batch until its last episode ends, and counts one step more than each episode has.

    Args:
        num_envs: number of environments.
        obs_type: ``pixels_agent_pos``, ``environment_state_agent_pos``, ``pixels`` or ``state``; observations are dicts.
        max_episode_steps: steps after which an episode is truncated; lerobot needs a limit.
        task: name of the task.
        task_description: what a policy with a language input is told.

    The other arguments are those of :class:`pusht_start.PushTVectorEnv`.
    """

    def __init__(
        self,
        num_envs: int = 1,
        obs_type: str = "pixels_agent_pos",
        *,
        max_episode_steps: int = 300,
        task: str | None = "PushT-v0",
        task_description: str = TASK,
        **kwargs: Any,
    ) -> None:
        check_obs_type(obs_type)
        if isinstance(max_episode_steps, bool) or not isinstance(max_episode_steps, int) or max_episode_steps < 1:
            raise ValueError(f"max_episode_steps is an integer of at least 1, got {max_episode_steps!r}")
        super().__init__(
            num_envs,
            obs_type,
            max_episode_steps=max_episode_steps,
            autoreset_mode=AutoresetMode.DISABLED,
            after_end="wait",
            **kwargs,
        )
        self.task = task
        self.task_description = task_description
        self._key = ALONE.get(obs_type)
        if self._key is not None:
            self.single_observation_space = spaces.Dict({self._key: self.single_observation_space})
            self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Begins an episode in every environment; options of others, such as lerobot's, are ignored."""
        observations, infos = super().reset(seed=seed, options=options)
        return self._named(observations), infos

    def step(self, actions: npt.ArrayLike) -> Any:
        """Runs one step of those environments whose episode has not ended."""
        ended = self.ended
        observations, rewards, terminated, truncated, infos = super().step(actions)
        if ended.any():
            infos["is_success"] = infos["is_success"] & ~ended
        return self._named(observations), rewards, terminated, truncated, infos

    def _named(self, observations: Any) -> dict[str, npt.NDArray[Any]]:
        return observations if self._key is None else {self._key: np.asarray(observations)}
