"""One family as a pedigree: squares are male, circles female, a generation in each row."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from stratbench.report import style


@dataclass(frozen=True)
class Member:
    iid: str
    father: str
    mother: str
    male: bool
    generation: int
    genotyped: bool


def family(people: pd.DataFrame) -> tuple[Member, ...]:
    """Select the first family of at least two members from a pedigree; empty if there is none.

    ``demographies/methods/family.py`` says which columns a pedigree has.
    """
    sizes = people["family"].value_counts(sort=False)
    names = sizes.index[sizes > 1]
    rows = people[people["family"] == names[0]].to_dict("records") if len(names) else []
    return tuple(
        Member(
            row["iid"],
            row["father"],
            row["mother"],
            row["sex"] == 1,
            int(row["generation"]),
            bool(row["genotyped"]),
        )
        for row in rows
    )


def _columns(members: tuple[Member, ...]) -> dict[str, float]:
    """Find the horizontal place of each member, so that parents stand above their children and beside each other.

    The youngest generation is placed first, and each older one by the places of its children.
    """
    place: dict[str, float] = {}
    for k, child in enumerate(member for member in members if member.generation == 0):
        place[child.iid] = float(k)
    for generation in sorted({member.generation for member in members} - {0}):
        wanted = {}
        for member in members:
            if member.generation == generation:
                below = [
                    place[c.iid] for c in members if member.iid in (c.father, c.mother) and c.iid in place
                ]
                own = member.father != "0"  # whoever descends from the family stands left of a spouse
                wanted[member.iid] = (sum(below) / len(below) if below else float(len(place)), not own)
        last = -1.0
        for iid in sorted(wanted, key=lambda name: wanted[name]):
            last = place[iid] = max(wanted[iid][0], last + 1.0)
    return place


def draw_family(axis: Any, members: tuple[Member, ...]) -> None:
    place = _columns(members)
    for member in members:
        if member.father in place and member.mother in place:
            parents = (place[member.father] + place[member.mother]) / 2
            up = member.generation + 1
            axis.plot(
                [place[member.father], place[member.mother]], [up] * 2, color=style.QUIET, lw=1, zorder=1
            )
            axis.plot([parents, parents, place[member.iid], place[member.iid]],
                      [up, up - 0.45, up - 0.45, member.generation], color=style.QUIET, lw=1, zorder=1)  # fmt: skip
    for member in members:
        axis.plot(
            [place[member.iid]], [member.generation], "s" if member.male else "o", ms=11, mew=1.3, zorder=2,
            mec=style.INK, mfc="#9fb8c8" if member.genotyped else "white",
        )  # fmt: skip
    generations = sorted({member.generation for member in members})
    axis.set_yticks(generations, ["youngest" if g == 0 else f"{g} before" for g in generations])
    axis.set_xticks([])
    axis.tick_params(length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)
    axis.margins(0.1, 0.15)
    axis.set_title("one of the families (filled: genotyped)")
