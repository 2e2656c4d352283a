from collections.abc import Iterator
from typing import Any, Literal, final

import numpy as np
import numpy.typing as npt

__version__: str

_Info = dict[str, Any]

@final
class Snapshot:
    """Full copy of an environment's state: velocities, contacts, step count, goal."""

@final
class Core:
    """One environment, without spaces and seeds."""

    def __new__(
        cls,
        obs_type: str,
        *,
        protocol: str,
        reset_order: str | None = None,
        goal_pose: npt.ArrayLike | None = None,
        width: int = 96,
        height: int = 96,
        out_of_space: str = "allow",
    ) -> Core: ...
    coverage: float
    goal_pose: npt.NDArray[np.float64]
    def step(self, action: npt.ArrayLike) -> tuple[Any, np.float64, bool, Literal[False], _Info]: ...
    def reset_to(self, state: npt.ArrayLike) -> None: ...
    def set_state(self, state: npt.ArrayLike) -> None: ...
    def observation(self) -> Any: ...
    def reset_info(self) -> _Info: ...
    def render(self, width: int, height: int, cross: tuple[int, int] | None = None) -> npt.NDArray[np.uint8]: ...
    def state(self) -> npt.NDArray[np.float64]: ...
    def snapshot(self) -> Snapshot: ...
    def restore(self, snapshot: Snapshot) -> None: ...
    def __copy__(self) -> Core: ...
    def __deepcopy__(self, _memo: Any, /) -> Core: ...

@final
class Batch:
    """Several environments, stepped in parallel, without spaces and seeds."""

    def __new__(
        cls,
        num_envs: int,
        obs_type: str,
        *,
        protocol: str,
        autoreset_mode: str,
        reset_order: str | None = None,
        goal_pose: npt.ArrayLike | None = None,
        max_episode_steps: int | None = None,
        width: int = 96,
        height: int = 96,
        out_of_space: str = "allow",
        num_threads: int | None = None,
    ) -> Batch: ...
    def step(
        self, actions: npt.ArrayLike
    ) -> tuple[Any, npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.bool_], _Info]: ...
    def reset(
        self, seeds: list[int | None], mask: list[bool] | None = None, states: npt.ArrayLike | None = None
    ) -> tuple[Any, _Info]: ...
    def observations(self) -> Any: ...
    def states(self) -> npt.NDArray[np.float64]: ...
    def render(
        self, index: int, width: int, height: int, cross: tuple[int, int] | None = None
    ) -> npt.NDArray[np.uint8]: ...

@final
class SwmSnapshot:
    """Full copy of the state of stable-worldmodel's environment."""

@final
class SwmCore:
    """stable-worldmodel's environment, without spaces and draws."""

    def __new__(
        cls,
        *,
        relative: bool,
        resolution: int,
        with_target: bool,
        render_action: bool,
        block_cog: list[float] | None = None,
        damping: float | None = None,
        switches: list[tuple[str, bool]] = ...,
    ) -> SwmCore: ...
    contact_points: int
    def reset(
        self, values: list[tuple[str, list[float], bool]], state: list[float], goal_state: list[float]
    ) -> None: ...
    def step(self, action: npt.ArrayLike) -> tuple[float, bool]: ...
    def set_state(self, state: list[float]) -> None: ...
    def set_goal_state(self, goal: list[float]) -> None: ...
    def state(self) -> npt.NDArray[np.float64]: ...
    def info(self) -> _Info: ...
    def render(self) -> npt.NDArray[np.uint8]: ...
    def render_goal(self) -> npt.NDArray[np.uint8]: ...
    def bodies(self) -> list[list[float]]: ...
    def snapshot(self) -> SwmSnapshot: ...
    def restore(self, snapshot: SwmSnapshot) -> None: ...

def render(
    states: list[list[float]],
    width: int,
    height: int,
    protocol: str,
    goal_pose: list[float] | None = None,
    contacts: list[list[float]] = ...,
) -> npt.NDArray[np.uint8]: ...
def simulate(
    actions: npt.ArrayLike,
    protocol: str,
    reset_order: str | None = None,
    goal_pose: list[float] | None = None,
    seed: int | None = None,
    state: list[float] | None = None,
) -> Any: ...
def expert_episode(seed: int, max_steps: int, protocol: str, goal_pose: list[float] | None = None) -> Any: ...
def smoothness(sequences: list[Any]) -> Any: ...
def directness(sequences: list[Any]) -> list[float | None]: ...
def track(
    frames: npt.NDArray[np.uint8],
    goal_pose: list[float] | None = None,
    board: tuple[list[float], list[float], float] | None = None,
) -> Any: ...
def register(frames: npt.NDArray[np.uint8], goal_pose: list[float] | None = None) -> Any: ...
def l2(a: list[Any], b: list[Any]) -> Any: ...
def label(frames: npt.NDArray[np.uint8], fps: int, goal_pose: list[float] | None = None) -> Any: ...
def audit(frames: npt.NDArray[np.uint8], fps: int) -> Any: ...
def replay(
    frames: npt.NDArray[np.uint8],
    actions: npt.ArrayLike,
    at_rest: bool = False,
    start_state: list[float] | None = None,
    goal_pose: list[float] | None = None,
    board: tuple[list[float], list[float], float] | None = None,
) -> Any: ...
@final
class EpisodeReader:
    """An open data set, or videos."""

    def __new__(
        cls, path: str, camera: str | None = None, tolerance: float | None = None, fps: int | None = None
    ) -> EpisodeReader: ...
    is_clips: bool
    def __len__(self) -> int: ...
    def lengths(self) -> npt.NDArray[np.int64] | None: ...
    def actions(self, index: int) -> npt.NDArray[np.float32] | None: ...
    def read(self, first: int, end: int) -> list[Any]: ...

def write_lerobot(path: str, episodes: Iterator[tuple[Any, ...]]) -> int: ...
@final
class PolicyCore:
    """A trained policy with the latest observations of its environments."""

    def __new__(
        cls,
        path: str,
        *,
        device: str = "cpu",
        sees: str | None = None,
        seed: int = 0,
        goal_pose: list[float] | None = None,
    ) -> PolicyCore: ...
    kind: str
    obs_type: str
    history: int
    parameters: int
    def reset(self, envs: list[int] | None = None) -> None: ...
    def act(
        self, numbers: npt.NDArray[np.float64] | None = None, pixels: npt.NDArray[np.uint8] | None = None
    ) -> npt.NDArray[np.float32]: ...
    def sequence_from(
        self,
        noise: list[list[float]],
        numbers: npt.NDArray[np.float64] | None = None,
        pixels: npt.NDArray[np.uint8] | None = None,
    ) -> npt.NDArray[np.float32]: ...
