"""PushT, bit-equal to gym-pusht and diffusion_policy, for gymnasium.

Importing this package registers ``pusht_start/PushT-v0``::

    import gymnasium
    import pusht_start

    env = gymnasium.make("pusht_start/PushT-v0", obs_type="pixels_agent_pos")
    envs = gymnasium.make_vec("pusht_start/PushT-v0", num_envs=256)

and stable-worldmodel's PushT, for its ``World``: ``pusht_start_swm/PushT-v1``.
"""

import gymnasium as _gymnasium

from ._core import Snapshot, __version__
from .clips import audit, label, replay
from .datasets import Episodes, read_episodes, write_lerobot
from .env import PushTEnv
from .functions import directness, expert_episode, l2, register, render, simulate, smoothness, track
from .policy import Policy, load_policy
from .vector import PushTVectorEnv

__all__ = [
    "Episodes",
    "Policy",
    "PushTEnv",
    "PushTVectorEnv",
    "Snapshot",
    "__version__",
    "audit",
    "directness",
    "expert_episode",
    "l2",
    "label",
    "load_policy",
    "read_episodes",
    "register",
    "render",
    "replay",
    "simulate",
    "smoothness",
    "track",
    "write_lerobot",
]

# stable-worldmodel's. Its collection policy wants "swm/PushT" in the id.
_gymnasium.register(id="pusht_start_swm/PushT-v1", entry_point="pusht_start.stable_worldmodel:SwmPushTEnv")
_gymnasium.register(id="pusht_start_swm/PushT-Discrete-v1", entry_point="pusht_start.stable_worldmodel:SwmPushTDiscreteEnv")
_gymnasium.register(
    id="pusht_start/PushT-v0",
    entry_point="pusht_start.env:PushTEnv",
    vector_entry_point="pusht_start.vector:PushTVectorEnv",
    max_episode_steps=300,
    kwargs={"obs_type": "state"},
)
