"""A study of one real cohort, run in this process: every station in the order of the rules, to the report."""

from pathlib import Path
from typing import Any

from stratbench.study.config import check
from stratbench.study.paths import Paths, each, fill
from stratbench.study.study import Fit, Split, Study

TRAINED_ON = ("bed", "bim", "fam", "samples", "trait", "trait_json", "keep_snp", "split", "pcs", "covariates")


def run(raw: dict[str, Any]) -> tuple[Study, Paths]:
    """Run a short config in the working directory, up to the report's pictures."""
    from stratbench.report.analysis.results import Results
    from stratbench.report.figures.catalogue import pictures
    from stratbench.report.report import report
    from stratbench.report.style import save
    from stratbench.summary.run import summary

    config = check(raw)
    study = Study(config)
    paths = Paths(study.name)
    cohort_of(study, paths)
    for split in study.splits:
        metrics_of(study, paths, split)
    outputs = {name: getattr(paths, name) for name in ("comparisons", "runtime", "provenance")}
    inputs = {name: each(getattr(paths, name), study.splits) for name in ("metrics",)}
    inputs |= {"qc": each(paths.qc, study.cohorts), "fit_json": each(paths.fit, study.fits), "benchmarks": []}
    outputs |= {"metrics": paths.summary_metrics, "qc": paths.summary_qc}
    summary(inputs, outputs, [cohort.label for cohort in study.cohorts], study.made_from)
    results = Results(study)
    for picture in pictures(study):
        figure = picture.module.draw(picture.module.load(results, picture.subject))
        save(figure, Path(paths.figures) / picture.name)
    report(config, paths.report)
    return study, paths


def cohort_of(study: Study, paths: Paths) -> None:
    """From the user's files to the datasets."""
    from stratbench.cohorts.qc.run import qc
    from stratbench.cohorts.real.read_cohort import read_cohort
    from stratbench.datasets.run import dataset

    (cohort,) = study.cohorts
    declared = study.declared(cohort.label)
    raw, samples = fill(paths.raw_bed, cohort).removesuffix(".bed"), fill(paths.raw_samples, cohort)
    sources = {key: entry["path"] for key, entry in declared["files"].items()}
    read_cohort(declared, sources, raw, samples, tables_tsv=fill(paths.raw_tables, cohort))
    about = {key: declared.get(key) for key in ("mating", "build", "autosomes")}
    folder = Path(fill(paths.bed, cohort)).parent
    qc(raw, samples, folder, study.cohort_spec(cohort.label)["qc"], about)
    for item in study.datasets:
        out = Path(fill(paths.trait, item)).parent
        dataset(folder, study.spec("traits", item.trait), [item.cohort, item.trait], out, declared["traits"])


def metrics_of(study: Study, paths: Paths, split: Split) -> None:
    """From a dataset to metrics.tsv."""
    from stratbench.associations.run import associate, load
    from stratbench.metrics.run import metrics
    from stratbench.probes.run import probe
    from stratbench.splits.run import split as assign
    from stratbench.structure.run import structure

    declared, config = study.declared(split.cohort), study.config
    cohort, data = Path(fill(paths.bed, split)).parent, Path(fill(paths.trait, split)).parent
    names, sets = list(vars(split).values()), fill(paths.split, split)
    assign(cohort / "samples.tsv", data, study.spec("splits", split.split), names, sets, declared["mating"])
    out = Path(fill(paths.pcs, split)).parent
    structure(
        cohort, data, sets, out, config["structure"], declared["mating"], declared=declared["covariates"]
    )
    files = {name: fill(getattr(paths, name), split) for name in TRAINED_ON}
    fits = study.fits_of(split)
    for one in fits:
        train(study, paths, one, files)
    tests = study.associations_of(split)
    tables = [paths.association.format(**vars(split), association=name) for name in tests]
    specs = {name: study.spec("associations", name) for name in tests}
    associate(load(cohort, data, sets, files["pcs"], files["covariates"]), specs, tables)
    place = {"study": study.name, "scenario": split.cohort, "replicate": 1, **vars(split)}
    labels = [{"model": one.model, "adjustment": one.adjustment} for one in fits]
    trained = [{"params": fill(paths.params, one), "fit": fill(paths.fit, one)} for one in fits]
    explained = [
        label | {"specs": specs_of(study, one)} | at
        for one, label, at in zip(fits, labels, trained, strict=True)
    ]
    probe(files, explained, place, fill(paths.probes, split))
    scores = [(one, label) for one in fits for label in study.attributions_of(one)]
    files |= {"truth": fill(paths.truth, split), "liability": fill(paths.liability, split)}
    files |= {"predictions": each(paths.predictions, fits), "fit_json": each(paths.fit, fits)}
    files |= {"attributions": [paths.attribution.format(**vars(one), attribution=a) for one, a in scores]}
    files |= {"associations": tables, "probes": [fill(paths.probes, split)]}
    keys = [{"model": one.model, "adjustment": one.adjustment, "attribution": a} for one, a in scores]
    metrics(files, fill(paths.metrics, split), place, labels, keys, tests)


def specs_of(study: Study, one: Fit) -> dict[str, Any]:
    return {"model": study.spec("models", one.model), "adjustments": study.adjustment(one.adjustment)}


def train(study: Study, paths: Paths, one: Fit, files: dict[str, str]) -> None:
    """Fit and attribute."""
    from stratbench.attributions.run import attribute
    from stratbench.training.fit import fit

    specs, names = specs_of(study, one), [one.cohort, one.trait, one.split, one.model]
    out = {name: fill(getattr(paths, name), one) for name in ("params", "predictions", "history", "fit")}
    fit(files, out, specs["model"], specs["adjustments"], study.seeds, names)
    methods = {label: study.spec("attributions", label) for label in study.attributions_of(one)}
    tables = {label: paths.attribution.format(**vars(one), attribution=label) for label in methods}
    record = fill(paths.attributions_json, one)
    attribute(files, out, tables, record, attributions=methods, names=names, **specs)
