"""Factors of variation of stable-worldmodel's PushT, and the states that they give."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from .valued_spaces import Box, Dict, Discrete

#: Names of the block's and the agent's shapes; a factor's value is an index.
SHAPES = ("o", "L", "T", "Z", "square", "I", "small_tee", "+")

#: Factors that a reset draws unless it is told which.
DRAWN = ("agent.start_position", "block.start_position", "block.angle")


def variation_space() -> Dict:
    """The 17 factors of stable-worldmodel 0.1.1's PushT."""
    turn = 2 * np.pi

    def color(name: str, *rgb: int) -> Box:
        return Box(name, 0, 255, np.array(rgb, dtype=np.uint8), (3,), np.uint8)

    def pair(name: str, low: float, high: float, *value: float) -> Box:
        return Box(name, low, high, np.array(value, dtype=np.float64), (2,))

    def common(body: str) -> dict[str, spaces.Space[Any]]:
        return {
            "scale": Box(f"{body}.scale", 20, 60, 40, dtype=np.float32),
            "angle": Box(f"{body}.angle", -turn, turn, np.pi / 4 if body == "goal" else 0.0),
        }

    agent = {
        "color": color("agent.color", 65, 105, 225),
        **common("agent"),
        "shape": Discrete("agent.shape", 8, 0),
        "start_position": pair("agent.start_position", 50, 450, 256, 400),
        "velocity": pair("agent.velocity", 0, 512, 0, 0),
    }
    block = {
        "color": color("block.color", 119, 136, 153),
        **common("block"),
        "shape": Discrete("block.shape", 7, 2, start=1),
        "start_position": pair("block.start_position", 100, 400, 400, 100),
    }
    goal = {
        "color": color("goal.color", 144, 238, 144),
        **common("goal"),
        "position": pair("goal.position", 50, 450, 256, 256),
    }
    return Dict(
        {
            "agent": Dict(agent),
            "block": Dict(block),
            "goal": Dict(goal),
            "background": Dict({"color": color("background.color", 255, 255, 255)}),
            "rendering": Dict({"render_goal": Discrete("rendering.render_goal", 2, 1)}),
        }
    )


def drawn_goal(space: Dict) -> list[float]:
    """The goal state that the package draws after the factors: the next draws of the start's generators."""
    draw = lambda name: np.asarray(space.at(name).sample(set_value=False), dtype=np.float64).reshape(-1)
    velocity = np.asarray(space.at("agent.velocity").value, dtype=np.float64)
    return np.concatenate([draw("agent.start_position"), draw("block.start_position"), draw("block.angle"), velocity]).tolist()


def start(space: Dict) -> list[float]:
    """The start state that the factors give."""
    names = ("agent.start_position", "block.start_position", "block.angle", "agent.velocity")
    return np.concatenate([np.asarray(space.at(name).value, dtype=np.float64).reshape(-1) for name in names]).tolist()


def states_row(state: npt.ArrayLike, name: str, short: bool = False) -> list[float]:
    """Seven finite numbers, or five and a velocity of 0."""
    try:
        row = np.asarray(state, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} is numbers, got {state!r}") from error
    lengths = (5, 7) if short else (7,)
    if row.ndim != 1 or len(row) not in lengths or not np.isfinite(row).all():
        raise ValueError(
            f"{name} is {' or '.join(map(str, lengths))} finite numbers [agent x, agent y, block x, block y, block angle, "
            f"agent vx, agent vy], got {state!r}"
        )
    return [*row.tolist(), 0.0, 0.0][:7]
