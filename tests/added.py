"""One new file for each kind of method and one cohort file, added as docs/architecture.md says, and a study of them.

As a script it runs the study with a copy of the package whose ``methods`` folders the files were put into.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import yaml

# What each added file gives can be told from what ships: tests look for these results.
SOURCES = {
    "demography": (
        "two-towns",
        """OPTIONS = {"loci": {"type": "integer", "minimum": 1, "default": 300}}
CITATION = "nobody"


def samples(options):
    return {"north": 40, "south": 40}


def columns(options):
    return {"height": range(80)}


def genotypes(options, rng):
    yield rng.binomial(2, 0.4, (options["loci"], 80)).astype("int8")
""",
    ),
    "split": (
        "in-turn",
        """import numpy as np

OPTIONS = {}
CITATION = "nobody"


def assign(people, options, rng):
    return np.resize(["train", "validation", "train", "test"], len(people))
""",
    ),
    "model": (
        "first-snps",
        """import optax
from flax import linen as nn

from stratbench.models.contract import Architecture, Recipe

OPTIONS = {"snps": {"type": "integer", "minimum": 1, "default": 3}}
CITATION = "nobody"


class Encoder(nn.Module):
    snps: int

    @nn.compact
    def __call__(self, x_BM, train):
        return x_BM[:, : self.snps]


class Head(nn.Module):
    @nn.compact
    def __call__(self, h_BF, train):
        return nn.Dense(1)(h_BF)[:, 0]


def build(n_snps, options):
    return Architecture(Encoder(options["snps"]), Head(), "standardised", Recipe(optax.adam, 0.01, 16, 2, None))
""",
    ),
    "adjustment": (
        "quarter",
        """import jax.numpy as jnp

from stratbench.adjustments.contract import Adjustment

OPTIONS = {}
CITATION = "nobody"


def build(options):
    return Adjustment(offset=lambda state, params, batch: jnp.full(batch.i_B.shape, 0.25))
""",
    ),
    "attribution": (
        "by-place",
        """import jax.numpy as jnp

OPTIONS = {}
CITATION = "nobody"


def attribute(explain, x_BM, i_B, options):
    return jnp.broadcast_to(jnp.arange(x_BM.shape[1], dtype=jnp.float32), x_BM.shape), {}
""",
    ),
    "association": (
        "all-alike",
        """import pandas as pd

OPTIONS = {}
CITATION = "nobody"


def associate(data, options):
    columns = {"beta": 0.5, "se": 0.25, "statistic": 2.0, "p": 0.0625, "n": len(data.y_N)}
    return pd.DataFrame({"snp": data.snp_M}).assign(**columns)
""",
    ),
}
COHORT = {
    "title": "An added cohort",
    "licence": "none",
    "citation": "nobody",
    "mating": "outbred",
    "files": {end: {"path": f"made.{end}"} for end in ("bed", "bim", "fam")}
    | {"samples": {"path": "made.tsv"}},
    "tables": [{"file": "samples", "id": "iid", "columns": {"town": "population", "cm": "height"}}],
    "population": "town",
    "traits": {"height": {"kind": "quantitative", "column": "cm"}},
}


def file_name(kind: str) -> str:
    """The name of the file of the added method of a kind."""
    return f"{SOURCES[kind][0].replace('-', '_')}.py"


def named(kind: str, outside: bool) -> dict[str, Any]:
    """A config's section for the added method: its file, or nothing, as a name alone suffices inside the package."""
    return {SOURCES[kind][0]: {"file": file_name(kind)}} if outside else {}


def config(outside: bool, cohort: dict[str, Any]) -> dict[str, Any]:
    """A study of one cohort and of nothing but added methods."""
    kinds = ("split", "model", "adjustment", "attribution", "association")
    block = {f"{kind}s": [SOURCES[kind][0]] for kind in kinds}
    return {
        "study": "added",
        "seeds": 1,
        "cohorts": {"mine": cohort | {"qc": {"maf": 0, "hwe": None, "duplicates": None}}},
        "traits": {"ill": {"simulate": {"kind": "binary", "h2": 0.5, "causal": 10}, "snps": 40}},
        **{f"{kind}s": named(kind, outside) for kind in kinds},
        "blocks": [{"cohorts": ["mine"], "traits": ["ill"], **block}],
    }


def study(outside: bool) -> dict[str, Any]:
    """Make a cohort by the added demography, read it by the added cohort file, and run a study of it, in this folder.

    With ``outside`` the config names the files, which lie here; else it names the methods. Returns where the methods
    were found, and what the study's tables say of each.
    """
    from stations import raw_files
    from stratbench.cohorts.simulated.simulate import simulate
    from stratbench.core import files
    from stratbench.methods import registry
    from stratbench.study.config import check
    from stratbench.study.paths import Paths, fill
    from stratbench.study.study import Study
    from whole_study import cohort_of, metrics_of

    demography = {"file": file_name("demography")} if outside else {"demography": SOURCES["demography"][0]}
    made = check(config(outside, {"simulate": demography}))["cohorts"]["mine"]["simulate"]
    simulate({}, raw_files("made", "made.tsv"), names=["added"], **made)
    Path("mine.yaml").write_text(yaml.safe_dump(COHORT))
    one = Study(check(config(outside, {"real": "mine.yaml"})))
    paths = Paths(one.name)
    cohort_of(one, paths)
    (fit,) = one.fits
    metrics_of(one, paths, fit.of)
    snps = Path(fill(paths.keep_snp, fit)).read_text().split()
    attribution, association = SOURCES["attribution"][0], SOURCES["association"][0]
    scores = files.read_tsv(paths.attribution.format(**vars(fit), attribution=attribution))
    tests = files.read_tsv(paths.association.format(**vars(fit), association=association))
    predictions = files.read_tsv(fill(paths.predictions, fit))
    metrics = files.read_tsv(fill(paths.metrics, fit))
    samples = files.read_tsv(fill(paths.samples, fit))
    section = {kind: f"{kind}s" for kind in SOURCES if kind != "demography"}
    specs = {kind: one.spec(section[kind], SOURCES[kind][0]) for kind in section}
    found = {kind: registry.find(kind, spec["method"], spec["file"]) for kind, spec in specs.items()}
    found["demography"] = registry.find("demography", made["demography"], made["file"])
    return {
        "found": {kind: str(path) for kind, path in found.items()},
        "loci": len(files.read_tsv(fill(paths.variants, fit))),
        "populations": samples["population"].value_counts().to_dict(),
        "sets": files.read_tsv(fill(paths.split, fit)).sort_values("iid")["set"].tolist(),
        "parameters": files.read_json(fill(paths.fit, fit))["n_parameters"],
        "offsets": sorted(set((predictions["score"] - predictions["f"]).round(6))),
        "scores": scores.set_index("snp")["score"].loc[snps].tolist(),
        "statistics": sorted(set(tests["statistic"])),
        "labels": {
            name: sorted(set(metrics[name].dropna()))
            for name in ("cohort", "split", "model", "adjustment", "attribution", "association")
        },
    }


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    print(json.dumps(study(outside=False)))
