"""Functions on numpy arrays, with the words and numbers of the Rust crates and of the program ``pusht``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from . import _core, _settings

_STATE = _settings.STATE


class Track(TypedDict):
    """Agent and T in each frame of a video, board px; NaN where there is none."""

    agent: npt.NDArray[np.float64]
    """Shape (n, 2)."""
    block: npt.NDArray[np.float64]
    """Shape (n, 3): x, y, angle in [0, 2π)."""
    agent_confidence: npt.NDArray[np.float64]
    """Shape (n,), 0 to 1."""
    block_confidence: npt.NDArray[np.float64]
    """Shape (n,), 0 to 1."""


class Registration(TypedDict):
    """Where the board is in a frame: frame = scale · board + offset, x and y."""

    scale: npt.NDArray[np.float64]
    """Frame pixels per board px."""
    offset: npt.NDArray[np.float64]
    """Frame coordinate of the board's corner, px of the frame."""
    residual: float
    """Root mean square color difference from an empty board, levels of 255: about 1 for clean frames."""


class MeanSd(TypedDict):
    """Mean and standard deviation."""

    mean: float
    sd: float


class Smoothness(TypedDict):
    """Differences of action sequences, averaged within each sequence and then over them."""

    velocity: MeanSd
    """px per step."""
    acceleration: MeanSd
    """px per step²."""
    jerk: MeanSd
    """px per step³."""


class Episode(TypedDict):
    """A simulated episode of n steps."""

    states: npt.NDArray[np.float64]
    """Shape (n + 1, 5): agent x, y, block x, y, block angle, not wrapped."""
    rewards: npt.NDArray[np.float64]
    coverage: npt.NDArray[np.float64]
    """Share of the goal that the T covers, after each step."""
    success: npt.NDArray[np.bool_]
    """Whether the coverage is above 0.95, after each step."""


class ExpertEpisode(TypedDict):
    """An episode of the scripted expert of n steps."""

    actions: npt.NDArray[np.float32]
    """Shape (n, 2)."""
    states: npt.NDArray[np.float64]
    """Shape (n + 1, 5)."""
    rewards: npt.NDArray[np.float64]
    success: bool


def render(
    state: npt.ArrayLike,
    *,
    width: int = 96,
    height: int = 96,
    goal_pose: npt.ArrayLike | None = None,
    protocol: str = "gym_pusht",
    contacts: npt.ArrayLike = (),
) -> npt.NDArray[np.uint8]:
    """The image of a state, shape (height, width, 3), or of several, shape (n, height, width, 3).

    Args:
        state: agent x, y, block x, y, angle; one row for each image.
        contacts: lines x, y, x, y of the red ticks at contacts. A state alone has none.
        protocol: how polygons are filled: as pygame 2.6 does (``gym_pusht``) or 2.5 (``diffusion_policy``, also its data set).
    """
    states = _matrix(state, 5, "the state", _STATE)
    lines = _matrix(contacts, 4, "a contact", "[x, y, x, y]") if np.size(contacts) else []
    images = _core.render(states, width, height, protocol, _settings.pose(goal_pose, "goal_pose"), lines)
    return images if np.ndim(state) == 2 else images[0]


def simulate(
    actions: npt.ArrayLike,
    *,
    seed: int | None = None,
    state: npt.ArrayLike | None = None,
    goal_pose: npt.ArrayLike | None = None,
    protocol: str = "gym_pusht",
    reset_order: str | None = None,
) -> Episode:
    """Plays actions, shape (n, 2), in the environment, from the start of a seed or from a state."""
    start = None if state is None else _settings.numbers(state, 5, "the state", _STATE)
    pose = _settings.pose(goal_pose, "goal_pose")
    return _core.simulate(actions, protocol, reset_order, pose, seed, start)


def expert_episode(
    seed: int, *, max_steps: int = 300, goal_pose: npt.ArrayLike | None = None, protocol: str = "gym_pusht"
) -> ExpertEpisode:
    """Plays the scripted expert from the start of a seed, until success or for ``max_steps`` steps."""
    return _core.expert_episode(seed, max_steps, protocol, _settings.pose(goal_pose, "goal_pose"))


def smoothness(actions: npt.ArrayLike | Sequence[npt.ArrayLike]) -> Smoothness:
    """Smoothness of an action sequence, shape (n, 2), or of a list of them."""
    return _core.smoothness(_sequences(actions)[0])


def directness(actions: npt.ArrayLike | Sequence[npt.ArrayLike]) -> float | None | list[float | None]:
    """Path length over displacement, at least 1, of an action sequence, or of each in a list; None for one that does not move."""
    sequences, single = _sequences(actions)
    found = _core.directness(sequences)
    return found[0] if single else found


def l2(a: npt.ArrayLike | Sequence[npt.ArrayLike], b: npt.ArrayLike | Sequence[npt.ArrayLike]) -> MeanSd:
    """L2 distance of two action sequences, or of two lists of them: mean and standard deviation over all steps.

    Parameters
    ----------
    a, b : array_like, shape (n, 2), or sequences of such
        Actions, px; equally many of equal lengths.

    Returns
    -------
    MeanSd
        Of the distances ‖a_t − b_t‖, px.
    """
    return _core.l2(_sequences(a)[0], _sequences(b)[0])


def track(
    frames: npt.NDArray[np.uint8],
    *,
    goal_pose: npt.ArrayLike | None = None,
    registration: Registration | None = None,
) -> Track:
    """Tracks agent and T in a video, uint8, shape (n, height, width, 3).

    Frames that are not 96 × 96 need the position of the board: ``track(frames, registration=register(frames))``.
    """
    return _core.track(frames, _settings.pose(goal_pose, "goal_pose"), board(registration))


def register(frames: npt.NDArray[np.uint8], *, goal_pose: npt.ArrayLike | None = None) -> Registration:
    """Finds the board in the first frame of a video of any size, or in one image."""
    if isinstance(frames, np.ndarray) and frames.ndim == 3:
        frames = frames[None]
    return _core.register(frames, _settings.pose(goal_pose, "goal_pose"))


def board(registration: Registration | None) -> tuple[list[float], list[float], float] | None:
    """A registration as the native half takes it."""
    if registration is None:
        return None
    scale = _settings.numbers(registration["scale"], 2, "scale", "[x, y]")
    offset = _settings.numbers(registration["offset"], 2, "offset", "[x, y]")
    return scale, offset, float(registration["residual"])


def _matrix(value: Any, columns: int, name: str, words: str) -> list[list[float]]:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} is {columns} numbers {words}, or rows of them; got {value!r}") from error
    if array.ndim not in (1, 2) or array.shape[-1] != columns:
        raise ValueError(f"{name} is {columns} numbers {words}, or rows of them; got an array of shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} is {columns} finite numbers {words}, or rows of them; some are not finite")
    return np.atleast_2d(array).tolist()


def _sequences(actions: Any) -> tuple[list[Any], bool]:
    """A list of action sequences, and whether it was one alone."""
    if isinstance(actions, np.ndarray):
        return (list(actions), False) if actions.ndim == 3 else ([actions], True)
    actions = list(actions)
    single = len(actions) > 0 and np.ndim(actions[0]) == 1
    return ([np.asarray(actions)], True) if single else (actions, False)
