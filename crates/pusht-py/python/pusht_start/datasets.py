"""Recorded episodes: read from data sets and videos, written as LeRobot data sets."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypedDict, overload

import numpy as np
import numpy.typing as npt

from . import _core, _settings

#: Episodes that an iterator reads at a time.
_BLOCK = 16

#: The usual goal.
_GOAL = [256.0, 256.0, float(np.pi / 4)]

_KEYS = ("frames", "actions", "states", "goal_pose", "source", "index", "seed", "actions_from")


class RecordedEpisode(TypedDict):
    """An episode of n steps at 10 Hz; row t is before action t."""

    frames: npt.NDArray[np.uint8]
    """Shape (n, height, width, 3)."""
    actions: npt.NDArray[np.float32] | None
    """Shape (n, 2): target positions, px; None of a video."""
    states: npt.NDArray[np.float64] | None
    """Shape (n, 5): agent x, y, block x, y, angle; None where they are not known."""
    goal_pose: npt.NDArray[np.float64]
    """x, y, angle."""
    source: str
    """The file, the expert or the generator that it is from."""
    index: int
    """Its index in the source."""
    seed: int | None
    """The seed of its start, if it is known."""
    actions_from: str | None
    """``recorded``, or the inverse dynamics that extracted the actions."""


class Episodes(Sequence[RecordedEpisode]):
    """Episodes of a data set, or videos. Frames are read when an episode is asked for.

    An iterator reads sixteen episodes at a time, which is faster than asking for one after the other.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        camera: str | None = None,
        tolerance: float | None = None,
        fps: int | None = None,
    ) -> None:
        self.path = os.fspath(path)
        self._reader = _core.EpisodeReader(self.path, camera, tolerance, fps)

    def __len__(self) -> int:
        return len(self._reader)

    @overload
    def __getitem__(self, index: int) -> RecordedEpisode: ...
    @overload
    def __getitem__(self, index: slice) -> list[RecordedEpisode]: ...
    def __getitem__(self, index: int | slice) -> RecordedEpisode | list[RecordedEpisode]:
        if isinstance(index, slice):
            rows = range(*index.indices(len(self)))
            if rows.step == 1:
                return self._reader.read(rows.start, max(rows.start, rows.stop))
            return [self[row] for row in rows]
        row = self._row(index)
        return self._reader.read(row, row + 1)[0]

    def __iter__(self) -> Iterator[RecordedEpisode]:
        # Videos are single files: there is nothing to gain.
        block = 1 if self._reader.is_clips else _BLOCK
        for first in range(0, len(self), block):
            yield from self._reader.read(first, min(first + block, len(self)))

    def __repr__(self) -> str:
        return f"Episodes({self.path!r}): {len(self)} {'videos' if self._reader.is_clips else 'episodes'}"

    @property
    def lengths(self) -> npt.NDArray[np.int64] | None:
        """Number of steps of each episode, without reading frames; None of videos."""
        return self._reader.lengths()

    def actions(self, index: int) -> npt.NDArray[np.float32] | None:
        """Actions of an episode, without reading frames; None of a video."""
        return self._reader.actions(self._row(index))

    def _row(self, index: int) -> int:
        row = operator.index(index)
        if not -len(self) <= row < len(self):
            raise IndexError(f"{self.path}: asked for episode {row}, but there are only {len(self)}")
        return row % len(self)


def read_episodes(
    path: str | os.PathLike[str],
    *,
    camera: str | None = None,
    tolerance: float | None = None,
    fps: int | None = None,
) -> Episodes:
    """Open a data set or videos as a sequence of episodes.

    Parameters
    ----------
    path : str or path
        A zarr replay buffer of diffusion_policy, a LeRobot v3 data set, a file of simulated episodes (``pusht demos record``),
        a video (MP4 with H.264 or AV1, GIF, a folder of PNG files), or a folder of videos.
    camera : str, optional
        The camera of a LeRobot data set with several.
    tolerance : float, optional
        Largest distance in time of a row of a LeRobot data set and its frame, s; 0.0001 by default.
    fps : int, optional
        Frame rate of the videos in place of what their files state.

    Returns
    -------
    Episodes
        A sequence of dicts with ``frames``, ``actions``, ``states``, ``goal_pose``, ``source`` and others.

    Raises
    ------
    FileNotFoundError
        There is nothing at the path.
    ValueError
        It is something else, damaged, or of an unknown version.
    """
    return Episodes(path, camera=camera, tolerance=tolerance, fps=fps)


def write_lerobot(path: str | os.PathLike[str], episodes: Iterable[Mapping[str, Any]], *, fps: int = 10) -> int:
    """Write episodes as a LeRobot v3 data set (parquet, H.264).

    Episodes are taken one at a time, so that an iterable may make or read them. The folder appears when it is complete.

    Parameters
    ----------
    path : str or path
        A folder that does not exist yet.
    episodes : iterable of mappings
        As ``read_episodes`` gives them: ``frames`` (n, height, width, 3) and ``actions`` (n, 2); optionally ``states`` (n, 5),
        in all or in none, ``goal_pose``, ``source``, ``index``, ``seed``, ``actions_from``.
    fps : int, default 10
        Rows per second. PushT has 10, and nothing else is written.

    Returns
    -------
    int
        Number of episodes.

    Raises
    ------
    FileExistsError
        The folder exists.
    ValueError
        No episodes, lengths or sizes that differ, actions that are not finite.
    """
    if fps != 10:
        raise ValueError(f"fps={fps!r}: a step of PushT takes 0.1 s, so that a data set has 10 rows per second")
    if isinstance(episodes, Mapping):
        raise TypeError("the episodes are an iterable of mappings, got one mapping; pass [episode]")
    return _core.write_lerobot(os.fspath(path), map(_parts, enumerate(episodes)))


def _parts(numbered: tuple[int, Mapping[str, Any]]) -> tuple[Any, ...]:
    """What the native half takes of an episode."""
    number, episode = numbered
    if not isinstance(episode, Mapping):
        raise TypeError(f"an episode is a mapping with frames and actions, got {type(episode).__name__}")
    missing = [key for key in ("frames", "actions") if episode.get(key) is None]
    if missing:
        raise ValueError(f"episode {number} has no {' and no '.join(missing)}; an episode has frames and an action for each")
    unknown = sorted(set(episode) - set(_KEYS))
    if unknown:
        raise ValueError(f"episode {number} has the unknown key {unknown[0]!r}; expected {', '.join(_KEYS)}")
    goal = episode.get("goal_pose")
    index = episode.get("index")
    return (
        episode["frames"],
        episode["actions"],
        episode.get("states"),
        _GOAL if goal is None else _settings.pose(goal, "goal_pose"),
        str(episode.get("source") or "pusht_start"),
        number if index is None else operator.index(index),
        None if episode.get("seed") is None else operator.index(episode["seed"]),
        str(episode.get("actions_from") or "recorded"),
    )
