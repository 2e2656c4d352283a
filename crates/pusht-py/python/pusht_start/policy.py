"""Trained policies as callables."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core, _settings

#: Names of the parts of an observation: gym-pusht's and LeRobot's.
_PIXELS = ("pixels", "observation.image", "image")
_AGENT = ("agent_pos", "observation.state")
_CORNERS = ("environment_state", "observation.environment_state")


class Policy:
    """A trained policy, from `load_policy`.

    Call it with an observation for its action. It keeps the latest observations and the actions that it has planned, so call
    `reset` when an episode begins.

    Attributes
    ----------
    kind : str
        ``tracked``, ``cnn``, ``resnet18``, ``diffusion-lowdim`` or ``diffusion``.
    obs_type : str
        The observations that it needs, by gym-pusht's names: ``gymnasium.make(…, obs_type=policy.obs_type)``.
    history : int
        Number of latest observations that it reads.
    parameters : int
        Number of parameters.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        device: str = "cpu",
        sees: str | None = None,
        seed: int = 0,
        goal_pose: npt.ArrayLike | None = None,
    ) -> None:
        core = getattr(_core, "PolicyCore", None)
        if core is None:
            raise ImportError("this build of pusht_start has no policies; build it with the feature `policies`")
        pose = _settings.pose(goal_pose, "goal_pose")
        self._core = core(os.fspath(path), device=device, sees=sees, seed=seed, goal_pose=pose)
        self.path = os.fspath(path)
        self.kind: str = self._core.kind
        self.obs_type: str = self._core.obs_type
        self.history: int = self._core.history
        self.parameters: int = self._core.parameters

    def __call__(self, observation: Any) -> npt.NDArray[np.float32]:
        """The next action, a target position in px.

        Parameters
        ----------
        observation : dict or array
            As the environment gives it with ``obs_type=policy.obs_type``, or as LeRobot does: ``observation.image`` (channels
            first, in [0, 1]), ``observation.state``, ``observation.environment_state``. Arrays, or tensors on the CPU; other
            keys are passed over. With one more dimension in front it is a batch, one row for each environment.

        Returns
        -------
        ndarray of float32, shape (2,) or (batch, 2)
        """
        numbers, pixels, single = self._read(observation)
        actions = self._core.act(numbers, pixels)
        return actions[0] if single else actions

    def reset(self, envs: Sequence[int] | npt.NDArray[Any] | None = None) -> None:
        """Begin new episodes: in all environments, or in those with these indices or a True in this mask."""
        if envs is None:
            self._core.reset()
            return
        chosen = np.asarray(envs)
        if chosen.dtype == np.bool_:
            chosen = np.flatnonzero(chosen)
        self._core.reset([int(env) for env in chosen])

    def sequence_from(self, observation: Any, noise: Any) -> npt.NDArray[np.float32]:
        """The sequence of actions that a ``diffusion`` policy makes of given noise.

        Parameters
        ----------
        observation : dict or array
            The latest ``history`` observations, oldest first, as a batch.
        noise : sequence of array_like
            The noise to begin with, ``horizon`` × 2 numbers, and that of each step of the sampler that adds some.

        Returns
        -------
        ndarray of float32, shape (horizon, 2)
            From the action of the oldest observation on.
        """
        numbers, pixels, _ = self._read(observation)
        draws = [np.asarray(draw, dtype=np.float32).ravel().tolist() for draw in noise]
        return self._core.sequence_from(draws, numbers, pixels)

    def __repr__(self) -> str:
        return f"Policy({self.path!r}): {self.kind}, {self.parameters:,} parameters, needs {self.obs_type!r}"

    def _read(self, observation: Any) -> tuple[Any, Any, bool]:
        """Numbers, images, and whether it is one observation alone."""
        if self.obs_type == "state":
            return self._state(observation)
        parts = []
        if self.obs_type == "environment_state_agent_pos":
            parts = [(_CORNERS, 16), (_AGENT, 2)]
        elif self.obs_type == "pixels_agent_pos":
            parts = [(_AGENT, 2)]
        rows = [_rows(*self._part(observation, names), width) for names, width in parts]
        pixels, single = None, None
        if self.obs_type.startswith("pixels"):
            if isinstance(observation, Mapping):
                found, name = self._part(observation, _PIXELS)
            else:
                found, name = observation, "the observation"
            pixels, single = _pixels(found, name)
        shapes = {array.shape[:-1] for array in rows}
        if pixels is not None:
            shapes.add(() if single else pixels.shape[:1])
        if len(shapes) != 1:
            raise ValueError(f"the parts of the observation are of different numbers of environments: {sorted(shapes)}")
        single = shapes == {()}
        numbers = np.atleast_2d(np.concatenate(rows, axis=-1)) if rows else None
        return numbers, pixels, single

    def _state(self, observation: Any) -> tuple[Any, Any, bool]:
        name = "the observation"
        if isinstance(observation, Mapping):
            observation, name = self._part(observation, ("state", "observation.state"))
        rows = _rows(observation, name, 5)
        return np.atleast_2d(rows), None, rows.ndim == 1

    def _part(self, observation: Any, names: tuple[str, ...]) -> tuple[Any, str]:
        if not isinstance(observation, Mapping):
            raise TypeError(
                f"the policy {self.kind} needs observations of obs_type {self.obs_type!r}, a dict with {' or '.join(names)}; "
                f"got {type(observation).__name__}"
            )
        for name in names:
            if name in observation:
                return observation[name], name
        raise ValueError(
            f"the policy {self.kind} needs observations of obs_type {self.obs_type!r}, with {' or '.join(names)}; "
            f"got {', '.join(map(str, observation)) or 'nothing'}"
        )


