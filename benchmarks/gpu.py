"""Training and attribution on a GPU: does it run, does it agree with a CPU, and how long does it take?

    python benchmarks/gpu.py [--study results/smoke] [--out benchmarks/gpu.tsv] [--quick]

It needs a checkout and an environment with JAX, flax and optax (the lock for GPUs, or the machine's own), and under ten
minutes on a data-centre card. Three parts, each a block of rows in the table:

- ``smoke``: every fit of the smoke study (run it first, on a CPU) is repeated on this device and compared with
  the CPU's predictions: the largest difference of f in its standard deviations, and of the AUROC of test people.
- ``adjustment``, ``attribution``: every one that there is, once, on a small dataset: it runs, and all is finite.
- ``speed``: seconds to train five seeds on growing datasets, the first time (with compiling) and again. A GPU trains
  them at once. A row names its device; run the script with JAX_PLATFORMS=cpu for the rows of a CPU.

A part that finds nothing to do says so in a row. Rows of other devices in the table are kept.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from helpers import balding_nichols, write_cohort
from stratbench.attributions.run import attribute
from stratbench.commands.train import task_files
from stratbench.core import files
from stratbench.methods import registry
from stratbench.metrics.auroc import auroc
from stratbench.training.fit import fit_one
from trained import outputs, spec, write_dataset, write_task

COLUMNS = ["part", "what", "people", "snps", "seeds", "device", "seconds", "again", "difference", "result"]
SEEDS = 5
SIZES = [(900, 800), (3_000, 10_000), (10_000, 50_000)]  # people, SNPs
MODELS = ("linear", "mlp", "cnn", "transformer", "cnn-reference")
NAMES = ["cohort", "trait", "split", "model"]
EPOCHS = 20  # of the speed rows, so that all devices do the same work
Row = dict[str, Any]


def device() -> str:
    """The card's or processor's name, as JAX has it."""
    found = jax.devices()[0]
    return f"{found.platform}: {found.device_kind}"


def trained(paths: dict[str, Any], out: Path, model: Any, adjustments: list[Any], seeds: int) -> float:
    """Seconds that a fit takes."""
    began = time.monotonic()
    fit_one(paths, outputs(out), model=model, adjustments=adjustments, seeds=seeds, names=NAMES)
    return round(time.monotonic() - began, 2)


def status(out: Path) -> str:
    """What fit.json says."""
    record = files.read_json(out / "fit.json")
    return str(record["status"] if record["status"] == "ok" else record["reason"])


def smoke(study: Path, scratch: Path) -> Iterator[Row]:
    """Repeat the fits of a study that was run on a CPU, and compare."""
    records = sorted(study.glob("models/*/*/*/*/*/fit.json"))
    if not records:
        yield {
            "part": "smoke",
            "what": str(study),
            "result": "not run: no fits here; run the smoke study first",
        }
    for number, path in enumerate(records):
        cohort, trait, split, model, adjustment = path.parts[-6:-1]
        record, out = files.read_json(path), scratch / f"smoke{number}"
        paths = task_files(
            study / "cohorts" / cohort,
            study / "datasets" / cohort / trait,
            study / "splits" / cohort / trait / f"{split}.tsv",
            study / "structure" / cohort / trait / split,
        )
        began = time.monotonic()
        fit_one(
            paths,
            outputs(out),
            model=record["model"],
            adjustments=record["adjustment"],
            seeds=len(record["seeds"]),
            names=[cohort, trait, split, model],
        )
        here, there = (files.read_tsv(p / "predictions.tsv", text=("set",)) for p in (out, path.parent))
        difference = (
            "" if here.empty or there.empty else "f {:.2g} SD, AUROC {:.2g}".format(*compared(here, there))
        )
        yield {
            "part": "smoke",
            "what": f"{cohort} {trait} {model} {adjustment}",
            "people": len(set(here["iid"])),
            "snps": record["n_snps"],
            "seeds": len(record["seeds"]),
            "seconds": round(time.monotonic() - began, 2),
            "difference": difference,
            "result": f"{status(out)}; compared with {record['device']}",
        }


def compared(here: pd.DataFrame, there: pd.DataFrame) -> tuple[float, float]:
    """The largest difference of f, in its standard deviations, and of a seed's AUROC on test people."""
    apart = float(np.max(np.abs(here["f"] - there["f"])) / max(there["f"].std(), 1e-12))
    areas = []
    for seed in sorted(set(here["seed"])):
        own = [t[(t["seed"] == seed) & (t["set"] == "test")] for t in (here, there)]
        first, second = (auroc(t["y"].to_numpy(), t["f"].to_numpy()).value for t in own)
        areas.append(abs(first - second))
    return apart, max(areas)


