"""A dataset: one cohort with one trait; who is kept, and which SNPs a model may see."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stratbench import files, keep, plink
from stratbench.cohorts.checked import checked
from stratbench.errors import UserError
from stratbench.genotypes import open_cohort
from stratbench.job import say
from stratbench.seeds import seed
from stratbench.traits.measured import measured
from stratbench.traits.simulate import OPTIONS, shares, simulate

PARTS = ["iid", "genetic", "environment", "environment_expected", "noise", "liability"]


def dataset(
    cohort_dir: str | Path,
    trait: Mapping[str, Any],
    seed_names: Sequence[object],
    out_dir: str | Path,
    declared: Mapping[str, Any] | None = None,
) -> None:
    """Write trait.tsv, trait.json, truth.tsv, liability.tsv, keep.iid and keep.snp into ``out_dir``.

    ``trait`` is ``{simulate: options, snps: N}`` or ``{measured: name, snps: N}``; ``snps`` None is all.
    ``declared`` is the ``traits`` of the cohort file. Raises UserError for what the trait's kind refuses.
    """
    cohort = Path(cohort_dir)
    bim = plink.read_bim(cohort / "genotypes.bim")
    seen_K = spaced(len(bim), trait.get("snps"))
    if "simulate" in trait:
        made = _simulated(cohort, bim, seen_K, trait["simulate"], seed_names)
    else:
        made = _measured(cohort, seen_K, trait["measured"], declared or {})
    _write(cohort, bim, made, Path(out_dir))


def spaced(m: int, wanted: int | None) -> np.ndarray:
    """Rows of ``wanted`` SNPs evenly spaced over ``m``, label-blind: int64, sorted; None is all.

    Raises UserError if there are fewer than wanted.
    """
    if wanted is None:
        return np.arange(m)
    if wanted > m:
        raise UserError(
            f"traits: snps is {wanted}, but {m} SNPs passed QC; lower it, or leave it out for all"
        )
    return (np.arange(wanted) * 2 + 1) * m // (2 * wanted)


def _simulated(
    cohort: Path,
    bim: pd.DataFrame,
    seen_K: np.ndarray,
    given: Mapping[str, Any],
    seed_names: Sequence[object],
) -> dict[str, Any]:
    """The tables of a simulated trait: everyone has a label."""
    options = checked(OPTIONS, given, "simulated trait")
    samples = files.read_tsv(cohort / "samples.tsv")
    population_N = samples["population"].to_numpy()
    rngs = {name: np.random.default_rng(seed(*seed_names, name)) for name in ("causal", "effects", "noise")}
    candidate_C = np.arange(len(bim)) if options["untyped"] else seen_K
    trait = simulate(open_cohort(cohort), candidate_C, population_N, options, rngs)
    if options["untyped"]:
        seen_K = np.setdiff1d(seen_K, trait.causal_C)
    truth = pd.DataFrame(
        {
            "snp": bim["snp"].to_numpy()[trait.causal_C],
            "effect": trait.effect_C,
            "visible": int(not options["untyped"]),
        }
    )
    return {
        "trait": pd.DataFrame({"iid": samples["iid"], "y": trait.y_N}),
        "about": {
            "kind": options["kind"],
            "simulated": True,
            "description": describe(options),
            "shares": shares(trait.parts, population_N),
            "prevalence": options["prevalence"] if options["kind"] == "binary" else None,
        },
        "truth": truth,
        "liability": trait.parts.assign(iid=samples["iid"])[PARTS],
        "seen": seen_K,
    }


def _measured(cohort: Path, seen_K: np.ndarray, name: str, declared: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of a measured trait: individuals without a value are left out."""
    values = measured(cohort / "samples.tsv", name, declared).dropna()
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
        "truth": pd.DataFrame(columns=["snp", "effect", "visible"]),
        "liability": pd.DataFrame(columns=PARTS),
        "seen": seen_K,
    }


def describe(options: Mapping[str, Any]) -> str:
    """A simulated trait in words."""
    genes = f"h2 {options['h2']:g} by {options['causal']} causal SNPs" if options["h2"] > 0 else "no genes"
    hidden = " (untyped)" if options["untyped"] and options["h2"] > 0 else ""
    share = options["environment"]
    around = f"environment of populations {share:g}" if share > 0 else "no environment"
    cases = f", {options['prevalence']:.0%} cases" if options["kind"] == "binary" else ""
    return f"simulated {options['kind']} trait: {genes}{hidden}, {around}{cases}"


def _write(cohort: Path, bim: pd.DataFrame, made: Mapping[str, Any], out: Path) -> None:
    fam = plink.read_fam(cohort / "genotypes.fam").set_index("iid")
    iids = made["trait"]["iid"].tolist()
    y = made["trait"]["y"]
    n_cases = int(y.sum()) if made["about"]["kind"] == "binary" else None
    files.write_tsv(made["trait"], out / "trait.tsv")
    files.write_json({**made["about"], "n": len(iids), "n_cases": n_cases}, out / "trait.json")
    files.write_tsv(made["truth"], out / "truth.tsv")
    files.write_tsv(made["liability"], out / "liability.tsv")
    keep.write_iids(fam.loc[iids, "fid"].tolist(), iids, out / "keep.iid")
    keep.write_snps(bim["snp"].to_numpy()[made["seen"]].tolist(), out / "keep.snp")
    say(f"{made['about']['description']}: {len(iids)} individuals, {len(made['seen'])} SNPs to see")
