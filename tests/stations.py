"""The files of each station in a folder, by the names under which rules give them to the functions that jobs call."""

from pathlib import Path
from typing import Any

Named = dict[str, Any]


def raw_files(prefix: str | Path, samples: str | Path, tables: str | Path | None = None) -> Named:
    """A raw cohort: ``prefix``.{bed,bim,fam} and its tables; that of a real cohort's tables lies beside them."""
    ends = {end: Path(f"{prefix}.{end}") for end in ("bed", "bim", "fam")}
    return {**ends, "samples": samples, "tables": tables or Path(f"{prefix}.tables.tsv")}


def cohort_files(folder: str | Path) -> Named:
    """A cohort, with QC's tables."""
    folder = Path(folder)
    return {
        **{end: folder / f"genotypes.{end}" for end in ("bed", "bim", "fam")},
        **{name: folder / f"{name}.tsv" for name in ("samples", "variants", "qc", "qc_samples")},
        **{name: folder / f"{name}.tsv.gz" for name in ("qc_snps", "kinship")},
    }


def dataset_files(folder: str | Path) -> Named:
    """A dataset."""
    folder = Path(folder)
    return {
        **{name: folder / f"{name}.tsv" for name in ("trait", "truth", "liability")},
        "trait_json": folder / "trait.json",
        "keep_iid": folder / "keep.iid",
        "keep_snp": folder / "keep.snp",
    }


def task_files(
    cohort: str | Path, dataset: str | Path, split: str | Path, structure: str | Path | None = None
) -> Named:
    """What a job of a split reads: its cohort, dataset and split and, if it lies there, what corrections may use."""
    fitted = structure_files(structure) if structure is not None else {}
    return {**cohort_files(cohort), **dataset_files(dataset), "split": split, **fitted}


def structure_files(folder: str | Path) -> Named:
    """What corrections may use."""
    folder = Path(folder)
    return {
        **{name: folder / f"{name}.tsv" for name in ("pcs", "fst", "covariates")},
        **{name: folder / f"{name}.tsv.gz" for name in ("loadings", "fst_snp")},
        **{name: folder / f"{name}.npz" for name in ("grm", "grm_loco")},
    }
