"""A dataset: one cohort with one trait; who is kept, and which SNPs a model may see."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stratbench.core import decimals, files
from stratbench.core.errors import UserError
from stratbench.core.job import say
from stratbench.core.seeds import seed
from stratbench.core.words import counted
from stratbench.datasets import ascertain, keep
from stratbench.datasets.describe import ascertained, describe
from stratbench.datasets.genetic import common
from stratbench.datasets.measured import measured
from stratbench.datasets.options import OPTIONS
from stratbench.datasets.simulate import DRAWS, GENETIC_PARTS, Rngs, shares, shares_within, simulate
from stratbench.genotypes import plink, tables
from stratbench.genotypes.dosages import open_cohort
from stratbench.methods.checked import checked

TRUTH = list(tables.TRUTH.columns)
PARTS = list(tables.LIABILITY.columns)


def dataset(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    spec: Mapping[str, Any],
    names: Sequence[object],
    declared: Mapping[str, Any] | None = None,
) -> None:
    """Write a trait's labels, the truth behind them, and the keep lists.

    Args:
        inputs: the cohort's ``bed``, ``bim``, ``fam``, ``samples`` and ``variants``.
        outputs: ``trait``, ``trait_json``, ``truth``, ``liability``, ``keep_iid`` and ``keep_snp``.
        spec: ``{simulate: options, snps: N}`` or ``{measured: name, snps: N}``, either with ``ascertain``; ``snps``
            None is all.
        names: what random numbers are drawn by: the cohort and, last, the trait's label, which a twin's name replaces.
        declared: the ``traits`` of the cohort file.

    Raises UserError for what the trait's kind refuses.
    """
    bim = plink.read_bim(inputs["bim"])
    samples = tables.read_samples(inputs)
    seen_R = spaced(len(bim), spec.get("snps"))
    twin = spec.get("simulate", {}).get("twin")
    names = [*names[:-1], twin] if twin else names
    rngs = {name: np.random.default_rng(seed(*names, name)) for name in DRAWS}
    if "simulate" in spec:
        made = _simulated(inputs, bim, samples, seen_R, spec["simulate"], rngs)
    else:
        made = _measured(inputs["samples"], seen_R, spec["measured"], declared or {})
    if spec.get("ascertain"):
        _ascertain(made, samples, spec["ascertain"], rngs["ascertainment"])
    _write(inputs["fam"], bim, made, outputs)


def spaced(m: int, wanted: int | None) -> np.ndarray:
    """Rows of ``wanted`` SNPs evenly spaced over ``m``, label-blind: int64, sorted; None is all.

    Raises UserError if there are fewer than wanted.
    """
    if wanted is None:
        return np.arange(m)
    if wanted > m:
        raise UserError(
            f"traits: snps is {wanted}, but {counted(m, 'SNP')} passed QC; lower it, or leave it out for all"
        )
    return (np.arange(wanted) * 2 + 1) * m // (2 * wanted)


def _simulated(
    cohort: Mapping[str, Any],
    bim: pd.DataFrame,
    samples: pd.DataFrame,
    seen_R: np.ndarray,
    given: Mapping[str, Any],
    rngs: Rngs,
) -> dict[str, Any]:
    """The tables of a simulated trait: everyone has a label."""
    options = checked(OPTIONS, given, "simulated trait")
    population_N = samples["population"].to_numpy()
    candidate_R = np.arange(len(bim)) if options["untyped"] else seen_R
    if options["causal_maf"] > 0:
        a1_freq_M = tables.read_variants(cohort)["a1_freq"].to_numpy()
        candidate_R = common(candidate_R, a1_freq_M, options["causal_maf"])
    trait = simulate(open_cohort(cohort), candidate_R, samples, options, rngs, bim["chrom"].to_numpy())
    if options["untyped"]:
        seen_R = np.setdiff1d(seen_R, trait.causal_R)
    truth = {
        "snp": bim["snp"].to_numpy()[trait.causal_R],
        "effect": trait.effect_R,
        "visible": int(not options["untyped"]),
        "population": trait.home_R,
    }
    further: tuple[str, ...] = ()
    if trait.term_R is not None and trait.partner_R is not None:
        snp_M = np.append(bim["snp"].to_numpy(), "")  # a row -1 is nobody's
        truth |= {"term": trait.term_R, "partner": snp_M[trait.partner_R]}
        further = GENETIC_PARTS
    return {
        "trait": pd.DataFrame({"iid": samples["iid"], "y": trait.y_N}),
        "about": {
            "kind": options["kind"],
            "simulated": True,
            "description": describe(options),
            "shares": shares(trait.parts, population_N),
            "shares_within": shares_within(trait.parts, population_N),
            "prevalence": options["prevalence"] if options["kind"] == "binary" else None,
        },
        "truth": pd.DataFrame(truth),
        "liability": trait.parts.assign(iid=samples["iid"])[[*PARTS, *further]],
        "seen": seen_R,
    }


def _measured(
    samples_tsv: str | Path, seen_R: np.ndarray, name: str, declared: Mapping[str, Any]
) -> dict[str, Any]:
    """The tables of a measured trait: individuals without a value are left out."""
    values = measured(samples_tsv, name, declared).dropna()
    kind = declared[name]["kind"]
    y_N = values.to_numpy().astype(np.int64) if kind == "binary" else values.to_numpy()
    return {
        "trait": pd.DataFrame({"iid": values.index.to_numpy(), "y": y_N}),
        "about": {
            "kind": kind,
            "simulated": False,
            "description": declared[name].get("description") or f"measured: {name}",
            "prevalence": float(y_N.mean()) if kind == "binary" else None,
        },
        "truth": pd.DataFrame(columns=TRUTH),
        "liability": pd.DataFrame(columns=PARTS),
        "seen": seen_R,
    }


def _ascertain(
    made: dict[str, Any], samples: pd.DataFrame, given: Mapping[str, Any], rng: np.random.Generator
) -> None:
    """Leave out individuals that are not ascertained; trait.json gives each class's size before and after."""
    about = made["about"]
    options = checked(ascertain.OPTIONS, given, "ascertain")
    for name, message in ascertain.problems(options, about["kind"]):
        raise UserError(f"ascertain: {name}: {message}")
    if all(value is None for value in options.values()):
        return
    y_N = made["trait"]["y"].to_numpy()
    population_N = samples.set_index("iid")["population"].loc[made["trait"]["iid"]].to_numpy()
    kept_N = ascertain.ascertain(y_N, population_N, options, rng)
    about["description"] += f"; {ascertained(options)}"
    about["ascertained"] = {
        "from": _classes(y_N, population_N),
        "kept": _classes(y_N[kept_N], population_N[kept_N]),
    }
    made["trait"] = made["trait"][kept_N]
    if len(made["liability"]):
        made["liability"] = made["liability"][kept_N]
        about["shares_kept"] = shares(made["liability"], population_N[kept_N])
        about["shares_kept_within"] = shares_within(made["liability"], population_N[kept_N])


