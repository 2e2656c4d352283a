"""What the tests of stable-worldmodel's PushT share."""

import pathlib

import gymnasium
import numpy as np

import pusht_start  # registers the environment

FIXTURE = pathlib.Path(__file__).parents[2] / "pusht-env" / "tests" / "fixtures" / "stable_worldmodel.npz"


def make(**kwargs):
    return gymnasium.make("pusht_start_swm/PushT-v1", **kwargs).unwrapped


def row(body):
    return [*body.position, body.angle, *body.velocity, body.angular_velocity]


def rows(env):
    return [*row(env.agent), *row(env.block)]


def factors(env):
    return {name: np.asarray(env.variation_space.at(name).value).tolist() for name in env.variation_space.names()}
