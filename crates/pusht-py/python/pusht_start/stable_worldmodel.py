"""The PushT of stable-worldmodel 0.1.1, for its ``World``::

    import pusht_start
    import stable_worldmodel as swm

    world = swm.World("pusht_start_swm/PushT-v1", num_envs=8, image_shape=(224, 224))

stable-worldmodel itself is not needed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from . import _settings, factors
from ._core import SwmCore, SwmSnapshot

#: px per unit of a relative action.
ACTION_SCALE = 100


class Vec2(NamedTuple):
    """x and y."""

    x: float
    y: float


class Body(NamedTuple):
    """A body at one moment, as pymunk names its numbers; px, rad, px/s, rad/s."""

    position: Vec2
    angle: float
    velocity: Vec2
    angular_velocity: float


class SwmPushTEnv(gymnasium.Env[dict[str, npt.NDArray[np.float64]], npt.NDArray[np.float32]]):
    """stable-worldmodel's ``swm/PushT-v1``: relative actions, goals that are states, eight shapes, 17 factors of variation.

    Draws, resets, states, contacts, success and pictures are the package's, bit for bit; rewards within 1e-12. An action is an
    array of float32 or float64, which the control law is computed in; integers and lists are float64. Actions are not clipped.

    Args:
        block_cog: the block's center of gravity in body coordinates, px; None: its shape's.
        damping: share of its velocity that a block or polygon agent keeps in a second; None: 0.
        render_action: whether pictures show the last action.
        resolution: side of pictures, px.
        with_target: whether pictures show the green goal.
        render_mode: ``rgb_array``.
        relative: whether actions are relative to the agent, in hundreds of px; else they are target positions, px.
        init_value: defaults of factors, by name.
        faults: faults of the package that are switched off with False, by name: ``tee_ignores_scale``,
            ``start_keeps_leftovers``, ``angle_beyond_turn_succeeds``, ``marker_is_misplaced``, ``marker_outlives_episode``.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "video.frames_per_second": 10, "render_fps": 10}

    def __init__(
        self,
        block_cog: npt.ArrayLike | None = None,
        damping: float | None = None,
        render_action: bool = False,
        resolution: int = 224,
        with_target: bool = True,
        render_mode: str | None = "rgb_array",
        relative: bool = True,
        init_value: Mapping[str, Any] | None = None,
        *,
        faults: Mapping[str, bool] | None = None,
    ) -> None:
        super().__init__()
        if render_mode not in (None, "rgb_array"):
            raise ValueError(f"render_mode is 'rgb_array', got {render_mode!r}; there is no window")
        self.variation_space = factors.variation_space()
        if init_value is not None:
            self.variation_space.set_init_value(init_value)
        self._core = SwmCore(
            relative=bool(relative),
            resolution=resolution,
            with_target=bool(with_target),
            render_action=bool(render_action),
            block_cog=None if block_cog is None else _settings.numbers(block_cog, 2, "block_cog", "[x, y]"),
            damping=damping,
            switches=[(name, bool(kept)) for name, kept in (faults or {}).items()],
        )
        board = float(_settings.BOARD)
        low, high = np.array([0, 0, -board, -board]), np.full(4, board)
        self.observation_space = spaces.Dict(
            {
                "proprio": spaces.Box(low, high, dtype=np.float64),
                "state": spaces.Box(
                    np.array([0, 0, 0, 0, 0, -board, -board]),
                    np.array([board, board, board, board, 2 * np.pi, board, board]),
                    dtype=np.float64,
                ),
            }
        )
        self.action_space: Any = spaces.Box(-1.0, 1.0, (2,), np.float32)
        self.render_mode = render_mode
        self.relative = relative
        self.render_size = resolution
        self.window_size = _settings.BOARD
        self.action_scale = ACTION_SCALE
        self.control_hz = self.metadata["render_fps"]
        self.dt = 0.01
        self.k_p, self.k_v = 100, 20
        self.shapes = list(factors.SHAPES)
        self.env_name = "PushT"
        self._goal: Any = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, npt.NDArray[np.float64]], dict[str, Any]]:
        """Begins an episode.

        Without a seed it is seeded by the generator of the last seed, ``np_random`` (the package takes fresh entropy). Options:
        ``variation``, names of factors and groups to draw, or ``["all"]`` (else ``agent.start_position``,
        ``block.start_position`` and ``block.angle`` are drawn); ``variation_values``, a dict of values to set; ``state``, the
        start, 7 or 5 numbers; ``goal_state``, 7 numbers.
        """
        options = options or {}
        space = self.variation_space
        drawn = space.chosen(options.get("variation", factors.DRAWN))
        values = space.checked(options.get("variation_values", {}))
        state, goal = options.get("state"), options.get("goal_state")
        state = None if state is None else factors.states_row(state, "state", short=True)
        goal = None if goal is None else factors.states_row(goal, "goal_state")
        core = self._core
        core.contact_points  # a closed environment has none: nothing must be drawn
        super().reset(seed=seed)
        space.seed(int(self.np_random.integers(2**63)) if seed is None else seed)
        space.reset()
        for name in drawn:
            space.at(name).sample()
        for name, value in values.items():
            space.at(name).value = value
        goal = goal or factors.drawn_goal(space)
        core.reset(space.numbers(), state or factors.start(space), goal)
        self._goal = core.render_goal()
        return self._observation(), self._info()

    def step(
        self, action: npt.ArrayLike
    ) -> tuple[dict[str, npt.NDArray[np.float64]], np.float64, bool, bool, dict[str, Any]]:  # type: ignore[override]
        """Moves the agent for 0.1 s."""
        reward, terminated = self._core.step(action)
        return self._observation(), np.float64(reward), terminated, False, self._info()

    def _observation(self) -> dict[str, npt.NDArray[np.float64]]:
        state = self._core.state()
        return {"proprio": state[[0, 1, 5, 6]], "state": state}

    def _info(self) -> dict[str, Any]:
        info = self._core.info()
        info["goal"] = self._goal.copy()
        return info

    def render(self) -> npt.NDArray[np.uint8]:  # type: ignore[override]
        """A picture of the current state."""
        return self._core.render()

    def close(self) -> None:
        """A closed environment cannot be stepped."""
        self._core = _settings.Closed()  # type: ignore[assignment]

    @property
    def agent(self) -> Body:
        """The agent's body."""
        return self._body(0)

    @property
    def block(self) -> Body:
        """The block's body."""
        return self._body(1)

    def _body(self, index: int) -> Body:
        x, y, angle, vx, vy, angular_velocity = self._core.bodies()[index]
        return Body(Vec2(x, y), angle, Vec2(vx, vy), angular_velocity)

    @property
    def goal_state(self) -> npt.NDArray[np.float64]:
        """The goal that reward and success are about."""
        return self._core.info()["goal_state"]

    @property
    def goal_pose(self) -> npt.NDArray[np.float64]:
        """Where the green goal is drawn."""
        return self._core.info()["goal_pose"]

    @property
    def n_contact_points(self) -> int:
        """Contact points since the last step began, or since the reset."""
        return self._core.contact_points

    def _get_obs(self) -> npt.NDArray[np.float64]:
        return self._core.state()

    def _set_state(self, state: npt.ArrayLike) -> None:
        self._core.set_state(factors.states_row(state, "state", short=True))

    def _set_goal_state(self, goal_state: npt.ArrayLike) -> None:
        self._core.set_goal_state(factors.states_row(goal_state, "goal_state"))

    def snapshot(self) -> SwmSnapshot:
        """Full copy of bodies, contacts, factors and goal. Seeds and the step count of wrappers are no part of it."""
        return self._core.snapshot()

    def restore(self, snapshot: SwmSnapshot) -> dict[str, npt.NDArray[np.float64]]:
        """Restores a snapshot of this or another environment made with the same arguments; returns the observation.

        ``variation_space`` keeps its values.
        """
        self._core.restore(snapshot)
        self._goal = self._core.render_goal()
        return self._observation()


