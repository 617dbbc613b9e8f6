"""The methods that this study used, with what to cite."""

from stratbench.core.errors import UserError
from stratbench.methods import registry
from stratbench.report.analysis.numbers import listed
from stratbench.report.analysis.results import Results, scenarios
from stratbench.report.page import Block, Section, Table, Text
from stratbench.report.wording import reads_labels
from stratbench.study.study import Study

ORDER = 170
SECTIONS = {
    "models": "model",
    "adjustments": "adjustment",
    "attributions": "attribution",
    "associations": "association",
}


def build(results: Results) -> Section | None:
    rows = []
    for scenario in scenarios(results.study):
        spec = results.study.config["cohorts"][scenario].get("simulate")
        if spec:
            rows.append(_row("demography", scenario, spec.get("demography"), spec))
        else:
            said = results.cohort_file(scenario)
            rows.append(["cohort", scenario, str(said.get("title", "")), str(said.get("citation", ""))])
    used = {
        "models": {fit.model for fit in results.study.fits},
        "adjustments": {part for fit in results.study.fits for part in fit.adjustment.split("+")},
        "attributions": {name for fit in results.study.fits for name in results.study.attributions_of(fit)},
        "associations": {
            name for split in results.study.splits for name in results.study.associations_of(split)
        },
    }
    for section, kind in SECTIONS.items():
        for label in results.study.config[section]:
            if label in used[section]:
                spec = results.study.config[section][label]
                rows.append(_row(kind, label, spec.get("method"), spec))
    table = Table("Methods of this study.", ["kind", "label", "method, options", "citation"], rows)
    return Section("Methods", [*_labels_at_test(results.study, used["adjustments"]), table])


def _labels_at_test(study: Study, adjustments: set[str]) -> list[Block]:
    """Which adjustments read the populations of those whom they predict, which others do without."""
    reading = [
        name for name in study.config["adjustments"] if name in adjustments and reads_labels(study, name)
    ]
    if not reading:
        return []
    verb = "reads" if len(reading) == 1 else "read"
    said = f"{listed(reading)} {verb} the population labels of test individuals, too; all other adjustments of this"
    return [Text(f"{said} study predict people without them.", strong="Labels at test.")]


def _row(kind: str, label: str, name: str | None, spec: dict) -> list[str]:
    options = ", ".join(f"{key} {value}" for key, value in (spec.get("options") or {}).items())
    method = str(name or spec.get("file"))
    try:
        citation = registry.describe(kind, method, spec.get("file")).citation
    except UserError:
        citation = ""
    return [kind, label, f"{method}: {options}" if options else method, " ".join(citation.split())]
