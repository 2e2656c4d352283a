"""Files that the tests read, written here with nothing but numpy: pictures, zarr arrays, policies."""

import hashlib
import json
import pathlib
import struct
import zlib

import numpy as np


def png(path, image):
    """A picture, uint8 (height, width, 3)."""
    height, width, _ = image.shape
    rows = b"".join(b"\0" + row.tobytes() for row in image)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)


def clip(folder, frames):
    """A folder of pictures."""
    folder.mkdir(parents=True)
    for i, frame in enumerate(frames):
        png(folder / f"{i:04d}.png", frame)
    return folder


def array(folder, values):
    """A zarr (version 2) array without compression, one chunk."""
    folder.mkdir(parents=True)
    about = {
        "zarr_format": 2,
        "shape": values.shape,
        "chunks": values.shape,
        "dtype": values.dtype.str,
        "compressor": None,
        "fill_value": 0,
        "order": "C",
        "filters": None,
    }
    (folder / ".zarray").write_text(json.dumps(about))
    (folder / ".".join("0" * values.ndim)).write_bytes(np.ascontiguousarray(values).tobytes())


def replay_buffer(folder, frames, actions, states, ends):
    """A replay buffer as diffusion_policy's."""
    array(folder / "data" / "img", frames.astype("<f4"))
    array(folder / "data" / "action", actions.astype("<f4"))
    array(folder / "data" / "state", states.astype("<f4"))
    array(folder / "meta" / "episode_ends", np.array(ends, "<i8"))
    for group in (folder, folder / "data", folder / "meta"):
        (group / ".zgroup").write_text('{"zarr_format": 2}')
    return folder


def simulated(path, seed, actions):
    """A file of one simulated episode in diffusion_policy's environment."""
    goal = {"x": 256.0, "y": 256.0, "angle": 0.7853981633974483}
    header = {
        "format": "pusht-simulated-episodes",
        "version": 1,
        "episodes": 1,
        "source": "a test",
        "actions": "made up",
        "simulation": {
            "seeding": "diffusion-policy",
            "reset_order": "position-first",
            "goal": goal,
            "fill_rule": "pygame25",
            "frame_size": 96,
        },
        "settings": {},
    }
    line = {"index": 0, "start": {"seed": seed}, "actions": np.asarray(actions).tolist()}
    path.write_text("".join(json.dumps(part, separators=(",", ":")) + "\n" for part in (header, line)))
    return path


WIDTHS = [30, 8, 8]
HORIZON, TAKEN = 4, 2


def weights():
    """Small fixed weights of the network of a tracked policy: pairs of a matrix (outputs, inputs) and a bias."""
    widths = [*WIDTHS, 2 * HORIZON]
    layers = []
    for k, (n, m) in enumerate(zip(widths, widths[1:])):
        rows = np.arange(n * m, dtype=np.float64).reshape(m, n)
        layers.append(((np.sin(3 * rows + k) / np.sqrt(n)).astype(np.float32), (np.cos(np.arange(m)) / 10).astype(np.float32)))
    return layers


MEAN = np.linspace(-0.5, 0.5, 30, dtype=np.float32)
STD = np.linspace(0.8, 1.5, 30, dtype=np.float32)
SCALE = np.array([60, 50], np.float32)


def tracked_policy(path, kind="pusht.policy.tracked.1", changes=None):
    """The file of a policy on tracked states."""
    tensors = {}
    for k, (matrix, bias) in enumerate(weights()):
        tensors[f"layers.{k}.weight"] = matrix
        tensors[f"layers.{k}.bias"] = bias
    tensors.update(changes or {})
    config = {
        "tracked": {"width": 8, "layers": len(WIDTHS) - 1, "horizon": HORIZON, "n_action_steps": TAKEN, "noise": 0.0},
        "mean": MEAN.tolist(),
        "std": STD.tolist(),
        "scale": SCALE.tolist(),
    }
    header, data = {}, b""
    for name, tensor in tensors.items():
        end = len(data) + tensor.nbytes
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [len(data), end]}
        data += tensor.astype("<f4").tobytes()
    header["__metadata__"] = {
        "format": "pt",
        "pusht.kind": kind,
        "pusht.config": json.dumps(config),
        "pusht.sha256": hashlib.sha256(data).hexdigest(),
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def tracked_actions(state):
    """What that policy plans in a state with the usual goal, computed here; shape (horizon, 2)."""
    goal = np.array([256, 256]), np.pi / 4

    def turned(points, angle):
        c, s = np.cos(angle), np.sin(angle)
        return np.asarray(points) @ np.array([[c, s], [-s, c]])

    agent, block = (turned(np.asarray(p) - goal[0], -goal[1]) for p in (state[:2], state[2:4]))
    turn = state[4] - goal[1]
    points = np.array([[-60, 15], [60, 15], [0, 0], [0, 30], [0, 120]], float)
    now = turned(points, turn) + block
    pairs = np.stack([now - agent, now - points], axis=1).reshape(-1, 2) / 100
    features = np.concatenate(
        [
            agent / 100,
            block / 100,
            [np.sin(turn), np.cos(turn)],
            turned(agent - block, -turn) / 60,
            turned(-block, -turn) / 100,
            pairs.ravel(),
        ]
    )
    x = (features - MEAN) / STD
    layers = weights()
    for k, (matrix, bias) in enumerate(layers):
        x = matrix.astype(float) @ x + bias
        if k + 1 < len(layers):
            x = x / (1 + np.exp(-x))
    return state[:2] + turned(x.reshape(HORIZON, 2) * SCALE, goal[1])
