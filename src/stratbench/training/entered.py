"""Predictions that were made elsewhere, joined with the people of a split: nobody is dropped, and nobody is made up."""

import numpy as np
import pandas as pd

from stratbench.core import decimals
from stratbench.core.errors import UserError
from stratbench.genotypes import given, tables
from stratbench.methods.spec import MethodSpec
from stratbench.models.contract import Predicted, Predictions
from stratbench.task.model_data import ModelData
from stratbench.training.setup import Spec

PREDICTED = ("validation", "test")  # who must have a prediction
NOBODY = Predicted(np.nan, np.nan, np.nan, "")


def entered(data: ModelData, model: Spec) -> pd.DataFrame:
    """The rows of predictions.tsv of a model that was trained elsewhere, for each of its seeds.

    Training people may be missing from the table; their scores are blank.

    Args:
        data: the dataset of one split.
        model: the spec of the model, of this split.

    Raises:
        UserError: for somebody who is not in the split, or whom the table puts into another set; and for a validation
            or test individual who is missing, or has no score.
    """
    chosen = MethodSpec.of("model", model)
    made: Predictions = chosen.load().build(len(data.snp_M), chosen.options)
    people = dict(zip(data.iid_N.tolist(), data.set_N.tolist(), strict=True))
    found = []
    for seed, own in made.seeds.items():
        given.require_known(made.path, list(own), list(people), "this split")
        for iid, predicted in own.items():
            if predicted.set not in ("", people[iid]):
                raise UserError(
                    f"{made.path}: '{iid}' is in the set {predicted.set}, in this split in {people[iid]}; the table is "
                    "of another split: write it anew for this one"
                )
        scored = {iid: one for iid, one in own.items() if np.isfinite([one.score, one.f]).all()}
        for name in PREDICTED:
            wanted = [iid for iid, one in people.items() if one == name]
            given.require_all(
                made.path, scored, wanted, f"{name} individual", f"seed {seed} must score all of them"
            )
        found.append(_table(data, seed, [scored.get(iid, NOBODY) for iid in people]))
    return pd.concat(found)


def _table(data: ModelData, seed: int, predicted: list[Predicted]) -> pd.DataFrame:
    """The rows of one seed, everyone in the split, in its order."""
    y_N = data.y_N if data.kind == "binary" else np.array(decimals.write(data.y_N), dtype=object)
    score_N, f_N, probability_N = (np.array([one[k] for one in predicted]) for k in range(3))
    columns = [seed, data.iid_N, data.set_N, y_N, score_N, f_N, probability_N]
    return pd.DataFrame(dict(zip(tables.PREDICTIONS.columns, columns, strict=True)))
