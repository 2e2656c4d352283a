"""The vector environment for gymnasium."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from . import _settings
from ._core import Batch
from .env import ObsType, PushTEnv


class PushTVectorEnv(VectorEnv[Any, npt.NDArray[np.float32], npt.NDArray[Any]]):
    """Several environments, stepped in parallel by native threads, without processes.

    Returns what a :class:`gymnasium.vector.SyncVectorEnv` of as many environments returns. The observations of a step are
    written into one array directly, without the global interpreter lock; an array that was returned is used again
    only when nothing refers to it any more.

    Args:
        num_envs: number of environments, 1 to 100,000.
        max_episode_steps: steps after which an episode is truncated; None or -1: no limit.
        autoreset_mode: what happens to an environment whose episode has ended (:class:`gymnasium.vector.AutoresetMode`).
            With ``DISABLED`` it must be reset with ``options={"reset_mask": mask}`` before the next step, unless:
        after_end: what a step does, with ``DISABLED``, to an environment whose episode has ended. ``error``: it is refused, as
            by gymnasium. ``wait``: the environment stays as it is until the next reset, with the same observation and flags and
            reward 0, so that episodes of different lengths can be run to the end of the last one.
        num_threads: threads; None: as many as the processor has.

    The other arguments are those of :class:`pusht_start.PushTEnv`.
    """

    metadata: dict[str, Any] = dict(PushTEnv.metadata)

    def __init__(
        self,
        num_envs: int = 1,
        obs_type: ObsType = "state",
        render_mode: str | None = "rgb_array",
        block_cog: Any = None,
        damping: float | None = None,
        observation_width: int = 96,
        observation_height: int = 96,
        visualization_width: int | None = None,
        visualization_height: int | None = None,
        *,
        max_episode_steps: int | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        num_threads: int | None = None,
        protocol: str = "gym_pusht",
        goal_pose: npt.ArrayLike | None = None,
        reset_order: str | None = None,
        out_of_space: str = "allow",
        after_end: str = "error",
    ) -> None:
        super().__init__()
        _settings.refuse_unknown_physics(block_cog, damping)
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        if after_end not in ("error", "wait"):
            raise ValueError(f"unknown after_end {after_end!r}; expected 'error' or 'wait'")
        if after_end == "wait" and self.autoreset_mode is not AutoresetMode.DISABLED:
            raise ValueError(
                f"after_end='wait' needs autoreset_mode=AutoresetMode.DISABLED, got {self.autoreset_mode}, which begins new "
                "episodes"
            )
        self.after_end = after_end
        if isinstance(num_envs, bool) or not isinstance(num_envs, (int, np.integer)) or num_envs < 1:
            raise ValueError(f"num_envs is an integer of at least 1, got {num_envs!r}")
        self._core = Batch(
            int(num_envs),
            _settings.native_kind(obs_type),
            protocol=protocol,
            autoreset_mode="Wait" if after_end == "wait" else self.autoreset_mode.value,
            reset_order=reset_order,
            goal_pose=_settings.pose(goal_pose, "goal_pose"),
            max_episode_steps=None if max_episode_steps in (None, -1) else max_episode_steps,
            width=observation_width,
            height=observation_height,
            out_of_space=out_of_space,
            num_threads=num_threads,
        )
        self.num_envs = int(num_envs)
        self.metadata = {**PushTEnv.metadata, "autoreset_mode": self.autoreset_mode}
        self.obs_type = obs_type
        self.render_mode = render_mode
        self.visualization_width, self.visualization_height = _settings.picture_size(
            protocol, visualization_width, visualization_height
        )
        self.max_episode_steps = max_episode_steps
        self.protocol = protocol
        self.single_observation_space = _settings.observation_space(obs_type, observation_width, observation_height)
        self.single_action_space = _settings.action_space()
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._as_image = obs_type == _settings.IMAGE
        self._seeded = np.zeros(self.num_envs, dtype=np.bool_)
        self._begun = False
        self._ended = np.zeros(self.num_envs, dtype=np.bool_)
        self._last_actions: Any = None

    def step(
        self, actions: npt.ArrayLike
    ) -> tuple[Any, npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]]:
        """Moves every agent toward its target position for 0.1 s; ``actions`` has one row for each environment."""
        core = self._core
        if not self._begun:
            core.states()  # of a closed environment the error says that
            raise _needs_reset()
        if self.autoreset_mode is AutoresetMode.DISABLED and self.after_end == "error" and self._ended.any():
            raise ValueError(
                f"the episodes of the environments {np.flatnonzero(self._ended).tolist()} have ended; with "
                "AutoresetMode.DISABLED reset them with options={'reset_mask': mask} before the next step"
            )
        observations, rewards, terminated, truncated, infos = core.step(actions)
        self._last_actions = actions
        if self.autoreset_mode is AutoresetMode.DISABLED:
            self._ended = terminated | truncated
        if self._as_image:
            observations = _settings.as_image(observations)
            for i, last in enumerate(infos.get("final_obs", ())):
                if last is not None:
                    infos["final_obs"][i] = _settings.as_image(last)
        return observations, rewards, terminated, truncated, infos

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:  # type: ignore[override]
        """Begins an episode in every environment, or in those of a mask.

        Args:
            seed: an integer (environment i gets ``seed + i``), or one seed or None for each environment.
            options: ``reset_mask``, a boolean array: which environments are reset; ``reset_to_state``, one state of five
                numbers for all, or one row for each environment.
        """
        options = options or {}
        seeds = self._seeds(seed)
        self._core.states()  # of a closed environment the error says that
        super().reset(seed=int(seed) if isinstance(seed, (int, np.integer)) else None)
        mask = self._mask(options.get("reset_mask"))
        states = options.get("reset_to_state")
        if states is not None:
            states = _settings.unsigned_states(states, self.num_envs).tolist()
        # An environment that was never seeded begins at random.
        limit = 25536 if self.protocol == "diffusion_policy" else 2**63
        for i in np.flatnonzero(mask & ~self._seeded):
            if seeds[i] is None:
                seeds[i] = int(self.np_random.integers(0, limit))
        observations, infos = self._core.reset(seeds, mask.tolist(), states)
        self._seeded |= mask
        self._begun = bool(self._seeded.all())
        self._ended &= ~mask
        return (_settings.as_image(observations) if self._as_image else observations), infos

    def _seeds(self, seed: int | list[int | None] | None) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
            if seed < 0:
                raise ValueError(f"a seed is an integer of at least 0, got {seed}")
            return [int(seed) + i for i in range(self.num_envs)]
        if isinstance(seed, (str, bytes)) or not hasattr(seed, "__len__"):
            raise TypeError(f"seed is an integer, or a list with one for each environment; got {seed!r}")
        seeds = list(seed)  # type: ignore[arg-type]
        if len(seeds) != self.num_envs:
            raise ValueError(
                f"If seeds are passed as a list the length must match num_envs={self.num_envs} but got length={len(seeds)}."
            )
        for one in seeds:
            if one is not None and (isinstance(one, bool) or not isinstance(one, (int, np.integer))):
                raise TypeError(f"a seed is an integer or None, got {one!r}")
            if one is not None and one < 0:
                raise ValueError(f"a seed is an integer of at least 0, got {one}")
        return seeds

    def _mask(self, mask: Any) -> npt.NDArray[np.bool_]:
        if mask is None:
            return np.ones(self.num_envs, dtype=np.bool_)
        if not isinstance(mask, np.ndarray):
            raise TypeError(f"`options['reset_mask']` must be a numpy array, got {type(mask)}")
        if mask.shape != (self.num_envs,):
            raise ValueError(f"`options['reset_mask']` must have shape `({self.num_envs},)`, got {mask.shape}")
        if mask.dtype != np.bool_:
            raise TypeError(f"`options['reset_mask']` must have `dtype=np.bool_`, got {mask.dtype}")
        if not mask.any():
            raise ValueError(
                f"`options['reset_mask']` must contain a boolean array with at least one True value, got reset_mask={mask}"
            )
        return mask

    def render(self) -> tuple[npt.NDArray[np.uint8], ...]:  # type: ignore[override]
        """An image of every environment, with a red cross at its last action."""
        if self.render_mode != "rgb_array":
            raise ValueError(f"render_mode is 'rgb_array' to render several environments, got {self.render_mode!r}")
        if not self._begun:
            self._core.states()
            raise _needs_reset()
        width, height = self.visualization_width, self.visualization_height
        actions = [None] * self.num_envs if self._last_actions is None else self._last_actions
        return tuple(
            self._core.render(i, width, height, _settings.cross_at(action, width, height, self.protocol))
            for i, action in enumerate(actions)
        )

    @property
    def ended(self) -> npt.NDArray[np.bool_]:
        """With ``DISABLED``: which environments' episodes have ended and were not reset."""
        return self._ended.copy()

    @property
    def states(self) -> npt.NDArray[np.float64]:
        """One row for each environment: agent x, y, block x, y, block angle, the angle not wrapped."""
        return self._core.states()

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """The value of an attribute for each environment, or what its method returns, as in SyncVectorEnv."""
        if name == "render":
            return self.render()
        if name == "_max_episode_steps":
            return (self.max_episode_steps,) * self.num_envs
        value = getattr(self, name)
        return (value(*args, **kwargs) if callable(value) else value,) * self.num_envs

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """The value of an attribute for each environment."""
        return self.call(name)

    def close_extras(self, **kwargs: Any) -> None:
        """Ends the threads. A closed environment cannot be stepped."""
        self._core = _settings.Closed()  # type: ignore[assignment]


def _needs_reset() -> Exception:
    from gymnasium.error import ResetNeeded

    return ResetNeeded("no episode has begun; call reset() first")
