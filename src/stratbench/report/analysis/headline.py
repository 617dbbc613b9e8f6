"""What the headline figure and the question-by-question text are about: a few groups, or a few courses of the dial."""

from stratbench.report.analysis.dial import Course, courses, strongest
from stratbench.report.analysis.results import Group
from stratbench.study.study import Study

MOST_TRAITS, MOST_ROWS = 4, 6


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