class PolarQuantizer:
    """Actions as bins of radius and angle; a bin stands for its middle."""

    def __init__(self, num_bins_radial: int = 16, num_bins_angular: int = 16, max_action_distance: float = 1.0) -> None:
        self.action_shape = (num_bins_radial, num_bins_angular)
        self.max_action_distance = max_action_distance

    def quantize(self, action: npt.ArrayLike) -> npt.NDArray[np.int32]:
        """The bins of an action; too long ones are in the outermost."""
        x, y = np.asarray(action)
        parts = np.array([np.hypot(x, y) / self.max_action_distance, np.arctan2(y, x) % (2 * np.pi) / (2 * np.pi)])
        bins = np.array(self.action_shape)
        return np.clip((parts * bins).astype(np.int64), 0, bins - 1).astype(np.int32)

    def dequantize(self, quantized_action: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """The action of two bins, float32."""
        radius, angle = quantized_action  # type: ignore[misc]
        radius = (radius + 0.5) / self.action_shape[0] * self.max_action_distance
        angle = (angle + 0.5) / self.action_shape[1] * 2 * np.pi
        return np.array([radius * np.cos(angle), radius * np.sin(angle)], dtype=np.float32)


class SwmPushTDiscreteEnv(SwmPushTEnv):
    """stable-worldmodel's ``swm/PushT-Discrete-v1``: an action is a bin of radius and a bin of angle, 16 of each.

    Args:
        quantizer: what turns bins into actions; None: :class:`PolarQuantizer`.

    The other arguments are those of :class:`SwmPushTEnv`.
    """

    def __init__(self, quantizer: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.quantizer = quantizer or PolarQuantizer()
        self.action_space = spaces.MultiDiscrete(self.quantizer.action_shape)

    def step(self, action: npt.ArrayLike) -> Any:
        """Moves the agent for 0.1 s."""
        # The package's collection policy passes float32, in which the quantizer then computes.
        bins = np.asarray(action)
        real = bins.dtype.kind in "iuf" and bool(np.isfinite(bins).all())
        if not real or not self.action_space.contains(bins.astype(np.int64)) or (bins != bins.astype(np.int64)).any():
            raise ValueError(f"an action is two bins, integers below {self.quantizer.action_shape}; got {action!r}")
        return super().step(self.quantizer.dequantize(bins))


__all__ = ["Body", "PolarQuantizer", "SwmPushTDiscreteEnv", "SwmPushTEnv", "Vec2"]