def load_policy(
    path: str | os.PathLike[str],
    *,
    device: str = "cpu",
    sees: str | None = None,
    seed: int = 0,
    goal_pose: npt.ArrayLike | None = None,
) -> Policy:
    """Load a trained policy.

    Parameters
    ----------
    path : str or path
        A file or folder of ``pusht train policy``, or a folder with a diffusion policy that LeRobot trained on PushT
        (``config.json``, ``model.safetensors`` and, from 0.4 on, the files of its processors).
    device : str, default "cpu"
        The wheel computes on the processor only.
    sees : {"frames", "state"}, optional
        Where positions and states are from: the images, in which they are tracked, or the simulator. By default ``frames`` for
        the kind tracked and ``state`` for the kinds diffusion-lowdim and diffusion, as in ``pusht rollout``.
    seed : int, default 0
        Of the noise of the diffusion policies, with the environment, its episode and its step.
    goal_pose : array_like, shape (3,), optional
        x, y, angle of the goal that the policy is to push the T to; the usual one by default.

    Returns
    -------
    Policy
        A callable: observation to action.

    Raises
    ------
    FileNotFoundError
        There is nothing at the path.
    ValueError
        It is no policy, of another version, damaged, or has settings that are not supported.
    """
    return Policy(path, device=device, sees=sees, seed=seed, goal_pose=goal_pose)


def _array(value: Any, name: str) -> npt.NDArray[Any]:
    try:
        array = np.asarray(value)
    except Exception as error:
        raise TypeError(f"{name} is no array of numbers: {error}") from error
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name} is an array of real numbers, got one of dtype {array.dtype}")
    return array


def _rows(value: Any, name: str, width: int) -> npt.NDArray[np.float64]:
    array = _array(value, name).astype(np.float64)
    if array.ndim not in (1, 2) or array.shape[-1] != width:
        raise ValueError(f"{name} is an array of shape ({width},) or (batch, {width}), got one of shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has numbers that are not finite")
    return array


def _pixels(value: Any, name: str) -> tuple[npt.NDArray[np.uint8], bool]:
    """Images as uint8, channels last, and whether it is one."""
    array = _array(value, name)
    if array.ndim not in (3, 4) or 3 not in (array.shape[-1], array.shape[-3]):
        raise ValueError(f"{name} is an image of shape (96, 96, 3) or (3, 96, 96), or a batch of them; got shape {array.shape}")
    if array.shape[-1] != 3:
        array = np.moveaxis(array, -3, -1)
    if array.dtype.kind == "f":
        if not np.isfinite(array).all() or array.min(initial=0) < 0 or array.max(initial=0) > 1:
            raise ValueError(f"{name} of dtype {array.dtype} has values outside of [0, 1]; images of 0 to 255 are uint8")
        array = np.rint(array * 255).astype(np.uint8)
    elif array.dtype != np.uint8:
        raise TypeError(f"{name} is an image of dtype uint8, or of floats in [0, 1]; got dtype {array.dtype}")
    single = array.ndim == 3
    return (array[None] if single else array), single
