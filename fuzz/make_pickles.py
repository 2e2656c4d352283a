#!/usr/bin/env python3
"""Writes the first inputs of the fuzz target `pickle`: small checkpoints as PyTorch writes them, without PyTorch.

    python3 fuzz/make_pickles.py        # writes fuzz/corpus/pickle/*

The reader takes packed files as the entries of a zip archive (crate fuzz-targets), so that a changed entry keeps a correct
checksum; the other formats are written as they are. Python's standard library only.
"""

import collections
import io
import pathlib
import pickle
import struct
import sys
import types

OUT = pathlib.Path(__file__).resolve().parent / "corpus" / "pickle"


def named(module, name, make=lambda *a: None):
    """A function or class that pickles as `module.name`."""
    parent = sys.modules.setdefault(module, types.ModuleType(module))
    made = types.FunctionType(make.__code__, globals(), name, make.__defaults__, make.__closure__)
    made.__module__, made.__qualname__ = module, name
    setattr(parent, name, made)
    return made


named("torch", "x")
rebuild = named("torch._utils", "_rebuild_tensor_v2")
parameter = named("torch._utils", "_rebuild_parameter")
storages = {"f": named("torch", "FloatStorage"), "l": named("torch", "LongStorage"), "b": named("torch", "BFloat16Storage")}


class Storage:
    """Numbers that are stored beside the pickle."""

    def __init__(self, key, kind, values):
        self.key, self.kind, self.count = key, kind, len(values)
        code = {"f": "f", "l": "q", "b": "H"}[kind]
        self.bytes = struct.pack(f"<{len(values)}{code}", *values)


class Tensor:
    def __init__(self, storage, shape):
        self.storage, self.shape = storage, shape

    def __reduce__(self):
        strides, step = [], 1
        for side in reversed(self.shape):
            strides.insert(0, step)
            step *= side
        return rebuild, (self.storage, 0, tuple(self.shape), tuple(strides), False, collections.OrderedDict())


class Parameter:
    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce__(self):
        return parameter, (self.tensor, True, collections.OrderedDict())


class Pickler(pickle.Pickler):
    """Storages are named by their key, in the form of the zip format or of the older one."""

    def __init__(self, out, legacy=False):
        super().__init__(out, protocol=2)
        self.legacy = legacy

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        known = ("storage", storages[value.kind], value.key, "cpu", value.count)
        return known + (None,) if self.legacy else known


def pickled(value, **options):
    out = io.BytesIO()
    Pickler(out, **options).dump(value)
    return out.getvalue()


def packed(files):
    return b"".join(b"=== " + name.encode() + b"\n" + content + b"\n" for name, content in files.items())


def archive(value, kept):
    files = {"archive/data.pkl": pickled(value), "archive/byteorder": b"little", "archive/version": b"3\n"}
    files.update({f"archive/data/{s.key}": s.bytes for s in kept})
    return packed(files)


def legacy(value, kept):
    """Magic number, protocol, system, the pickle, the keys, then length and bytes of every storage."""
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    heads = [pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, system)]
    out = b"".join(heads) + pickled(value, legacy=True) + pickle.dumps([s.key for s in kept], 2)
    return out + b"".join(struct.pack("<q", s.count) + s.bytes for s in kept)


weights, steps, half = Storage("0", "f", [0.5] * 6), Storage("1", "l", [7]), Storage("2", "b", [0x3F80] * 2)
state = collections.OrderedDict(
    [("conv.weight", Tensor(weights, [2, 3])), ("bn.num_batches_tracked", Tensor(steps, [])), ("half", Tensor(half, [2, 1]))]
)
everything = [weights, steps, half]
whole = {"epoch": 3, "state_dict": state, "optimizer": {"lr": 0.1, "betas": (0.9, 0.99), "state": {}, "names": ["a", None, True]}}

OUT.mkdir(parents=True, exist_ok=True)
for name, content in {
    "zip": archive(state, everything),
    "zip_nested": archive(whole, everything),
    "zip_parameter": archive({"model": {"w": Parameter(Tensor(weights, [6]))}}, [weights]),
    "legacy": legacy(state, everything),
    "plain": pickle.dumps({"a": [1, 2.5, "text", b"bytes", (None, True)], "b": {1: {2: 3}}, "c": 1 << 70}, 4),
    "protocol_0": pickle.dumps({"a": [1, 2.5, "text"], "b": (1, 2)}, 0),
}.items():
    (OUT / name).write_bytes(content)
