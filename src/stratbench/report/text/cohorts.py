"""Who was studied: sizes, quality control, structure, and what the traits are."""

from pathlib import Path

from stratbench.core.words import counted
from stratbench.genotypes import tables
from stratbench.popgen import AXES
from stratbench.report.analysis import qc
from stratbench.report.analysis.cohorts import few_axes, fst_pairs
from stratbench.report.analysis.numbers import NOTHING, plain
from stratbench.report.analysis.results import Results, scenarios
from stratbench.report.analysis.traits import kept
from stratbench.report.page import Block, Heading, Image, Section, Table, Text
from stratbench.report.text._parts import images
from stratbench.report.text._phrases import describe
from stratbench.study.study import Cohort

ORDER = 50


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    for scenario, cohorts in scenarios(results.study).items():
        blocks.append(Heading(results.study.shown(scenario)))
        blocks.append(Text(_about(results, scenario, len(cohorts))))
        if cohorts[0].real:
            blocks += [Text(line) for line in _unmatched(results, cohorts[0])]
        for image in images(results, "cohorts", scenario):
            blocks += _shown(results, scenario, image)
            if image.figure == "pca":
                blocks += [Text(said)] if (said := _few(results, scenario)) else []
            if image.figure == "qc" and cohorts[0].real:
                blocks.append(_waterfall(results, scenario))
    if results.groups:
        blocks += [Heading("Traits"), *images(results, "cohorts", "traits")]
        blocks.append(_traits(results))
    return Section("Cohorts and traits", blocks)


def _shown(results: Results, scenario: str, image: Image) -> list[Block]:
    """A picture, or a sentence instead of one that would be empty."""
    if image.figure == "fst" and fst_pairs(results, scenario).empty:
        return [Text("There is one population here, so there is no FST to show.")]
    return [image]


def _about(results: Results, scenario: str, count: int) -> str:
    steps = qc.steps(results, scenario)
    left = {unit: table["left"].iloc[-1] for unit, table in steps.groupby("unit")}
    people, snps = left.get("individuals", 0), left.get("SNPs", 0)
    size = f"{counted(round(people), 'individual')} and {counted(round(snps), 'SNP')} after quality control"
    unlabelled = steps.loc[steps["step"] == "population", "removed"].sum()
    size += f", without {counted(int(unlabelled), 'individual')} who had no population" if unlabelled else ""
    said = results.cohort_file(scenario)
    if results.study.config["cohorts"][scenario].get("real"):
        more = [str(said[key]) for key in ("title", "note", "citation", "licence") if said.get(key)]
        return ". ".join([f"A real cohort: {size}", *(text.strip().rstrip(".") for text in more)]) + "."
    spec = results.study.config["cohorts"][scenario]["simulate"]
    name = spec.get("demography") or "a demography of the user's"
    mean = ", on average" if count > 1 else ""
    return f"Simulated ({name}), {counted(count, 'replicate')}: {size}{mean}."


def _unmatched(results: Results, cohort: Cohort) -> list[str]:
    """A sentence for each table of a real cohort whose ids are not those of the .fam."""
    rows = results.table(tables.MATCHED, results.paths.raw_tables, cohort).to_dict("records")
    return [
        f"Of {counted(row['individuals'], 'individual')} in the .fam, {row['without_row']:,} have no row in the table "
        f"{Path(row['table']).name}, and so no values of its columns; {row['strangers']:,} of the table's "
        f"{counted(row['rows'], 'row')} match nobody and are left out."
        for row in rows
        if row["without_row"] or row["strangers"]
    ]


def _few(results: Results, scenario: str) -> str:
    """A remark if a split has fewer PCs than asked for, or many for the people of the fit; else blank."""
    fewest, most = few_axes(results, scenario)
    said = []
    if fewest is not None:
        said.append(
            f"{counted(fewest, 'PC')} could be had of the {AXES} that are asked for: there are fewer axes than people "
            "whom they are fitted on, and no more than SNPs that PCs may use. What asks for more uses these."
        )
    if most is not None:
        axes, people = most
        said.append(
            f"{counted(axes, 'PC')} from {counted(people, 'unrelated training individual')}, more than one for three "
            "people: later PCs follow single people rather than ancestry, and adjusting for them removes signal, too."
        )
    return " ".join(said)


def _waterfall(results: Results, scenario: str) -> Table:
    return Table(
        f"Quality control of {results.study.shown(scenario)}: each step in order; structure SNPs are those that PCs "
        "and GRM may use.",
        ["step", "of", "removes, if", "removed", "left"],
        [
            [
                row["step"],
                row["unit"],
                qc.shown(row["threshold"]),
                f"{row['removed']:,.0f}",
                f"{row['left']:,.0f}",
            ]
            for row in qc.steps(results, scenario).to_dict("records")
        ],
    )


def _traits(results: Results) -> Table:
    rows = []
    for group in results.groups:
        said = results.trait(group)
        parts = kept(said) if said else {}
        number, cases = (said.n, said.n_cases) if said else (None, None)
        rows.append(
            [
                group.trait,
                group.shown,
                group.split,
                describe(results, group),
                group.kind,
                f"{number:,}" if number else NOTHING,
                f"{cases:,}" if cases is not None else NOTHING,
                *(plain(parts.get(part)) for part in ("genetic", "environment", "noise")),
            ]
        )
    head = [
        "trait", "scenario", "split", "what it is", "kind", "individuals", "cases", "genetic share",
        "environment share", "noise share",
    ]  # fmt: skip
    return Table(
        "Traits; counts and realised shares of liability variance, of who is kept, of the first replicate.",
        head,
        rows,
    )
