"""Reads `use` declarations of Rust sources; shared by the checks beside it."""

import re


def leaves(tree):
    """The paths that a use tree names, each as (path, name)."""
    tree = " ".join(tree.split())
    match = re.fullmatch(r"(.*?)\{(.*)\}", tree)
    if not match:
        path, _, name = tree.partition(" as ")
        return [(path, name or path.split("::")[-1])]
    prefix, parts, depth, part = match.group(1), [], 0, ""
    for letter in match.group(2) + ",":
        depth += (letter == "{") - (letter == "}")
        if letter == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += letter
    return [leaf for part in parts if part for leaf in leaves(prefix + part)]
