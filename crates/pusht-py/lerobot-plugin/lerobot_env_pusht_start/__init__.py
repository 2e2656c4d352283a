"""PushT for lerobot: ``lerobot-eval --env.type=pusht_start`` runs on the batch environment of ``pusht_start``.

lerobot finds this package by its name and imports it.
"""

from .config import PushTStartEnv
from .vector import EpisodesVectorEnv

__all__ = ["EpisodesVectorEnv", "PushTStartEnv"]
