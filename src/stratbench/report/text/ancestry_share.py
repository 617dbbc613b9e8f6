"""What share of an uncorrected network's output is ancestry, beyond that of the truth and of genes alone."""

from stratbench.report.analysis.ancestry_share import METRIC, UNCORRECTED, Beyond, Share, asked, shares
from stratbench.report.analysis.best_ranking import LEAST, is_linear
from stratbench.report.analysis.findings import findings
from stratbench.report.analysis.numbers import estimate, listed, signed
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import LEARNED, verdict
from stratbench.report.page import Block, Heading, Section, Text
from stratbench.report.text._parts import fits_table

ORDER = 24
TRUTHS = (
    ("true liability", "ceiling-liability"),
    ("true genetic value", "ceiling-genetic"),
    ("genetic + environment", "ceiling-genetic-environment"),
)


def build(results: Results) -> Section | None:
    groups = [group for group in results.groups if asked(results, group)]
    if not groups:
        return None
    first = Text(
        "What share of the variance of an uncorrected network's output (a logit, of a case/control trait) lies between "
        "populations, over test people? Genes differ between populations, too: so it is compared, replicate by "
        "replicate, with the same share of the true liability, and with what there would be without environment, which "
        "is the network's share on a twin of the trait with the same genes and no environment or, where a study has no "
        "twin, that of the true genetic value. The liability holds noise, which no output can hold; the share of genes "
        "and environment alone stands in the tables. Brackets hold 95% intervals of one number each (Student's t), n "
        "counts replicates."
    )
    failed = findings(results).controls.failed
    return Section(
        "Ancestry in the output", [first, *(b for group in groups for b in _about(results, group, failed))]
    )


def _about(results: Results, group: Group, failed: tuple[str, ...]) -> list[Block]:
    learned = [
        model
        for model in group.models
        if model not in failed and verdict(results, group, model, UNCORRECTED) == LEARNED
    ]
    found, few = shares(results, group, learned)
    said = [_of(one) for one in found]
    networks = [model for model in learned if not is_linear(results, model)]
    if not networks:
        said.append("No uncorrected network is shown to have learned, so that nothing is said of one.")
    for model, n in few.items():
        said.append(
            f"{model}: an interval takes {LEAST} replicates with its share and that of the truth; {_has(n)}."
        )
    columns = [("between-population share of f", {"metric": METRIC})]
    table = fits_table(results, group, "Share of variance between populations", columns, TRUTHS)
    return [Heading(group.title), Text(" ".join(said)), *([table] if table is not None else [])]


def _has(count: int) -> str:
    return f"there is {count}" if count == 1 else f"there are {count}"


def _of(one: Share) -> str:
    """One model's share, and by how much it exceeds each mark."""
    twin = one.without_environment.twin
    free = f"its own on the twin without environment, {twin}" if twin else "the true genetic value"
    parts = [_beyond(one.liability, "the true liability"), _beyond(one.without_environment, free)]
    own = f"{estimate(one.value)} of the variance of its output"
    return f"{one.model}: {own} lies between populations, {listed(parts)}."


def _beyond(mark: Beyond, what: str) -> str:
    low, high = mark.difference["ci_low"], mark.difference["ci_high"]
    than = (
        "more than" if low > 0 else "less than" if high < 0 else "neither clearly more nor clearly less than"
    )
    return (
        f"{than} that of {what}, {estimate(mark.value)} (a difference of {estimate(mark.difference, signed)})"
    )
