"""Trained variables as bytes (flax's msgpack), readable without refitting anything."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
from flax import serialization

from stratbench.adjustments.contract import State
from stratbench.core.errors import UserError, damaged
from stratbench.core.files import read_content
from stratbench.genotypes.records import FitRecord, Resample, read_fit
from stratbench.training.network import Variables

UNREADABLE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
)  # the errors that damaged bytes raise


def dump(by_seed: Mapping[str, Variables]) -> bytes:
    """Variables of every seed."""
    plain = {
        seed: {
            "params": variables.params,
            "statistics": variables.statistics,
            "fitted": variables.state.fitted,
            "rows": variables.state.rows,
        }
        for seed, variables in by_seed.items()
    }
    return serialization.msgpack_serialize(jax.device_get(plain))


def restore_resamples(path: str | Path, fit: str | Path) -> dict[Resample, Variables]:
    """The networks that were trained on resamples.

    Args:
        path: the file that the fit wrote.
        fit: its fit.json, which says which resamples gave a network.

    Raises:
        UserError: for a damaged file, and where the two files do not agree.
    """
    found = _networks(path, Resample.named)
    trained = [Resample.named(name) for name in read_fit(fit).resampled]
    if list(found) != sorted(trained):
        raise damaged(path, f"holds {len(found)} networks of resamples, {fit} names {len(trained)}")
    return found


def require_trained_as(
    fit: str | Path,
    model: Mapping[str, Any],
    adjustments: Sequence[Mapping[str, Any]],
    record: FitRecord | None = None,
) -> None:
    """Require that a fit was trained with this model and these adjustments, with these options.

    Args:
        fit: its fit.json.
        model: the spec of the model.
        adjustments: the specs of the adjustment, several if it is a combination.
        record: the content of ``fit``, if it has been read.

    Raises:
        UserError: if fit.json names others.
    """
    record = record or read_fit(fit)
    for kind, own, asked in (
        ("model", [record.model], [model]),
        ("adjustment", record.adjustment, list(adjustments)),
    ):
        if own not in (None, [None]) and _named(own) != _named(asked):
            raise UserError(
                f"{fit}: was trained with the {kind} {_named(own)}, not {_named(asked)}; explain it as it was trained"
            )


def _named(specs: Any) -> str:
    """Methods with their options, as text."""
    return " + ".join(f"{spec['method']} {json.dumps(spec['options'], sort_keys=True)}" for spec in specs)


def restore(
    params: str | Path, fit: str | Path, split_sha256: str, record: FitRecord | None = None
) -> dict[int, Variables]:
    """Read the variables of each seed.

    Args:
        params: the file that the fit wrote.
        fit: its fit.json.
        split_sha256: the digest of the split in hand.
        record: the content of ``fit``, if it has been read.

    Returns:
        The variables by seed; none if the fit failed.

    Raises:
        UserError: if the model was trained on another split, and for files that are damaged.
    """
    record = record or read_fit(fit)
    if record.split_sha256 != split_sha256:
        raise UserError(f"{params}: trained on another split; delete the model and run again")
    found = _networks(params, int)
    if list(found) != record.trained:
        raise damaged(params, f"holds networks of the seeds {list(found)}, {fit} names {record.trained}")
    return found


def _networks(path: str | Path, key: Callable[[str], Any]) -> dict[Any, Variables]:
    """The networks of a file by what ``key`` makes of their names, in the order of these keys."""
    content = read_content(path)
    try:
        plain = serialization.msgpack_restore(content)
        found = {
            key(name): Variables(value["params"], value["statistics"], State(value["fitted"], value["rows"]))
            for name, value in plain.items()
        }
    except UNREADABLE as error:
        raise damaged(path, f"is cut or damaged ({error or type(error).__name__})") from error
    return dict(sorted(found.items()))
