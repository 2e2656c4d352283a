"""What a clip shows: its actions, what is wrong with it, and whether the simulator reproduces it."""

from __future__ import annotations

import operator
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from . import _core, _settings
from .functions import MeanSd, Registration, board


class Summary(TypedDict):
    """Numbers of several action sequences."""

    count: int
    mean: float
    sd: float
    min: float
    median: float
    max: float


class Directness(TypedDict):
    """Path length over displacement, over the segments of a video."""

    summary: Summary | None
    """None if no segment moves."""
    still: int
    """Segments that do not move."""


class LabelMeasures(TypedDict):
    """Motion of the trusted actions of a video."""

    velocity: MeanSd
    acceleration: MeanSd
    jerk: MeanSd
    directness: Directness
    residual: float
    """Mean distance, px, of the track from the best path that an agent can execute."""
    deviation: float | None
    """Mean standard deviation of the actions, px per axis."""


class Labels(TypedDict):
    """Labels of a video, one entry for each of n frames at 10 Hz."""

    actions: npt.NDArray[np.float32]
    """Shape (n, 2): target position of the agent, board px; NaN where there is none."""
    trusted: npt.NDArray[np.bool_]
    """Shape (n,): what ``pusht label`` writes to a data set."""
    reasons: list[str | None]
    """Why an action is not trusted: ``no-agent``, ``several-agents``, ``no-block``, ``repeated``, ``off-board``, ``no-action``
    or ``too-short``; None where it is."""
    deviations: npt.NDArray[np.float32]
    """Shape (n,): standard deviation of the action, px per axis; NaN where there is none."""
    states: npt.NDArray[np.float64]
    """Shape (n, 5): tracked agent x, y, block x, y, angle; NaN where it is not seen."""
    agent_confidence: npt.NDArray[np.float64]
    """Shape (n,), 0 to 1."""
    block_confidence: npt.NDArray[np.float64]
    """Shape (n,), 0 to 1."""
    segments: npt.NDArray[np.int64]
    """Shape (k, 2): runs of trusted actions, first and past the last; each is an episode of ``pusht label``."""
    frames: npt.NDArray[np.int64]
    """Shape (n,): which frame of the video each of them is."""
    registration: Registration
    """Where the board is."""
    measures: LabelMeasures | None
    """None without trusted actions."""


class Finding(TypedDict):
    """A defect of a clip; docs/audit.md defines kinds, values and thresholds."""

    kind: str
    frames: list[int]
    """First and last of the frames that it concerns."""
    value: float
    """The largest value measured."""
    threshold: float
    """Value from which a measurement is a finding."""
    worst: int
    """The frame of ``value``."""
    at: list[float] | None
    """Position on the board, px; None if it concerns the whole frame."""
    simulated: dict[str, float] | None
    """Where the simulator has the T in that frame, for the kind ``dynamics``."""
    text: str
    """What it is, its frames, its value and its limit."""


class ScaleScore(TypedDict):
    """A score with its reason."""

    value: int
    why: str
    frames: list[list[int]]
    """The ranges of frames that caused it."""


class ClipScores(TypedDict):
    """The paper's three scales."""

    adherence: ScaleScore
    """Whether the T moves to its goal, 0 to 2."""
    responsibility: ScaleScore
    """Whether the agent moves the T, 0 or 1."""
    physics: ScaleScore
    """Physical plausibility, 1 to 5."""


class Audit(TypedDict):
    """The audit of a clip."""

    frames: int
    """Number of frames at 10 Hz."""
    findings: list[Finding]
    """By kind and then by frame."""
    suppressed: list[Finding]
    """Physical findings in images that are too poor to judge them by."""
    scores: ClipScores
    motion: dict[str, float]
    """Path length of the T, and the part of it that the agent pushed, px."""
    steps: dict[str, int]
    """Steps in which the T moves or is pushed (``moving``), and those that the simulator reproduces (``reproduced``)."""
    progress: dict[str, Any] | None
    """Coverage, reward and approach to the goal; None if no frame shows a T."""
    noise: float
    blur: float | None
    color_blur: float | None
    ringing: float | None


class BlockPath(TypedDict):
    """Path of the T."""

    length: float
    """px."""
    turn: float
    """rad."""
    pushes: int


