"""What the tests share: paths of the recordings, actions that push the T, pairs of environments."""

import os
import pathlib
import warnings

import gymnasium
import numpy as np
import pytest

import pusht_start  # registers the environment


@pytest.fixture(scope="session")
def recordings():
    """The recordings of the reference environments: folder ``golden/env`` of ``PUSHT_REFERENCE``."""
    root = os.environ.get("PUSHT_REFERENCE")
    folder = pathlib.Path(root or ".", "golden", "env")
    if not root or not folder.is_dir():
        pytest.skip("no recordings: PUSHT_REFERENCE names no folder with golden/env")
    return folder


@pytest.fixture(scope="session")
def gym_pusht():
    """The reference itself, in the same process."""
    return pytest.importorskip("gym_pusht", reason="gym-pusht is not installed: pip install 'pusht-start[test]'")


def make(name="pusht_start/PushT-v0", **kwargs):
    """The bare environment."""
    return gymnasium.make(name, **kwargs).unwrapped


def make_gym_pusht(**kwargs):
    """gym-pusht's bare environment."""
    return make("gym_pusht/PushT-v0", **kwargs)


def pushes(seed, steps):
    """Relative targets near the T, a new one every tenth step."""
    rng = np.random.default_rng(seed)
    return np.repeat(rng.uniform(-70, 70, (steps // 10 + 1, 2)), 10, axis=0)[:steps]


def toward(state, offset):
    """An action toward a point near the T, float32."""
    step = state[2:4] + offset - state[:2]
    return (state[:2] + step * min(1, 30 / (np.hypot(*step) + 1e-9))).astype(np.float32)


def same(a, b, path=""):
    """Equal in type, shape, dtype and every bit."""
    assert type(a) is type(b), f"{path}: {type(a)} and {type(b)}"
    if isinstance(a, dict):
        assert list(a) == list(b), path
        for key in a:
            same(a[key], b[key], f"{path}[{key!r}]")
    elif isinstance(a, tuple):
        assert len(a) == len(b), path
        for i, (one, other) in enumerate(zip(a, b)):
            same(one, other, f"{path}[{i}]")
    elif isinstance(a, np.ndarray):
        assert (a.dtype, a.shape) == (b.dtype, b.shape), path
        if a.dtype == object:
            for i, (one, other) in enumerate(zip(a, b)):
                same(one, other, f"{path}[{i}]")
        else:
            assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), f"{path}: {np.argwhere(a != b)[:5]}"
    else:
        assert a == b, f"{path}: {a} and {b}"


#: The reference computes the common area of T and goal with GEOS, whose rounding is not reproduced.
AREA = 1e-12


def same_step(ours, theirs):
    """Two results of a step or a reset that are equal, reward and coverage but for the rounding of areas."""
    ours, theirs = list(ours), list(theirs)
    infos = [dict(ours.pop()), dict(theirs.pop())]
    assert list(infos[0]) == list(infos[1])
    numbers = [[info.pop("coverage", 0.0)] for info in infos]
    if len(ours) > 1:
        numbers = [row + [parts.pop(1)] for row, parts in zip(numbers, (ours, theirs))]
    for one, other in zip(*numbers):
        assert type(one) is type(other)
        assert abs(one - other) <= AREA
    same(tuple(ours), tuple(theirs), "result")
    same(*infos, "info")


@pytest.fixture(autouse=True)
def no_warnings():
    """A warning of gymnasium's is a failure."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        yield
