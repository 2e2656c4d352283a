"""What the environment and the vector environment have in common: settings and their checks, spaces, start states."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.error import ClosedEnvironmentError

#: diffusion_policy's picture: float32, channels first, in [0, 1], and the agent's position.
IMAGE = "image_agent_pos"

#: Names of the protocols: whose environment is reproduced.
PROTOCOLS = ("gym_pusht", "diffusion_policy")

BOARD = 512

#: Numbers of a state.
STATE = "[agent x, agent y, block x, block y, block angle]"


def render_modes() -> list[str]:
    """gym-pusht's modes; a window needs pygame."""
    modes = ["rgb_array"]
    if os.environ.get("MUJOCO_GL") != "egl" and importlib.util.find_spec("pygame") is not None:
        modes.append("human")
    return modes


def refuse_unknown_physics(block_cog: Any, damping: Any) -> None:
    """gym-pusht's arguments that change the physics: only their defaults are reproduced."""
    if block_cog is not None and not np.array_equal(np.asarray(block_cog, dtype=np.float64), [0.0, 45.0]):
        raise ValueError(
            f"block_cog={block_cog!r} is not supported: the center of gravity is that of gym-pusht's default, (0, 45); pass None"
        )
    if damping is not None and damping != 0:
        raise ValueError(f"damping={damping!r} is not supported: the damping is that of gym-pusht's default, 0; pass None")


def picture_size(protocol: str, width: int | None, height: int | None) -> tuple[int, int]:
    """Size of the image of ``render()``; None: that of the protocol's reference."""
    side = 96 if protocol == "diffusion_policy" else 680
    return side if width is None else width, side if height is None else height


def pose(value: Any, name: str) -> list[float] | None:
    """Three numbers, x, y in px and an angle in rad."""
    return None if value is None else numbers(value, 3, name, "[x, y, angle]")


def numbers(value: Any, length: int, name: str, columns: str) -> list[float]:
    """Finite numbers from whatever can be an array of them."""
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} is {length} numbers {columns}, got {value!r}") from error
    if array.shape != (length,):
        raise ValueError(f"{name} is {length} numbers {columns}, got an array of shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} is {length} finite numbers {columns}, got {array.tolist()}")
    return array.tolist()


def action_space() -> spaces.Box:
    """gym-pusht's: a target position, px."""
    return spaces.Box(low=0, high=BOARD, shape=(2,), dtype=np.float32)


def observation_space(obs_type: str, width: int, height: int) -> spaces.Space[Any]:
    """gym-pusht's, and that of diffusion_policy's picture."""
    agent_pos = spaces.Box(low=np.zeros(2), high=np.full(2, BOARD), dtype=np.float64)
    pixels = spaces.Box(low=0, high=255, shape=(height, width, 3), dtype=np.uint8)
    if obs_type == "state":
        high = np.array([BOARD, BOARD, BOARD, BOARD, 2 * np.pi])
        return spaces.Box(low=np.zeros(5), high=high, dtype=np.float64)
    if obs_type == "environment_state_agent_pos":
        corners = spaces.Box(low=np.zeros(16), high=np.full(16, BOARD), dtype=np.float64)
        return spaces.Dict({"environment_state": corners, "agent_pos": agent_pos})
    if obs_type == "pixels":
        return pixels
    if obs_type == "pixels_agent_pos":
        return spaces.Dict({"pixels": pixels, "agent_pos": agent_pos})
    if obs_type == IMAGE:
        image = spaces.Box(low=0, high=1, shape=(3, height, width), dtype=np.float32)
        return spaces.Dict({"image": image, "agent_pos": agent_pos})
    raise ValueError(
        f"Unknown obs_type {obs_type}. Must be one of [pixels, state, environment_state_agent_pos, pixels_agent_pos, {IMAGE}]"
    )


def native_kind(obs_type: str) -> str:
    """The kind of observation that the native half computes."""
    return "pixels_agent_pos" if obs_type == IMAGE else obs_type


def as_image(observation: dict[str, Any]) -> dict[str, Any]:
    """diffusion_policy's observation from a picture, or from several."""
    image = np.moveaxis(observation["pixels"].astype(np.float32) / 255, -1, -3)
    return {"image" if key == "pixels" else key: image if key == "pixels" else value for key, value in observation.items()}


def cross_at(action: Any, width: int, height: int, protocol: str) -> tuple[int, int] | None:
    """Where a video's cross is, in px of the image: computed as the reference computes it."""
    if action is None:
        return None
    action = np.asarray(action)
    if protocol == "diffusion_policy":
        coord = action / BOARD * width
    else:
        # gym-pusht scales x by the height.
        coord = action / BOARD * [height, width]
    x, y = np.clip(np.trunc(coord), -1e9, 1e9)
    return int(x), int(y)


def random_state(generator: np.random.Generator) -> list[float]:
    """gym-pusht's start state, in the order of its draws."""
    return [
        float(generator.integers(50, 450)),
        float(generator.integers(50, 450)),
        float(generator.integers(100, 400)),
        float(generator.integers(100, 400)),
        float(generator.uniform(-np.pi, np.pi)),
    ]


def diffusion_policy_state(seed: int) -> list[float]:
    """diffusion_policy's start state: the same for the same seed."""
    generator = np.random.RandomState(seed)
    return [
        float(generator.randint(50, 450)),
        float(generator.randint(50, 450)),
        float(generator.randint(100, 400)),
        float(generator.randint(100, 400)),
        float(generator.randn() * 2 * np.pi - np.pi),
    ]


class Closed:
    """Stands in for the native half of a closed environment."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ClosedEnvironmentError("the environment is closed; make a new one")


def unsigned_states(states: Any, num_envs: int) -> npt.NDArray[np.float64]:
    """One state for each environment, or one for all."""
    array = np.asarray(states, dtype=np.float64)
    if array.shape == (5,):
        array = np.tile(array, (num_envs, 1))
    if array.shape != (num_envs, 5):
        raise ValueError(
            f"reset_to_state is one state of 5 numbers [agent x, agent y, block x, block y, block angle], or an array of "
            f"shape ({num_envs}, 5); got one of shape {array.shape}"
        )
    return array