def methods(scratch: Path) -> Iterator[Row]:
    """Every adjustment and every attribution once."""
    paths, mlp = write_dataset(scratch / "small", n=150, m=300), spec("model", "mlp", epochs=10)
    for name in registry.names("adjustment"):
        out = scratch / f"adjusted-{name}"
        seconds = trained(paths, out, mlp, [spec("adjustment", name)], 2)
        yield {"part": "adjustment", "what": name, "people": 300, "snps": 300, "seeds": 2, "seconds": seconds,
               "result": status(out)}  # fmt: skip
    none, trees = [spec("adjustment", "none")], spec("model", "boosting")
    for model in (mlp, trees):
        trained(paths, scratch / model["method"], model, none, 2)
    for name in registry.names("attribution"):
        model = trees if name == "tree-shap" else mlp
        own = scratch / model["method"]
        began, table = time.monotonic(), own / f"{name}.tsv.gz"
        asked = {
            "model": model,
            "adjustments": none,
            "attributions": {name: spec("attribution", name)},
            "names": NAMES,
        }
        given = {"params": [outputs(own)["params"]], "fit_json": [outputs(own)["fit"]]}
        written = {"tables": [table], "records": [own / "attributions.json"]}
        attribute(paths | given, written, fits=[asked])
        score_R = files.read_tsv(table)["score"]
        finite = len(score_R) > 0 and np.isfinite(score_R).all()
        yield {"part": "attribution", "what": name, "people": 300, "snps": 300, "seeds": 2,
               "seconds": round(time.monotonic() - began, 2), "result": "ok" if finite else "not finite"}  # fmt: skip


def speed(scratch: Path, sizes: list[tuple[int, int]], models: tuple[str, ...]) -> Iterator[Row]:
    """Seconds of five seeds, the first time and again; epochs are fixed."""
    for people, snps in sizes:
        folder, rng = scratch / f"n{people}", np.random.default_rng(people)
        count_MN, populations = balding_nichols([people // 3] * 3, snps, 0.05, rng)
        write_cohort(folder, count_MN, populations, chromosomes=4)
        liability_N = count_MN[: snps // 100].sum(axis=0) + rng.normal(size=count_MN.shape[1])
        set_N = rng.permutation(
            np.resize(["train"] * 11 + ["validation"] * 3 + ["test"] * 6, len(liability_N))
        )
        y_N = (liability_N > np.median(liability_N)).astype(int)
        paths = write_task(folder, y_N, set_N, rng.normal(size=(len(y_N), 10)))
        for name in models:
            model, none = spec("model", name, epochs=EPOCHS, patience=None), [spec("adjustment", "none")]
            first, again = (trained(paths, folder / f"{name}{k}", model, none, SEEDS) for k in range(2))
            yield {"part": "speed", "what": f"{name}, {EPOCHS} epochs", "people": people, "snps": snps, "seeds": SEEDS,
                   "seconds": first, "again": again, "result": status(folder / f"{name}0")}  # fmt: skip


def store(table: pd.DataFrame, out: Path) -> None:
    """Put this device's rows in place of its earlier ones."""
    kept = files.read_tsv(out) if out.exists() else pd.DataFrame(columns=COLUMNS)
    kept = kept[kept["device"] != device()]
    files.write_tsv(pd.concat([kept, table.reindex(columns=COLUMNS)], ignore_index=True), out)


def main() -> None:
    """Run the parts, print each row as it comes, and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--study", type=Path, default=ROOT / "results" / "smoke", help="the smoke study, run on a CPU"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".tsv"))
    parser.add_argument(
        "--quick", action="store_true", help="the smallest size and two models only, as the tests do"
    )
    given = parser.parse_args()
    print(f"device: {device()}", flush=True)
    rows: list[Row] = []
    sizes, models = (SIZES[:1], MODELS[:2]) if given.quick else (SIZES, MODELS)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for part in (smoke(given.study, scratch), methods(scratch), speed(scratch, sizes, models)):
            for row in part:
                rows.append(row | {"device": device()})
                print(row, flush=True)
                store(pd.DataFrame(rows), given.out)


if __name__ == "__main__":
    main()