class Replay(TypedDict):
    """A clip and the simulator playing its actions; entry t compares the states after step t of n."""

    start: dict[str, Any]
    """``frame``, ``state`` and the agent's ``velocity``, px/s."""
    path: npt.NDArray[np.float64]
    """Shape (n, 5): simulated agent x, y, block x, y, angle after each step."""
    agent_error: npt.NDArray[np.float64]
    """Shape (n,): distance of the agents, px; NaN where the clip shows none."""
    position_error: npt.NDArray[np.float64]
    """Shape (n,): distance of the T's origins, px; NaN where the clip shows no T."""
    angle_error: npt.NDArray[np.float64]
    """Shape (n,): difference of the T's angles, rad, 0 to π; NaN where the clip shows no T."""
    steps_to_divergence: int
    """Steps that are reproduced: before the first error above 20 px or 20°; all n without one."""
    diverged: bool
    followed: BlockPath
    """The T's path in the clip until the divergence."""
    shown: BlockPath
    """The T's path in the whole clip."""
    simulated: BlockPath
    """The T's path in the whole replay."""
    end: dict[str, Any]
    """The last poses, ``clip`` and ``replay``, with the coverage of the goal by both and ``coverage_error``."""


def label(frames: npt.NDArray[np.uint8], fps: int, *, goal_pose: npt.ArrayLike | None = None) -> Labels:
    """Estimate the actions in a video, and which of them can be trusted.

    The numbers are those of ``pusht label`` with the closed form: the video is resampled to 10 Hz, the board is found in the
    first frame, agent and T are tracked, and the agent's law of motion is inverted.

    Parameters
    ----------
    frames : ndarray of uint8, shape (m, height, width, 3)
        The video, of any size.
    fps : int
        Its frames per second.
    goal_pose : array_like, shape (3,), optional
        x, y, angle of the goal; the usual one by default.

    Returns
    -------
    Labels
        Dict of arrays with one entry for each frame at 10 Hz.

    Raises
    ------
    ValueError
        The first frame shows no board, or there are fewer than two frames at 10 Hz.
    """
    return _core.label(frames, _rate(fps), _settings.pose(goal_pose, "goal_pose"))


def audit(frames: npt.NDArray[np.uint8], *, fps: int = 10) -> Audit:
    """Find what is wrong with a clip, in which frames and by how much.

    The numbers are those of ``pusht audit clips``. The goal must be the usual one.

    Parameters
    ----------
    frames : ndarray of uint8, shape (m, height, width, 3)
        The clip, of any size.
    fps : int, default 10
        Its frames per second.

    Returns
    -------
    Audit
        Findings, scores on the three scales, motion of the T, quality of the images.

    Raises
    ------
    ValueError
        The first frame shows no board, or there are no frames.
    """
    return _core.audit(frames, _rate(fps))


def replay(
    frames: npt.NDArray[np.uint8],
    actions: npt.ArrayLike,
    *,
    at_rest: bool = False,
    start_state: npt.ArrayLike | None = None,
    goal_pose: npt.ArrayLike | None = None,
    registration: Registration | None = None,
) -> Replay:
    """Play the actions of a clip in the exact simulator and compare the result with the clip.

    Parameters
    ----------
    frames : ndarray of uint8, shape (m, height, width, 3)
        The clip at 10 Hz; frames that are not 96 × 96 need the position of the board, ``registration=register(frames)``.
    actions : array_like, shape (n, 2), n <= m
        Action t is taken at frame t.
    at_rest : bool, default False
        Whether the agent is at rest in frame 0. Otherwise its velocity is estimated.
    start_state : array_like, shape (5,), optional
        The state in frame 0, at rest, if it is known. By default the replay starts in the first frame that shows agent and T,
        in the state that the track gives.
    goal_pose : array_like, shape (3,), optional
        x, y, angle of the goal; the usual one by default.
    registration : Registration, optional
        Where the board is in the frames.

    Returns
    -------
    Replay
        Errors after each step, and how many steps are reproduced.

    Raises
    ------
    ValueError
        No frame shows agent and T, there are no actions from there on, more actions than frames, or actions that are not
        finite (those of ``label`` are NaN where there is none).
    """
    state = None if start_state is None else _settings.numbers(start_state, 5, "start_state", _settings.STATE)
    return _core.replay(frames, actions, bool(at_rest), state, _settings.pose(goal_pose, "goal_pose"), board(registration))


def _rate(fps: Any) -> int:
    """Whole frames per second."""
    rate: int | None
    try:
        rate = operator.index(fps)
    except TypeError:
        rate = int(fps) if isinstance(fps, (float, np.floating)) and float(fps).is_integer() else None
    if isinstance(fps, (bool, np.bool_)) or rate is None:
        raise TypeError(f"fps is a whole number of frames per second, got {fps!r}")
    if not 1 <= rate <= 10_000:
        raise ValueError(f"fps is 1 to 10000 frames per second, got {fps!r}")
    return rate
