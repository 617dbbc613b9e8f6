"""Training and attribution without Snakemake: ``stratbench fit`` and ``stratbench attribute``.

They need jax, flax, optax, NumPy, pandas and scikit-learn only, and a study's result folders to read from. The
draws are named by cohort, trait, split and model as in the workflow, so the results are the workflow's.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from stratbench.core import checksums
from stratbench.core.errors import UserError
from stratbench.methods import registry
from stratbench.methods.checked import checked


def add(commands: Any) -> None:
    """Add the two commands to argparse's subparsers."""
    for name, text in (("fit", "train one model under one adjustment"), ("attribute", "score its SNPs")):
        command = commands.add_parser(name, help=text, description=__doc__)
        command.set_defaults(run=run)
        for option, what in (
            ("cohort", "results/<study>/cohorts/<cohort>"),
            ("dataset", "results/<study>/datasets/<cohort>/<trait>"),
            ("split", "results/<study>/splits/<cohort>/<trait>/<split>.tsv"),
            ("structure", "results/<study>/structure/<cohort>/<trait>/<split>"),
            ("out", "folder of params.msgpack, predictions.tsv, history.tsv, fit.json"),
        ):
            command.add_argument(f"--{option}", type=Path, required=True, metavar="PATH", help=what)
        command.add_argument("--model", required=True, help="name, or path of a method file")
        command.add_argument("--adjustment", default="none", help="name or path; a+b combines names")
        for kind in ("model", "adjustment"):
            command.add_argument(
                f"--{kind}-options", type=_options, default={}, metavar="JSON", help='such as {"pcs": 5}'
            )
        if name == "fit":
            command.add_argument("--seeds", type=_seeds, default=1)
        else:
            command.add_argument("--attribution", nargs="+", default=["gradient-input"])


def _options(text: str) -> dict[str, Any]:
    """Options as JSON has them. Raises argparse's error for anything but an object, and for a key twice."""
    from stratbench.core.yaml_file import once

    try:
        found = json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError, UserError) as error:
        raise argparse.ArgumentTypeError(f"{text}: no JSON: {error}") from error
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError(f'{text}: no options by name, such as {{"pcs": 5}}')
    return found


def _seeds(text: str) -> int:
    """How many. Raises argparse's error for what is no whole number from 1."""
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text}: no whole number from 1")
    return int(text)


def spec(kind: str, label: str, given: dict[str, Any]) -> dict[str, Any]:
    """A method's spec: its name or file, and its options with defaults filled in."""
    file = label if label.endswith(".py") else None
    name = Path(label).stem if file else label
    options = checked(registry.describe(kind, name, file).options, given, f"{kind} {label}")
    return {"method": name, "file": file, "options": options}


def adjustments(label: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    """The specs of ``a`` or of ``a+b``; options of a combination are the parts' defaults."""
    labels = [label] if label.endswith(".py") else label.split("+")
    if len(labels) > 1 and given:
        raise UserError("--adjustment-options: name one adjustment, or combine them in a config")
    if len(set(labels)) < len(labels):
        raise UserError(f"--adjustment: '{label}' names a part twice")
    return [spec("adjustment", part, given) for part in labels]


def task_files(cohort: Path, dataset: Path, split: Path, structure: Path) -> dict[str, Path]:
    """The paths that training reads.

    Args:
        cohort, dataset, structure: folders of a study's results.
        split: the file of a split.

    Returns:
        Paths by the names of ``task.model_data.FILES`` and ``ON_DEMAND``.
    """
    return {
        **{end: cohort / f"genotypes.{end}" for end in ("bed", "bim", "fam")},
        "samples": cohort / "samples.tsv",
        "trait": dataset / "trait.tsv",
        "trait_json": dataset / "trait.json",
        "keep_snp": dataset / "keep.snp",
        "split": split,
        "pcs": structure / "pcs.tsv",
        "covariates": structure / "covariates.tsv",
        "grm": structure / "grm.npz",
        "truth": dataset / "truth.tsv",
        "liability": dataset / "liability.tsv",
    }


def run(arguments: argparse.Namespace) -> None:
    """Call the one function of the command, on files that are what the study's jobs left."""
    model = spec("model", arguments.model, arguments.model_options)
    own = adjustments(arguments.adjustment, arguments.adjustment_options)
    model_label = Path(arguments.model).stem
    names = [arguments.cohort.name, arguments.dataset.name, arguments.split.stem, model_label]
    names_of_files = ("params.msgpack", "predictions.tsv", "history.tsv", "fit.json")
    out = {Path(name).stem: arguments.out / name for name in names_of_files}
    given = task_files(arguments.cohort, arguments.dataset, arguments.split, arguments.structure)
    if arguments.out.exists() and not arguments.out.is_dir():
        raise UserError(f"--out: {arguments.out} is a file; name a folder")
    checksums.verify(given.values())
    if arguments.command == "fit":
        from stratbench.training.fit import fit_one

        fit_one(given, out, model=model, adjustments=own, seeds=arguments.seeds, names=names)
        return
    from stratbench.attributions.run import attribute

    specs = {label: spec("attribution", label, {}) for label in arguments.attribution}
    tables = {label: arguments.out / f"{Path(label).stem}.tsv.gz" for label in specs}
    if len(set(tables.values())) < len(arguments.attribution):
        raise UserError("--attribution: two of them would write the same table; give each another name, once")
    trained = {"params": [out["params"]], "fit_json": [out["fit"]]}
    checksums.verify([out["params"], out["fit"]])
    written = {"tables": list(tables.values()), "records": [arguments.out / "attributions.json"]}
    asked = {"model": model, "adjustments": own, "attributions": specs, "names": names}
    attribute(given | trained, written, fits=[asked])
