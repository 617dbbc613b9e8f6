"""What the headline figure and the question-by-question text are about: a few groups, or a few courses of the dial."""

from stratbench.report.analysis.dial import Course, courses, strongest
from stratbench.report.analysis.findings import KEPT, Findings, chosen
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import NULL, POSITIVE, SHORTCUT, control
from stratbench.study.study import Study

MOST_TRAITS, MOST_ROWS, MOST_PANELS = 4, 6, 3


def headline_groups(study: Study, groups: list[Group]) -> list[Group]:
    """Choose a few groups with trained models: simulated traits, or real ones if no trait is simulated.

    Simulated traits are all of one scenario, which is the one at the strong end of the study's dial, or the first.
    """
    trained = [group for group in groups if group.models]
    simulated = [group for group in trained if not group.real]
    chosen = {group.scenario for group in simulated} & {strongest(study)}
    one = chosen.pop() if chosen else simulated[0].scenario if simulated else ""
    return ([group for group in simulated if group.scenario == one] or trained)[:MOST_TRAITS]


def headline_courses(study: Study, groups: list[Group]) -> list[tuple[Course, str]]:
    """Choose all models of the first trait, and the first model of each other trait, a few at most."""
    trained = [one for one in courses(study, groups) if one.models]
    rows = [
        (one, model) for k, one in enumerate(trained) for model in (one.models if k == 0 else one.models[:1])
    ]
    return rows[:MOST_ROWS]


def headline_panels(results: Results) -> list[Group]:
    """Choose the traits of the headline's panels: a pure shortcut, another simulated trait, a real one, as there are.

    They share one axis, so that all are of one kind, binary or quantitative, where the study has such traits. Controls
    have a strip of their own.
    """
    groups = [group for group in results.groups if group.models]
    groups = [group for group in groups if control(results, group) not in (POSITIVE, NULL)]
    kinds = (
        [group for group in groups if control(results, group) == SHORTCUT],
        [group for group in groups if not group.measured and control(results, group) != SHORTCUT],
        [group for group in groups if group.measured],
    )
    first = [members[0] for members in kinds if members]
    alike = [
        next((g for g in members if g.kind == first[0].kind), members[0]) for members in kinds if members
    ]
    others = [group for group in groups if group not in alike and group.kind == alike[0].kind]
    return [*alike, *others][:MOST_PANELS]


def headline_models(results: Results, found: Findings, groups: list[Group]) -> list[str]:
    """Choose the models with rows: the linear one, the chosen network, and networks that kept ancestry it did not."""
    there = list(dict.fromkeys(model for group in groups for model in group.models))
    network = chosen(results)
    left = {(one.adjustment, one.model) for one in found.removals if one.outcome == KEPT}
    contrast = {model for name, model in left if (name, network) not in left}
    linear = [m for m in there if str(results.study.spec("models", m).get("method", m)) == "linear"][:1]
    wanted = {*linear, network, *contrast}
    shown = [model for model in there if model in wanted and model not in found.controls.failed]
    return shown or there[:2]
