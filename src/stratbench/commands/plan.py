"""All that stands between a config and the first job, the same for a run and for ``stratbench check``."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from stratbench.cohorts.real import available
from stratbench.cohorts.real.labels import require_labels
from stratbench.cohorts.real.losses import tell_losses
from stratbench.core import machine, yaml_file
from stratbench.core.digest import SCRIPTS
from stratbench.core.errors import UserError
from stratbench.methods.options import PLACES, group_files, table_files
from stratbench.report.figures.catalogue import figure_names
from stratbench.study.config import KINDS, check
from stratbench.study.study import Split, Study


def plan(
    config: Mapping[str, Any],
    files: Iterable[str | Path] = (),
    fetching: bool = False,
    looking: bool = True,
) -> Study:
    """Everything that is checked before the first job.

    Args:
        config: as Snakemake, or ``yaml_file.read``, has read it.
        files: where it was read from. They are read again to find what Snakemake overlooks, such as a key that stands
            twice.
        fetching: whether jobs follow, for which real cohorts are fetched; otherwise what was found at the last time
            counts.
        looking: whether the data of cohort files that are here, and files of groups of SNPs, are looked into, which
            jobs need not do again.

    Returns:
        The study that the config makes.

    Raises:
        UserError: for everything that is known to be wrong before any job runs.
    """
    for file in files:
        yaml_file.read(file)
    resolved = available.resolve(check(config), fetching)
    if looking:
        _require_no_braces_around()
        tell_losses(resolved)
        require_labels(resolved)
        _require_groups(resolved)
    _require_no_braces(resolved)
    study = Study(resolved)
    if looking:
        _require_tables(study)
    if fetching:
        machine.require_writable(f"results/{study.name}")
    figure_names(study)  # it refuses labels that would give two figures one name, or too long a name
    return study


def _require_no_braces_around() -> None:
    """Raise UserError where the workflow lies, or runs, in a folder that Snakemake would read as a pattern."""
    for folder in (Path.cwd(), SCRIPTS.parents[1]):
        if set("{}") & set(str(folder)):
            raise UserError(
                f"{folder}: a folder with a brace in its path, in which Snakemake runs no script; rename or move it"
            )


def _require_no_braces(config: Mapping[str, Any]) -> None:
    """Raise UserError for a cohort's file whose path Snakemake would read as a pattern."""
    for label, spec in config["cohorts"].items():
        for path in available.located(spec).values() if spec.get("declared") else ():
            if set("{}") & set(path):
                raise UserError(
                    f"{path}: a path of the cohort '{label}' with a brace, which Snakemake reads as a pattern; "
                    "rename it, or make a link without braces"
                )


def _require_tables(study: Study) -> None:
    """Raise UserError for a table made elsewhere that is not there, or that two splits would share."""
    wanted = [("model", fit.model, fit.of, study.model(fit)) for fit in study.fits]
    wanted += [
        ("association", label, split, study.association(split, label))
        for split in study.splits
        for label in study.associations_of(split)
    ]
    taken: dict[Path, Split] = {}
    for kind, label, split, spec in wanted:
        for path in table_files(kind, spec):
            where = f"{kind}s.{label}: {path}"
            if taken.setdefault(path, split) != split:
                raise UserError(
                    f"{where} would serve two splits of people; write {', '.join(PLACES)} into its path, where they "
                    "differ"
                )
            if not path.is_file():
                raise UserError(
                    f"{where} is not there; make it from what `stratbench export` writes of {split.cohort}, "
                    f"{split.trait}, {split.split}, or leave '{label}' out of the blocks until then (docs/entrants.md)"
                )


def _require_groups(config: Mapping[str, Any]) -> None:
    """Raise UserError, naming the option, for a file of groups of SNPs that a method could not read."""
    from stratbench.genotypes import groups  # it imports pandas, which most configs do not need

    for section, kind in KINDS.items():
        for label, spec in config[section].items():
            for file in group_files(kind, spec):
                try:
                    groups.read(file)
                except UserError as error:
                    raise UserError(f"{section}.{label}: {error}") from error
