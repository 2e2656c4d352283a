"""Weights of a Unified Video Action checkpoint as a safetensors file, for readers that refuse the checkpoint.

    pip install torch safetensors
    python uva_to_safetensors.py pusht.ckpt pusht.safetensors

A checkpoint is a pickle, and a pickle may ask for any Python function. Here it gets none: of the classes that it names
only those of tensors and plain containers are looked up, everything else (its configuration, say) becomes an empty
object. The averaged weights (`ema_model`) are taken where there are any, else `model`; names stay as they are.
"""

import collections
import pickle
import sys
import types

import torch
from safetensors.torch import save_file

PLAIN = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
    ("torch._utils", "_rebuild_parameter"): torch._utils._rebuild_parameter,
}


class Nothing:
    """Stands for every object that is not needed; it can be called, filled and set, and does nothing."""

    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)

    def __init__(self, *args, **kwargs):
        pass

    def __call__(self, *args, **kwargs):
        return Nothing()

    def __setstate__(self, state):
        pass

    def __setitem__(self, key, value):
        pass

    def append(self, item):
        pass

    def extend(self, items):
        pass

    def __hash__(self):
        return id(self)


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) in PLAIN:
            return PLAIN[module, name]
        if module == "torch" and (name.endswith("Storage") or isinstance(getattr(torch, name, None), torch.dtype)):
            return getattr(torch, name)
        return Nothing


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: uva_to_safetensors.py CHECKPOINT OUT.safetensors")
    source, out = sys.argv[1:]
    module = types.SimpleNamespace(Unpickler=Unpickler, load=lambda f, **kw: Unpickler(f, **kw).load(), __name__="plain")
    state = torch.load(source, map_location="cpu", pickle_module=module, weights_only=False)
    dicts = state.get("state_dicts", state)
    weights = dicts.get("ema_model", dicts.get("model"))
    if not isinstance(weights, dict):
        sys.exit(f"{source} has neither ema_model nor model; found {', '.join(dicts)}")
    tensors = {name: value.detach().contiguous() for name, value in weights.items() if isinstance(value, torch.Tensor)}
    save_file(tensors, out)
    print(f"{len(tensors)} tensors written to {out}")


main()
