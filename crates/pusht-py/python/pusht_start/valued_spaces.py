"""Spaces that have a value, under the interface of stable-worldmodel's ``spaces``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

class _Valued:
    """What a space with a value has; ``name`` is for errors."""

    name: str
    init_value: Any
    value: Any

    def _begin(self, name: str, init_value: Any) -> None:
        self.name = name
        self.init_value = init_value
        self.value = init_value

    def reset(self) -> None:
        """Sets the default."""
        self.value = self.init_value

    def checked(self, value: Any) -> Any:
        """The value, if it is one of this factor; else a ValueError."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Sets the value."""
        self.value = self.checked(value)

    def set_init_value(self, value: Any) -> None:
        """Sets the default, which holds from the next reset on."""
        self.init_value = self.checked(value)

    def check(self) -> bool:
        """Whether the value is one of this factor."""
        try:
            self.checked(self.value)
        except ValueError:
            return False
        return True


class Box(_Valued, spaces.Box):
    """Numbers in a range, with a value."""

    def __init__(self, name: str, low: float, high: float, init_value: Any, shape: tuple[int, ...] = (), dtype: Any = np.float64):
        super().__init__(low, high, shape, dtype=dtype)
        self._begin(name, init_value)

    def sample(self, mask: None = None, probability: None = None, set_value: bool = True) -> Any:  # type: ignore[override]
        """Draws a value."""
        value = super().sample()
        if set_value:
            self.value = value
        return value

    def checked(self, value: Any) -> Any:
        """The value: an array, or the number as it is given, since its type decides the precision of sizes."""
        try:
            array = np.asarray(value)
            exact = array.dtype.kind in "iu" or array.dtype in (np.float32, np.float64)
            fits = exact and array.shape == self.shape and bool(np.all((array >= self.low) & (array <= self.high)))
        except (TypeError, ValueError):
            fits = False
        # Colors are bytes.
        if not fits or (self.dtype == np.uint8 and not np.array_equal(array, array.astype(np.uint8))):
            what = f"{self.shape[0]} numbers" if self.shape else "a number"
            raise ValueError(
                f"the factor {self.name} cannot be {value!r}; expected {what} from {self.low.min():g} to {self.high.max():g}"
            )
        return array.astype(self.dtype) if self.shape else value


class Discrete(_Valued, spaces.Discrete):
    """An integer, with a value."""

    def __init__(self, name: str, n: int, init_value: int, start: int = 0):
        super().__init__(n, start=start)
        self._begin(name, init_value)

    def sample(self, mask: Any = None, probability: Any = None, set_value: bool = True) -> np.int64:
        """Draws a value."""
        value = super().sample()
        if set_value:
            self.value = value
        return value

    def checked(self, value: Any) -> Any:
        """The value: an integer."""
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not self.contains(value):
            last = self.start + self.n - 1
            raise ValueError(
                f"the factor {self.name} cannot be {value!r}; expected an integer from {self.start} to {last}"
            )
        return value


class Dict(spaces.Dict):
    """Factors by name, each with a generator of its own; a dot in a name stands for a group."""

    def factors(self, group: str = "") -> Iterator[tuple[str, Any]]:
        """Names and spaces, those of groups one by one."""
        for key, space in self.spaces.items():
            name = f"{group}{key}"
            if isinstance(space, Dict):
                yield from space.factors(f"{name}.")
            else:
                yield name, space

    def names(self) -> list[str]:
        """Names of all factors."""
        return [name for name, _ in self.factors()]

    @property
    def value(self) -> dict[str, Any]:
        """All values."""
        return {key: space.value for key, space in self.spaces.items()}  # type: ignore[attr-defined]

    @property
    def init_value(self) -> dict[str, Any]:
        """All defaults."""
        return {key: space.init_value for key, space in self.spaces.items()}  # type: ignore[attr-defined]

    def reset(self) -> None:
        """Sets all defaults."""
        for _, space in self.factors():
            space.reset()

    def check(self, debug: bool = False) -> bool:
        """Whether all values are ones of their factors."""
        return all(space.check() for _, space in self.factors())

    def sample(self, mask: None = None, probability: None = None, set_value: bool = True) -> dict[str, Any]:  # type: ignore[override]
        """Draws every factor."""
        return {key: space.sample(set_value=set_value) for key, space in self.spaces.items()}  # type: ignore[call-arg]

    def chosen(self, names: Any) -> list[str]:
        """Names of factors and groups, checked; every factor for ``["all"]``."""
        if isinstance(names, str) or not isinstance(names, Sequence):
            raise ValueError(f"variation is a list of names of factors and groups, or ['all']; got {names!r}")
        chosen = list(dict.fromkeys(names))
        if chosen == ["all"]:
            return list(self.spaces)
        groups = {key for key, space in self.spaces.items() if isinstance(space, Dict)}
        for name in chosen:
            if name not in groups and name not in self.names():
                raise ValueError(f"there is no factor {name!r}; factors are {self.names()}, groups {sorted(groups)}")
        return chosen

    def update(self, names: Sequence[str]) -> None:
        """Draws the named factors and groups; one that is named alone and in its group is drawn twice."""
        for name in self.chosen(names):
            self.at(name).sample()

    def at(self, name: str) -> Any:
        """The space of a factor or a group."""
        space: Any = self
        for part in name.split("."):
            space = space.spaces[part]
        return space

    def checked(self, values: Any) -> dict[str, Any]:
        """Values by the names of factors, checked."""
        if not isinstance(values, Mapping):
            raise ValueError(f"variation_values is a dict of values by the names of factors, got {values!r}")
        names = self.names()
        for name in values:
            if name not in names:
                raise ValueError(f"there is no factor {name!r}; factors are {names}")
        return {name: self.at(name).checked(value) for name, value in values.items()}

    def set_value(self, values: Mapping[str, Any]) -> None:
        """Sets values by the names of factors."""
        for name, value in self.checked(values).items():
            self.at(name).value = value

    def set_init_value(self, values: Mapping[str, Any]) -> None:
        """Sets defaults by the names of factors."""
        for name, value in self.checked(values).items():
            self.at(name).init_value = value

    def numbers(self) -> list[tuple[str, list[float], bool]]:
        """Name, numbers and whether they are float32, of each factor."""
        rows = []
        for name, space in self.factors():
            value = space.value
            single = isinstance(value, (np.ndarray, np.generic)) and value.dtype == np.float32
            rows.append((name, np.asarray(value, dtype=np.float64).reshape(-1).tolist(), single))
        return rows
