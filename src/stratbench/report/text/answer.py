"""The answer at the top of the page: the controls, then a sentence each on what was learned, removed and changed."""

import re

from stratbench.report.analysis.changes import ENOUGH
from stratbench.report.analysis.findings import Controls, Findings, findings
from stratbench.report.analysis.results import Results
from stratbench.report.page import Block, Text
from stratbench.report.text._sentences import corrected, lessons, reordered
from stratbench.report.wording import begun, few, spelled

MOST_NUMBERS = 8  # of the answer
NUMBER = re.compile(r"(?<![\w.-])\d*\.?\d+")
NO_MODEL = "No model was asked for, so nothing is said of networks; the association tests stand below."
FAILED = "No model was trained with success: there is no answer. Why is told under 'Failures and gaps'."


def answer(results: Results) -> list[Block]:
    """The answer: the controls, then what was learned, what corrections removed, and what changed in the SNPs."""
    found = findings(results)
    if not found.trained:
        return [Text(FAILED if any(group.models for group in results.groups) else NO_MODEL)]
    trusted, removed, snps = believed(results, found), corrected(results, found), reordered(results, found)
    learned = lessons(results, found, True)
    if sum(len(NUMBER.findall(text)) for text in (trusted, learned, removed, snps)) > MOST_NUMBERS:
        learned = lessons(results, found, False)
    said = {"Controls:": trusted, "Learned:": learned, "Corrected:": removed, "SNPs:": snps}
    return [Text(begun(results.study, text), strong=title) for title, text in said.items() if text]


def believed(results: Results, found: Findings) -> str:
    """How the controls came out, a failed one first, and what so many replicates can show."""
    sentences = [*_controls(found.controls), _how_many(results, found)]
    return " ".join(begun(results.study, text) for text in sentences if text)


def _how_many(results: Results, found: Findings) -> str:
    """What replicates, or splits of one cohort, are behind the intervals, and whether they can show a change."""
    n = max((results.replicates(one.group) for one in found.lessons), default=0)
    if n == 1:
        return "One cohort: intervals are over its test people."
    one_cohort = bool(n) and all(one.group.unit == "split" for one in found.lessons)
    units = "splits" if one_cohort else "replicates"
    if n and n < ENOUGH:
        return f"{spelled(n)} {units} are too few to claim a change."
    if one_cohort:
        return f"One cohort, {spelled(n)} splits: intervals allow for their overlap."
    return f"{spelled(n)} replicates." if n else ""


def _controls(controls: Controls) -> list[str]:
    said = []
    if controls.failed:
        its, be = ("its", "is") if len(controls.failed) == 1 else ("their", "are")
        said.append(f"{few(controls.failed)} failed {its} positive control and {be} left out.")
    if controls.passed:
        every = not controls.failed and not controls.untested and len(controls.passed) > 1
        who = "every model" if every else few(controls.passed)
        quiet = bool(controls.quiet) and not controls.alarms
        if every and quiet:
            said.append("every model passed its controls.")
        else:
            said.append(f"{who} passed the positive control{'; none learned from noise' if quiet else ''}.")
    elif not controls.failed:
        said.append("No positive control says whether these models can learn.")
    if controls.untested and (controls.passed or controls.failed):
        said.append(f"{few(controls.untested)} had no positive control.")
    if controls.alarms:
        said.append(f"{few(controls.alarms)} learned something from pure noise.")
    return said
