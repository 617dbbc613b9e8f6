"""A study of one real cohort, run in this process: every station in the order of the rules, to the report."""

from typing import Any

from stratbench.study.config import check
from stratbench.study.paths import Paths, each, fill
from stratbench.study.study import Cohort, Dataset, Fit, Split, Study

RAW = {end: f"raw_{end}" for end in ("bed", "bim", "fam", "samples", "tables")}
COHORT = ("bed", "bim", "fam", "samples", "variants")
DATASET = ("trait", "trait_json", "truth", "liability", "keep_iid", "keep_snp")
STRUCTURE = ("pcs", "loadings", "grm", "fst", "fst_snp", "covariates")


def run(raw: dict[str, Any]) -> tuple[Study, Paths]:
    """Run a short config in the working directory, up to the report."""
    from stratbench.report.figures.catalogue import pictures
    from stratbench.report.figures.run import figures
    from stratbench.report.report import report

    study, paths = summarised(raw)
    drawn = [f"{paths.figures}/{picture.name}.svg" for picture in pictures(study)]
    outputs = {"top_snps": paths.top_snps, "known_loci": paths.known_loci}
    figures({}, {"figures": drawn, **outputs}, config=study.config)
    report({}, {"report": paths.report}, config=study.config)
    return study, paths


def summarised(raw: dict[str, Any]) -> tuple[Study, Paths]:
    """Run a short config in the working directory, up to the summary."""
    from stratbench.summary.run import summary

    config = check(raw)
    study = Study(config)
    paths = Paths(study.name)
    cohort_of(study, paths)
    for split in study.splits:
        metrics_of(study, paths, split)
    inputs = {"metrics": each(paths.metrics, study.splits), "qc": each(paths.qc, study.cohorts)}
    inputs |= {"fit_json": each(paths.fit, study.fits), "benchmarks": []}
    outputs = {name: getattr(paths, name) for name in ("comparisons", "runtime", "provenance")}
    outputs |= {"metrics": paths.summary_metrics, "qc": paths.summary_qc}
    cohorts = [cohort.label for cohort in study.cohorts]
    summary(inputs, outputs, cohorts=cohorts, config=study.made_from)
    return study, paths


def named(paths: Paths, item: Cohort | Dataset | Split | Fit, *names: str) -> dict[str, str]:
    """Paths of a cohort, dataset, split or fit, as the rules name them."""
    return {name: fill(getattr(paths, name), item) for name in names}


def cohort_of(study: Study, paths: Paths) -> None:
    """From the user's files to the datasets."""
    from stratbench.cohorts.qc.run import qc
    from stratbench.cohorts.real.read_cohort import read_cohort
    from stratbench.datasets.run import dataset

    (cohort,) = study.cohorts
    declared = study.declared(cohort.label)
    sources = {key: entry["path"] for key, entry in declared["files"].items()}
    raw = {name: fill(getattr(paths, path), cohort) for name, path in RAW.items()}
    read_cohort(sources, raw, declared=declared)
    about = {key: declared.get(key) for key in ("mating", "build", "autosomes")}
    passed = named(paths, cohort, *COHORT, "qc", "qc_samples", "qc_snps", "kinship")
    qc(raw, passed, options=study.cohort_spec(cohort.label)["qc"], about=about)
    for item in study.datasets:
        spec, names = study.spec("traits", item.trait), [item.cohort, item.trait]
        dataset(passed, named(paths, item, *DATASET), spec=spec, names=names, declared=declared["traits"])


def metrics_of(study: Study, paths: Paths, split: Split) -> None:
    """From a dataset to metrics.tsv."""
    from stratbench.associations.run import associate
    from stratbench.metrics.run import metrics
    from stratbench.probes.run import probe
    from stratbench.splits.run import split as assign
    from stratbench.structure.run import structure

    declared = study.declared(split.cohort)
    mating, covariates = declared["mating"], declared["covariates"]
    inputs = named(paths, split, *COHORT, *DATASET, "kinship")
    names, sets = list(vars(split).values()), named(paths, split, "split")
    assign(inputs, sets, spec=study.spec("splits", split.split), names=names, mating=mating)
    fitted, options = named(paths, split, *STRUCTURE), study.config["structure"]
    structure(inputs | sets, fitted, options=options, mating=mating, declared=covariates)
    inputs |= sets | fitted
    fits = study.fits_of(split)
    for one in fits:
        train(study, paths, one, inputs)
    tests = study.associations_of(split)
    tables = [paths.association.format(**vars(split), association=name) for name in tests]
    record = fill(paths.associations_json, split)
    associate(
        inputs,
        {"tables": tables, "record": record},
        associations={name: study.association(split, name) for name in tests},
    )
    place = study.place(split)
    labels = [{"model": one.model, "adjustment": one.adjustment} for one in fits]
    trained = {
        name: each(getattr(paths, path), fits) for name, path in (("params", "params"), ("fit_json", "fit"))
    }
    probed = named(paths, split, "probes")
    specs = [label | {"specs": specs_of(study, one)} for one, label in zip(fits, labels, strict=True)]
    probe(inputs | trained, probed, fits=specs, place=place)
    scores = [(one, label) for one in fits for label in study.attributions_of(one)]
    inputs |= trained | {"predictions": each(paths.predictions, fits)}
    inputs |= {"attributions": [paths.attribution.format(**vars(one), attribution=a) for one, a in scores]}
    inputs |= {"attribution_records": each(paths.attributions_json, [one for one, _ in scores])}
    inputs |= {"associations": tables, "association_records": [record], "probes": list(probed.values())}
    again = [(one, a) for one, a in scores if study.resamples_of(one)]
    inputs |= {"resamples": [paths.resampled.format(**vars(one), attribution=a) for one, a in again]}
    keys = [
        {"model": one.model, "adjustment": one.adjustment, "attribution": a, "resampled": (one, a) in again}
        for one, a in scores
    ]
    out = named(paths, split, "metrics")
    on_all = [name for name in tests if study.tests_all(name)]
    metrics(inputs, out, place=place, fits=labels, attributions=keys, associations=tests, on_all=on_all)


def specs_of(study: Study, one: Fit) -> dict[str, Any]:
    """The specs of a fit's model and adjustment."""
    return {"model": study.model(one), "adjustments": study.adjustment(one.adjustment)}


def train(study: Study, paths: Paths, one: Fit, inputs: dict[str, Any]) -> None:
    """Fit and, if a block asks for attributions, attribute."""
    from stratbench.attributions.run import attribute
    from stratbench.training.fit import fit

    names, count = [one.cohort, one.trait, one.split, one.model], study.resamples_of(one)
    specs = specs_of(study, one) | {"names": names, "seeds": study.seeds_of(one), "resamples": count}
    out = {
        name: [path] for name, path in named(paths, one, "params", "predictions", "history", "fit").items()
    }
    resampled = {"resamples": [fill(paths.resamples, one)]} if count else {}
    fit(inputs, out | resampled, fits=[specs])
    methods = {label: study.spec("attributions", label) for label in study.attributions_of(one)}
    if not methods:
        return
    tables = [paths.attribution.format(**vars(one), attribution=label) for label in methods]
    written = {"tables": tables, "records": [fill(paths.attributions_json, one)]}
    if count:
        again = [paths.resampled.format(**vars(one), attribution=label) for label in methods]
        written |= {"resamples": again}
    trained = {"params": out["params"], "fit_json": out["fit"], **resampled}
    attribute(inputs | trained, written, fits=[specs | {"attributions": methods}])
