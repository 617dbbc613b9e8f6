"""Sentences on what models learned, what corrections removed and cost, and what changed in the SNPs.

Each is a rule on findings (``analysis/findings.py``), which intervals force: of a whole study for the answer, of one
trait for the section on it.
"""

from collections.abc import Sequence

from stratbench.report.analysis.changes import FALLS, OPEN, RISES, SAME, UNCLEAR
from stratbench.report.analysis.dial import label
from stratbench.report.analysis.findings import (
    NOTHING_THERE,
    Findings,
    Price,
    Reordering,
    answered,
    chosen,
)
from stratbench.report.analysis.numbers import interval, plain, signed
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import ANCESTRY, SHORTCUT, control
from stratbench.report.wording import LEARNED, MOST_CLAUSES, fates, few, gathered, level, named, once, traits


def lessons(results: Results, found: Findings, numbers: bool = True) -> str:
    """What models learned without correction, trait by trait; ``numbers`` gives that of the pure shortcut."""
    if not found.lessons:
        failed = found.controls.failed
        why = "because no model passed its positive control" if failed else "beyond the controls"
        return f"Nothing is said of what was learned, {why}."
    alike, models = _alike(found), once(one.model for one in found.lessons)
    agreed = all(len(set(whats.values())) == 1 for whats, _ in alike)
    clauses: list[str] = []
    for whats, groups in alike[:MOST_CLAUSES]:
        number = _shortcut_level(results, found, groups) if numbers else ""
        source = f"from {traits(results, groups, number)},"
        if agreed:
            who = "" if clauses else f"{models[0] if len(models) == 1 else 'every model'} learned "
            clauses.append(f"{source} {who}{LEARNED[next(iter(whats.values()))]}")
        else:
            clauses.append(f"{source} {_each(whats)}")
    if len(alike) > MOST_CLAUSES:
        clauses.append("other traits differ")
    baselines = once(one.group.baseline for one in found.lessons if one.group.baseline != "none")
    under = f" (all under {few(baselines)})" if baselines else ""
    return f"{_at(results)}{'; '.join(clauses)}{under}."


def _each(whats: dict[str, str]) -> str:
    """'linear learned biology, cnn nothing'."""
    by: dict[str, list[str]] = {}
    for model, what in whats.items():
        by.setdefault(what, []).append(model)
    parts = [
        f"{few(models)}{'' if k else ' learned'} {LEARNED[what]}"
        for k, (what, models) in enumerate(by.items())
    ]
    return ", ".join(parts)


def _alike(found: Findings) -> list[tuple[dict[str, str], list[Group]]]:
    """What each model learned, with the groups from which they learned just this; measured traits apart."""
    by: dict[str, dict[str, str]] = {}
    groups = {one.group.name: one.group for one in found.lessons}
    for one in found.lessons:
        by.setdefault(one.group.name, {})[one.model] = one.what
    same: dict[tuple[object, ...], list[str]] = {}
    for name, whats in by.items():
        agreed = len(set(whats.values())) == 1
        key = set(whats.values()) if agreed else whats.items()
        same.setdefault((groups[name].measured, *key), []).append(name)
    return [
        (
            {model: what for name in names for model, what in by[name].items()},
            [groups[name] for name in names],
        )
        for names in same.values()
    ]


def _at(results: Results) -> str:
    """'at Hudson FST .1, ' where the study has a dial, whose strongest point the answer is about."""
    dial = results.study.dial
    if dial is None:
        return ""
    scenarios = {group.scenario for group in answered(results)}
    points = [point for point in dial.points if point.scenario in scenarios]
    return f"at {dial.title} {label(points[-1])}, " if points else ""


def _shortcut_level(results: Results, found: Findings, groups: Sequence[Group]) -> str:
    """': mlp .69, .65 to .73; guessing .50' of the chosen network on the first pure shortcut of these groups."""
    here = [one for one in found.lessons if one.group in groups and control(results, one.group) == SHORTCUT]
    here = [one for one in here if one.what == ANCESTRY]
    here.sort(key=lambda one: one.model != chosen(results))
    return (
        f": {here[0].model} {level(here[0].overall)}; guessing {plain(here[0].group.chance)}" if here else ""
    )


def corrected(results: Results, found: Findings) -> str:
    """What the corrections removed, and what that cost."""
    if not found.lessons:
        return ""
    if not found.corrected:
        uncorrected = all(one.group.baseline == "none" for one in found.lessons)
        return "No correction was tried." if uncorrected else "There is no uncorrected model to compare with."
    groups = [one.group for one in found.removals]
    clauses = fates(results, found.removals)
    open_ = [one for one in found.removals if one.outcome in (UNCLEAR, OPEN)]
    for labels, models in gathered((one.adjustment, one.model) for one in open_):
        it, by = "it" if clauses else "ancestry", named(results, labels, groups, 2, "corrections")
        clauses.append(f"whether {by} removed {it} from {few(models)} is not shown")
    none = once(one.model for one in found.removals if one.outcome == NOTHING_THERE)
    if none:
        clauses.append(f"{few(none)} had no ancestry to lose")
    if not found.removals:
        clauses.append("without several labelled populations nobody can say what corrections removed")
    return "; ".join([*clauses[:MOST_CLAUSES], *_price(results, found.prices)]) + "."


