"""A dataset: one cohort with one trait; who is kept, and which SNPs a model may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from stratbench.genotypes.records import TraitRecord
from stratbench.methods.checked import checked

TRUTH = list(tables.TRUTH.columns)
PARTS = list(tables.LIABILITY.columns)


@dataclass(frozen=True)
class MadeTrait:
    """A trait before it is written.

    Attributes:
        labels: ``iid y``, a row for each individual who has a label.
        record: what trait.json says, but for the sizes.
        truth: the causal SNPs of a simulated trait.
        liability: the parts of the liability of a simulated trait, a row for each of the labels.
        seen_R: rows of the .bim that a model may see.
    """

    labels: pd.DataFrame
    record: TraitRecord
    truth: pd.DataFrame
    liability: pd.DataFrame
    seen_R: np.ndarray


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
            None is all, or as many as ``at_most``.
        names: what random numbers are drawn by: the cohort and, last, the trait's label, which a twin's name replaces.
        declared: the ``traits`` of the cohort file.

    Raises UserError for what the trait's kind refuses.
    """
    bim = plink.read_bim(inputs["bim"])
    samples = tables.read_samples(inputs)
    seen_R = spaced(len(bim), spec.get("snps"), spec.get("at_most"))
    twin = spec.get("simulate", {}).get("twin")
    names = [*names[:-1], twin] if twin else names
    rngs = {name: np.random.default_rng(seed(*names, name)) for name in DRAWS}
    if "simulate" in spec:
        made = _simulated(inputs, bim, samples, seen_R, spec["simulate"], rngs)
    else:
        made = _measured(inputs["samples"], seen_R, spec["measured"], declared or {})
    if spec.get("ascertain"):
        made = _ascertain(made, samples, spec["ascertain"], rngs["ascertainment"])
    _write(inputs["fam"], bim, made, outputs)


def spaced(m: int, wanted: int | None, at_most: int | None = None) -> np.ndarray:
    """Rows of ``wanted`` SNPs evenly spaced over ``m``, label-blind: int64, sorted; None is all, or ``at_most``.

    Raises UserError if there are fewer than wanted.
    """
    if wanted is None:
        wanted = m if at_most is None else min(m, at_most)
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
) -> MadeTrait:
    """A simulated trait: everyone has a label."""
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
        snp_M = np.append(bim["snp"].to_numpy(), "")  # row -1 means no partner
        truth |= {"term": trait.term_R, "partner": snp_M[trait.partner_R]}
        further = GENETIC_PARTS
    record = TraitRecord(
        kind=options["kind"],
        simulated=True,
        description=describe(options),
        prevalence=options["prevalence"] if options["kind"] == "binary" else None,
        shares=shares(trait.parts, population_N),
        shares_within=shares_within(trait.parts, population_N),
    )
    labels = pd.DataFrame({"iid": samples["iid"], "y": trait.y_N})
    liability = trait.parts.assign(iid=samples["iid"])[[*PARTS, *further]]
    return MadeTrait(labels, record, pd.DataFrame(truth), liability, seen_R)


def _measured(
    samples_tsv: str | Path, seen_R: np.ndarray, name: str, declared: Mapping[str, Any]
) -> MadeTrait:
    """A measured trait: individuals without a value are left out."""
    values = measured(samples_tsv, name, declared).dropna()
    kind = declared[name]["kind"]
    y_N = values.to_numpy().astype(np.int64) if kind == "binary" else values.to_numpy()
    record = TraitRecord(
        kind=kind,
        simulated=False,
        description=declared[name].get("description") or f"measured: {name}",
        prevalence=float(y_N.mean()) if kind == "binary" else None,
    )
    labels = pd.DataFrame({"iid": values.index.to_numpy(), "y": y_N})
    return MadeTrait(labels, record, pd.DataFrame(columns=TRUTH), pd.DataFrame(columns=PARTS), seen_R)


def _ascertain(
    made: MadeTrait, samples: pd.DataFrame, given: Mapping[str, Any], rng: np.random.Generator
) -> MadeTrait:
    """The trait without the individuals that are not ascertained; its record has each class's size before and after."""
    options = checked(ascertain.OPTIONS, given, "ascertain")
    for name, message in ascertain.problems(options, made.record.kind):
        raise UserError(f"ascertain: {name}: {message}")
    if all(value is None for value in options.values()):
        return made
    y_N = made.labels["y"].to_numpy()
    population_N = samples.set_index("iid")["population"].loc[made.labels["iid"]].to_numpy()
    kept_N = ascertain.ascertain(y_N, population_N, options, rng)
    left_N = population_N[kept_N]
    record = replace(
        made.record,
        description=f"{made.record.description}; {ascertained(options)}",
        ascertained={"from": _classes(y_N, population_N), "kept": _classes(y_N[kept_N], left_N)},
    )
    if not len(made.liability):
        return replace(made, labels=made.labels[kept_N], record=record)
    liability = made.liability[kept_N]
    record = replace(
        record, shares_kept=shares(liability, left_N), shares_kept_within=shares_within(liability, left_N)
    )
    return replace(made, labels=made.labels[kept_N], record=record, liability=liability)


def _classes(y_N: np.ndarray, population_N: np.ndarray) -> dict[str, dict[str, int]]:
    """Cases and controls of each population."""
    return {
        name: {word: int((y_N[population_N == name] == y).sum()) for word, y in ascertain.CLASSES.items()}
        for name in sorted(set(population_N))
    }


def _write(fam_path: str | Path, bim: pd.DataFrame, made: MadeTrait, outputs: Mapping[str, Any]) -> None:
    """Write the files of the dataset."""
    fam = plink.read_fam(fam_path).set_index("iid")
    iids, y = made.labels["iid"].tolist(), made.labels["y"]
    n_cases = int(y.sum()) if made.record.kind == "binary" else None
    measured_y = not made.record.simulated and n_cases is None
    labels = made.labels.assign(y=decimals.write(y)) if measured_y else made.labels  # with every digit
    files.write_tsv(labels, outputs["trait"])
    record = replace(
        made.record,
        n=len(iids),
        n_cases=n_cases,
        n_snps=len(made.seen_R),
        n_causal=len(made.truth) if made.record.simulated else None,
    )
    files.write_json(record.content, outputs["trait_json"])
    files.write_tsv(made.truth, outputs["truth"])
    files.write_tsv(made.liability, outputs["liability"])
    keep.write_iids(fam.loc[iids, "fid"].tolist(), iids, outputs["keep_iid"])
    keep.write_snps(bim["snp"].to_numpy()[made.seen_R].tolist(), outputs["keep_snp"])
    size = f"{counted(len(iids), 'individual')}, {counted(len(made.seen_R), 'SNP')} to see"
    say(f"{record.description}: {size}")
