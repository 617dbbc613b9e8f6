"""Trained variables as bytes (flax's msgpack), readable without refitting anything."""

from collections.abc import Mapping
from pathlib import Path

import jax
from flax import serialization

from stratbench.errors import UserError, damaged
from stratbench.files import read_content
from stratbench.tables import read_fit, trained
from stratbench.train.adjustment import State
from stratbench.train.network import Variables

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, IndexError)  # what damaged bytes raise


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


def restore(params: str | Path, fit: str | Path, split_sha256: str) -> dict[int, Variables]:
    """Variables by seed, none where the fit failed.

    Raises UserError if the model was trained on another split than the one in hand, and for files that are damaged.
    """
    record = read_fit(fit)
    if record.get("split_sha256") != split_sha256:
        raise UserError(f"{params}: trained on another split; delete the model and run again")
    content = read_content(params)
    try:
        plain = serialization.msgpack_restore(content)
        found = {
            int(seed): Variables(value["params"], value["statistics"], State(value["fitted"], value["rows"]))
            for seed, value in sorted(plain.items(), key=lambda item: int(item[0]))
        }
    except UNREADABLE as error:
        raise damaged(params, f"is cut or damaged ({error or type(error).__name__})") from error
    if list(found) != trained(record):
        raise damaged(params, f"holds networks of the seeds {list(found)}, {fit} names {trained(record)}")
    return found
