"""Trained variables as bytes (flax's msgpack), readable without refitting anything."""

from collections.abc import Mapping
from pathlib import Path

import jax
from flax import serialization

from stratbench.errors import UserError
from stratbench.files import read_json
from stratbench.train.adjustment import State
from stratbench.train.network import Variables


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

    Raises UserError if the model was trained on another split than the one in hand.
    """
    record = read_json(fit)
    if record["split_sha256"] != split_sha256:
        raise UserError(f"{params}: trained on another split; delete the model and run again")
    plain = serialization.msgpack_restore(Path(params).read_bytes())
    return {
        int(seed): Variables(value["params"], value["statistics"], State(value["fitted"], value["rows"]))
        for seed, value in sorted(plain.items(), key=lambda item: int(item[0]))
    }