def _classes(y_N: np.ndarray, population_N: np.ndarray) -> dict[str, dict[str, int]]:
    """Cases and controls of each population."""
    return {
        name: {word: int((y_N[population_N == name] == y).sum()) for word, y in ascertain.CLASSES.items()}
        for name in sorted(set(population_N))
    }


def _write(
    fam_path: str | Path, bim: pd.DataFrame, made: Mapping[str, Any], outputs: Mapping[str, Any]
) -> None:
    fam = plink.read_fam(fam_path).set_index("iid")
    iids = made["trait"]["iid"].tolist()
    y = made["trait"]["y"]
    n_cases = int(y.sum()) if made["about"]["kind"] == "binary" else None
    measured_y = not made["about"]["simulated"] and n_cases is None
    trait = made["trait"].assign(y=decimals.write(y)) if measured_y else made["trait"]  # with every digit
    files.write_tsv(trait, outputs["trait"])
    sizes = {
        "n": len(iids),
        "n_cases": n_cases,
        "n_snps": len(made["seen"]),
        "n_causal": len(made["truth"]) if made["about"]["simulated"] else None,
    }
    files.write_json({**made["about"], **sizes}, outputs["trait_json"])
    files.write_tsv(made["truth"], outputs["truth"])
    files.write_tsv(made["liability"], outputs["liability"])
    keep.write_iids(fam.loc[iids, "fid"].tolist(), iids, outputs["keep_iid"])
    keep.write_snps(bim["snp"].to_numpy()[made["seen"]].tolist(), outputs["keep_snp"])
    size = f"{counted(len(iids), 'individual')}, {counted(len(made['seen']), 'SNP')} to see"
    say(f"{made['about']['description']}: {size}")
