"""Which combinations of a test's parameters the everyday run takes; `make torture` takes the others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest


def each_once(**parameters: Sequence[Any]) -> pytest.MarkDecorator:
    """Every combination; every day only so many that each value has its turn."""
    turns = range(max(map(len, parameters.values())))
    return _parametrized(parameters, [tuple(values[n % len(values)] for values in parameters.values()) for n in turns])


def first_only(**parameters: Sequence[Any]) -> pytest.MarkDecorator:
    """Every combination; every day only the first."""
    return _parametrized(parameters, [tuple(values[0] for values in parameters.values())])


def these_only(*every_day: str, **parameter: Sequence[str]) -> pytest.MarkDecorator:
    """Every value of the one parameter; every day only these."""
    return _parametrized(parameter, [(value,) for value in every_day])


def _parametrized(parameters: dict[str, Sequence[Any]], every_day: list[tuple[Any, ...]]) -> pytest.MarkDecorator:
    cases = [
        pytest.param(
            *case,
            id="-".join(map(_word, parameters, case)),
            marks=() if case in every_day else pytest.mark.torture,
        )
        for case in product(*parameters.values())
    ]
    return pytest.mark.parametrize(list(parameters), cases)


def _word(name: str, value: Any) -> str:
    return f"{'' if value else 'no '}{name}" if isinstance(value, bool) else str(value)