def _price(results: Results, prices: Sequence[Price]) -> list[str]:
    """What biology, the accuracy within populations, the corrections cost; blank where there was none to lose."""
    real = [one for one in prices if one.biology]
    prices, what = (real, "biology") if real else (prices, "accuracy")
    groups = [one.group for one in prices]
    by: dict[str, list[Price]] = {}
    for one in prices:
        by.setdefault(one.outcome, []).append(one)
    said = []
    if FALLS in by:
        worst = min(by[FALLS], key=lambda one: one.row["mean"])
        names = named(results, once(one.adjustment for one in by[FALLS]), groups)
        upto = "" if len(by[FALLS]) == 1 else "up to "
        much = f"{upto}{signed(worst.row['mean'])}, {interval(worst.row, signed)}"
        said.append(f"{names} cost {few(one.model for one in by[FALLS])} {what} ({much})")
    if RISES in by:
        names = named(results, once(one.adjustment for one in by[RISES]), groups)
        said.append(f"{names} brought {few(one.model for one in by[RISES])} more {what}")
    if UNCLEAR in by or OPEN in by:
        said.append("other costs are unknown" if said else f"the cost to {what} is unknown")
    elif SAME in by and not said:
        said.append(f"{what} stayed")
    return said


def reordered(results: Results, found: Findings) -> str:
    """Whether corrections reorder the SNPs more than training on other people, and what that does for causal ones."""
    if not found.corrected or not found.lessons:
        return ""
    if not any(one.group.attributions for one in found.lessons):
        return "No model's SNPs were ranked."
    if not found.reorderings:
        return "Nothing is said of them: no model is shown to have learned biology with and without a correction."
    kinds: dict[str, list[Reordering]] = {}
    for one in found.reorderings:
        kinds.setdefault(_than(one), []).append(one)
    known = {than: members for than, members in kinds.items() if than != NOT_KNOWN}
    if mostly := _most(known):
        here = [one for members in known.values() for one in members]
        clauses = [_where(here, found.reorderings) + mostly.format("most corrections")]
    else:
        clauses = [
            _where(members, found.reorderings) + than.format(_corrections(results, than, members))
            for than, members in list((known or kinds).items())[:MOST_CLAUSES]
        ]
        clauses += ["otherwise unknown"] if known and NOT_KNOWN in kinds else []
    return "; ".join([*clauses, *_recovered(results, found.prices)]) + "."


def _corrections(results: Results, than: str, members: Sequence[Reordering]) -> str:
    """The names of the corrections that a clause is about, or 'every correction'."""
    labels, groups = once(one.adjustment for one in members), [one.group for one in members]
    return named(results, labels, groups, 2, "corrections" if than == NOT_KNOWN else "every correction")


def _most(known: dict[str, list[Reordering]]) -> str:
    """The clause that nearly all models and corrections share, where others are few beside them; blank if none is.

    At least three corrections must have been tried, and four of five of the models and corrections agree.
    """
    if len(known) < 2:
        return ""
    first, everyone = max(known, key=lambda than: len(known[than])), sum(map(len, known.values()))
    tried = once(one.adjustment for members in known.values() for one in members)
    return first if len(tried) >= 3 and 5 * len(known[first]) >= 4 * everyone else ""


def _where(members: Sequence[Reordering], everyone: Sequence[Reordering]) -> str:
    """'for mlp on confounded, ' where not all models, or not all traits, are meant; blank for all."""
    models, all_models = (once(one.model for one in rows) for rows in (members, everyone))
    who = few(models) if len(models) < len(all_models) else ""
    here, there = (once(one.group.trait for one in rows) for rows in (members, everyone))
    where = few(here) if len(here) < len(there) else ""
    parts = " on ".join(filter(None, (who, where)))
    return f"for {parts}, " if parts else ""


NOT_KNOWN = "whether {} reordered the SNPs more than training on resampled people is unknown"


def _than(one: Reordering) -> str:
    """A clause on how far a correction reorders the SNPs, with a gap for the corrections."""
    if one.outcome in (UNCLEAR, OPEN):
        return NOT_KNOWN
    if one.outcome == RISES and one.beyond_placebo:
        return "{} reordered the SNPs more than training on resampled people or shuffled PCs"
    but = ", but not clearly more than shuffled PCs" if one.beyond_placebo is False else ""
    much = {
        RISES: f"more than training on resampled people{but}",
        SAME: "no more than training on resampled people",
        FALLS: "less than training on resampled people",
    }
    return "{} reordered the SNPs " + much[one.outcome]


def _recovered(results: Results, prices: Sequence[Price]) -> list[str]:
    """Which corrections let models find clearly more or fewer of the causal SNPs."""
    said = []
    for outcome, much in ((RISES, "more"), (FALLS, "fewer")):
        here = [(one.adjustment, one.model) for one in prices if one.recovery == outcome]
        for labels, models in gathered(here)[:1]:
            names = named(results, labels, [one.group for one in prices])
            said.append(f"with {names} {few(models)} found {much} of the causal ones")
    return said
