"""The environment for gymnasium."""

from __future__ import annotations

from typing import Any, Literal

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.error import DependencyNotInstalled

from . import _settings
from ._core import Core, Snapshot

ObsType = Literal["state", "environment_state_agent_pos", "pixels", "pixels_agent_pos", "image_agent_pos"]


class PushTEnv(gymnasium.Env[Any, npt.NDArray[np.float32]]):
    """A blue disc, the agent, pushes a gray T onto a green T.

    Everything that gym-pusht 0.1.8 returns is returned, in the same types; the arguments up to ``visualization_height``
    are its arguments. Lengths are in px of the 512 × 512 board, angles in rad; a step is 0.1 s.

    Args:
        obs_type: ``state`` (agent x, y, block x, y, angle in [0, 2π)), ``environment_state_agent_pos`` (the T's eight
            corners, the agent), ``pixels``, ``pixels_agent_pos``, or ``image_agent_pos``: diffusion_policy's picture, float32,
            channels first, in [0, 1].
        render_mode: ``rgb_array``, or ``human``: a window, which needs pygame.
        block_cog: must be None: another center of gravity is refused.
        damping: must be None: another damping is refused.
        observation_width: width of the observed image.
        observation_height: height of the observed image.
        visualization_width: width of the image of :meth:`render`; None: 680, with diffusion_policy 96.
        visualization_height: height of the image of :meth:`render`; None: 680, with diffusion_policy 96.
        protocol: whose environment this is: ``gym_pusht``, or ``diffusion_policy`` (its seeds, its way to fill polygons,
            its count of contacts; the same seed gives the same start at every reset).
        goal_pose: x, y, angle of the goal; None: (256, 256, π/4).
        reset_order: how a reset sets the T. ``position_first``, as both references do, moves the T when it sets the angle;
            ``angle_first`` does not, as diffusion_policy with ``legacy=False``; both run one substep of physics afterwards.
            ``exact``: exactly the state, at rest and without contacts. None: ``position_first``.
        out_of_space: what becomes of an action outside of the action space: ``allow``, as in the references, ``error``
            or ``clip``.
    """

    metadata: dict[str, Any] = {"render_modes": _settings.render_modes(), "render_fps": 10}

    def __init__(
        self,
        obs_type: ObsType = "state",
        render_mode: str | None = "rgb_array",
        block_cog: Any = None,
        damping: float | None = None,
        observation_width: int = 96,
        observation_height: int = 96,
        visualization_width: int | None = None,
        visualization_height: int | None = None,
        *,
        protocol: str = "gym_pusht",
        goal_pose: npt.ArrayLike | None = None,
        reset_order: str | None = None,
        out_of_space: str = "allow",
    ) -> None:
        super().__init__()
        _settings.refuse_unknown_physics(block_cog, damping)
        self._core = Core(
            _settings.native_kind(obs_type),
            protocol=protocol,
            reset_order=reset_order,
            goal_pose=_settings.pose(goal_pose, "goal_pose"),
            width=observation_width,
            height=observation_height,
            out_of_space=out_of_space,
        )
        self.obs_type = obs_type
        self.render_mode = render_mode
        self.observation_width = observation_width
        self.observation_height = observation_height
        self.visualization_width, self.visualization_height = _settings.picture_size(
            protocol, visualization_width, visualization_height
        )
        self.protocol = protocol
        self.observation_space = _settings.observation_space(obs_type, observation_width, observation_height)
        self.action_space = _settings.action_space()
        self.success_threshold = 0.95
        self.control_hz = self.metadata["render_fps"]
        self.dt = 0.01
        self.k_p, self.k_v = 100, 20
        self.block_cog = block_cog
        self.damping = damping
        self.window: Any = None
        self.clock: Any = None
        self._as_image = obs_type == _settings.IMAGE
        self._last_action: Any = None
        # diffusion_policy's seed stays until the next one.
        self._start: list[float] | None = None

    def step(self, action: npt.ArrayLike) -> tuple[Any, np.float64, bool, bool, dict[str, Any]]:
        """Moves the agent toward the target position ``action`` for 0.1 s."""
        result = self._core.step(action)
        self._last_action = action
        if self._as_image:
            return _settings.as_image(result[0]), *result[1:]
        return result

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begins an episode.

        ``options["reset_to_state"]``: five numbers, agent x, y, block x, y, angle, which are set in the reset order.
        ``options["goal_pose"]``: the goal from now on.
        """
        options = options or {}
        core = self._core
        state = options.get("reset_to_state")
        if state is not None:
            state = _settings.numbers(state, 5, "reset_to_state", "[agent x, agent y, block x, block y, block angle]")
        goal = _settings.pose(options.get("goal_pose"), "goal_pose")
        if self.protocol == "diffusion_policy":
            self._seed_diffusion_policy(core, seed)
            state = state or self._start
        else:
            core.coverage  # a closed environment has none: nothing must be drawn
            super().reset(seed=seed)
            state = state or _settings.random_state(self.np_random)
        if goal is not None:
            core.goal_pose = goal
        core.reset_to(state)
        if self.render_mode == "human":
            self.render()
        return self.get_obs(), core.reset_info()

    def _seed_diffusion_policy(self, core: Core, seed: int | None) -> None:
        core.coverage
        if seed is not None:
            start = _settings.diffusion_policy_state(seed)
            super().reset(seed=seed)
            self._start = start
        elif self._start is None:
            self._start = _settings.diffusion_policy_state(int(self.np_random.integers(0, 25536)))

    def get_obs(self) -> Any:
        """The observation of the current state."""
        observation = self._core.observation()
        return _settings.as_image(observation) if self._as_image else observation

    def render(self) -> npt.NDArray[np.uint8] | None:  # type: ignore[override]
        """An image of the current state with a red cross at the last action; in a window if ``render_mode`` says so."""
        if self.render_mode == "human":
            self._show()
            return None
        if self.render_mode != "rgb_array":
            raise ValueError(f"render_mode is 'rgb_array' or 'human' to render, got {self.render_mode!r}")
        width, height = self.visualization_width, self.visualization_height
        cross = _settings.cross_at(self._last_action, width, height, self.protocol)
        return self._core.render(width, height, cross)

    def _show(self) -> None:
        try:
            import pygame
        except ImportError as error:
            raise DependencyNotInstalled("render_mode='human' needs pygame: pip install 'pusht-start[human]'") from error
        picture = self._core.render(_settings.BOARD, _settings.BOARD)
        if self.window is None:
            pygame.init()
            pygame.display.init()
            self.window = pygame.display.set_mode((_settings.BOARD, _settings.BOARD))
        if self.clock is None:
            self.clock = pygame.time.Clock()
        self.window.blit(pygame.surfarray.make_surface(picture.swapaxes(0, 1)), (0, 0))
        pygame.event.pump()
        self.clock.tick(self.metadata["render_fps"] * int(1 / (self.dt * self.control_hz)))
        pygame.display.update()

    def close(self) -> None:
        """Closes the window, if there is one. A closed environment cannot be stepped."""
        if self.window is not None:
            import pygame

            pygame.display.quit()
            pygame.quit()
            self.window = None
        self._core = _settings.Closed()  # type: ignore[assignment]

    @property
    def goal_pose(self) -> npt.NDArray[np.float64]:
        """The goal: x, y, angle. Setting it moves the goal; the episode continues."""
        return self._core.goal_pose

    @goal_pose.setter
    def goal_pose(self, pose: npt.ArrayLike) -> None:
        self._core.goal_pose = _settings.numbers(pose, 3, "goal_pose", "[x, y, angle]")

    @property
    def state(self) -> npt.NDArray[np.float64]:
        """Agent x, y, block x, y, block angle, the angle not wrapped."""
        return self._core.state()

    @property
    def coverage(self) -> float:
        """Share of the goal that the T covers."""
        return self._core.coverage

    def set_state(self, state: npt.ArrayLike) -> Any:
        """Begins an episode in exactly this state, at rest and without contacts; returns the observation."""
        columns = "[agent x, agent y, block x, block y, block angle]"
        self._core.set_state(_settings.numbers(state, 5, "the state", columns))
        return self.get_obs()

    def snapshot(self) -> Snapshot:
        """Full copy of the state: velocities, contacts, goal. Seeds and the step count of wrappers are no part of it."""
        return self._core.snapshot()

    def restore(self, snapshot: Snapshot) -> Any:
        """Restores a snapshot of this or another environment exactly; returns the observation."""
        self._core.restore(snapshot)
        return self.get_obs()
