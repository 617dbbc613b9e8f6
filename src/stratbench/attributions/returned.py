"""Checks of what a user's attribution returns."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from stratbench.methods.guard import Guard, Words


def attribute(guard: Guard, found: Any, explain: Any, x_BM: Any, i_B: Any, options: Any) -> Any:
    """Attributions, numbers of the shape of ``x_BM``, and figures by name, numbers (B,); all finite."""
    pair = isinstance(found, tuple) and len(found) == 2
    wanted = f"attributions of the inputs' shape {tuple(x_BM.shape)}, and a dict of figures"
    guard.require(pair, "attribute", found, wanted)
    a_BM, figures = found
    _require_numbers(guard, "attribute", a_BM, tuple(x_BM.shape), wanted)
    guard.require(isinstance(figures, Mapping), "attribute", figures, f"{wanted} (it may be empty)")
    for name, value in figures.items():
        wanted = f"figures by name, each with a number for every one of {len(i_B)} individuals"
        guard.require(isinstance(name, str), "attribute", Words(f"a figure of the name {name!r}"), wanted)
        _require_numbers(guard, f"attribute: the figure '{name}'", value, (len(i_B),), wanted)
    return found


def _require_numbers(guard: Guard, function: str, value: Any, shape: tuple[int, ...], wanted: str) -> None:
    with guard.calling(function):
        array = np.asarray(value)
    guard.require(array.shape == shape and array.dtype.kind in "fiub", function, array, wanted)
    wrong = int(np.count_nonzero(~np.isfinite(array.astype(np.float64))))
    guard.require(
        wrong == 0, function, Words(f"{wrong} of {array.size} values that are NaN or infinite"), "numbers"
    )


def refine(guard: Guard, found: Any, options: Mapping[str, Any], figures: Any) -> dict[str, Any] | None:
    """None, or other options of the same names."""
    wanted = (
        f"None, or a dict of the options {', '.join(sorted(options)) or '(there are none)'} with other values"
    )
    same = isinstance(found, Mapping) and set(found) == set(options)
    guard.require(found is None or (same and found != options), "refine", found, wanted)
    return None if found is None else dict(found)


def summary(guard: Guard, found: Any, options: Any, figures: Any) -> dict[str, Any]:
    """What JSON can hold, by name."""
    wanted = "a dict of text, finite numbers, lists and dicts, as JSON holds them"
    guard.require(isinstance(found, Mapping), "summary", found, wanted)
    try:
        json.dumps(dict(found), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        guard.require(False, "summary", Words(f"a dict that JSON cannot hold ({error})"), wanted)
    return dict(found)
