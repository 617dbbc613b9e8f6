"""Corrections by their rank in each replicate, for readers who want no normal distribution."""

from stratbench.core.words import counted
from stratbench.report.analysis.numbers import NOTHING, plain
from stratbench.report.analysis.ranks import MANY, Ranks, ranked
from stratbench.report.analysis.results import Group, Results
from stratbench.report.page import Block, Section, Table, Text
from stratbench.report.text._parts import images

ORDER = 65


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    for group in results.groups:
        blocks += [
            *images(results, "ranks", group.keys),
            *(_table(group, one) for one in ranked(results, group)),
        ]
    if not blocks:
        return None
    first = Text(
        "Each replicate ranks the adjustments of a model by the accuracy of f within populations; 1 is the most "
        "accurate. Wilcoxon's signed-rank test compares each with no correction; its p values are adjusted by Holm "
        "within a table. Friedman's test of all adjustments, and the critical difference of two mean ranks (Nemenyi), "
        f"need {MANY} replicates. No claim of this report rests on ranks."
    )
    return Section("Corrections by rank", [first, *blocks])


def _table(group: Group, one: Ranks) -> Table:
    said = f"Friedman's test needs {MANY} replicates and three adjustments"
    if one.friedman is not None and one.critical is not None:
        chi2, p = one.friedman
        said = (
            f"Friedman's chi-squared {plain(chi2, 1)}, p {plain(p, 4)}; mean ranks further apart than "
            f"{plain(one.critical)} differ (Nemenyi, 5%)"
        )
    rows = [
        [name, plain(mean), plain(one.wilcoxon[name], 4) if name in one.wilcoxon else NOTHING]
        for name, mean in sorted(one.mean.items(), key=lambda item: item[1])
    ]
    caption = f"{one.model}, {group.title}; n = {counted(one.n, 'replicate')}. {said}."
    if one.left_out:
        caption += f" Not ranked, as too few replicates have a number: {', '.join(one.left_out)}."
    return Table(caption, ["adjustment", "mean rank", f"Wilcoxon's p against {group.baseline}"], rows)
