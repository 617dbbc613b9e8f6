"""Each demography stated a second time, as a table in this file's own words and numbers, and compared exactly.

A line is a population with its size today and growth a generation, a symmetric rate of migration between two
populations today, or an event: generations ago, what happens, to whom, how. Numbers were worked out apart from
the code, from the cited papers and formulas. The published models are compared with stdpopsim's too.
"""

import re
from typing import Any

import msprime
import msprime.demography
import numpy as np
import pytest
import stdpopsim

from stratbench.methods import registry
from theory import completed

# options, and the table
STATEMENTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "panmictic": (
        "panmictic",
        {"population_size": 5000},
        "population all 5000 0",
    ),
    # T = 2 x 10000 x .2 / .8
    "star": (
        "split",
        {"fst": 0.2},
        """
        population p1 10000 0
        population p2 10000 0
        population p3 10000 0
        population ancestral 10000 0
        5000 split p1,p2,p3 ancestral
        """,
    ),
    # the oldest split as in the star, the others at a third and two thirds of its time
    "tree": (
        "split",
        {"fst": 0.2, "shape": "tree", "populations": 4, "population_size": 3000},
        """
        population p1 3000 0
        population p2 3000 0
        population p3 3000 0
        population p4 3000 0
        population ancestral2 3000 0
        population ancestral3 3000 0
        population ancestral 3000 0
        500 split p1,p2 ancestral2
        1000 split ancestral2,p3 ancestral3
        1500 split ancestral3,p4 ancestral
        """,
    ),
    # m = (1 / .05 - 1) / (4 x 1000 x 4) = 19 / 16000
    "islands-by-fst": (
        "island",
        {"fst": 0.05, "populations": 4, "population_size": 1000},
        """
        population p1 1000 0
        population p2 1000 0
        population p3 1000 0
        population p4 1000 0
        migration p1 p2 .0011875
        migration p1 p3 .0011875
        migration p1 p4 .0011875
        migration p2 p3 .0011875
        migration p2 p4 .0011875
        migration p3 p4 .0011875
        """,
    ),
    "islands-by-rate": (
        "island",
        {"migration": 0.01, "populations": 2},
        """
        population p1 10000 0
        population p2 10000 0
        migration p1 p2 .01
        """,
    ),
    "recent-lattice": (
        "stepping-stone",
        {"rows": 2, "columns": 3},
        """
        population r1c1 10000 0
        population r1c2 10000 0
        population r1c3 10000 0
        population r2c1 10000 0
        population r2c2 10000 0
        population r2c3 10000 0
        population ancestral 10000 0
        migration r1c1 r1c2 .05
        migration r1c1 r2c1 .05
        migration r1c2 r1c3 .05
        migration r1c2 r2c2 .05
        migration r1c3 r2c3 .05
        migration r2c1 r2c2 .05
        migration r2c2 r2c3 .05
        100 split r1c1,r1c2,r1c3,r2c1,r2c2,r2c3 ancestral
        """,
    ),
    # 20 / (2 x .07 x (1 - cos(pi / 3))) = 20 / .07 generations; then 3 x 10000 individuals
    "perpetual-lattice": (
        "stepping-stone",
        {"rows": 1, "columns": 3, "history": "perpetual"},
        """
        population r1c1 10000 0
        population r1c2 10000 0
        population r1c3 10000 0
        population ancestral 30000 0
        migration r1c1 r1c2 .07
        migration r1c2 r1c3 .07
        285.714285714285714 split r1c1,r1c2,r1c3 ancestral
        """,
    ),
    # 1000 x exp(.004 x 848) and 510 x exp(.0055 x 848)
    "out-of-africa": (
        "out-of-africa",
        {},
        """
        population YRI 12300 0
        population CEU 29725.343546388514 .004
        population CHB 54090.331077946525 .0055
        migration YRI CEU .00003
        migration YRI CHB .000019
        migration CEU CHB .000096
        848 move CHB CEU 1
        848 rate all all 0
        848 rate YRI CEU .00025
        848 rate CEU YRI .00025
        848 size CEU 2100 0
        5600 move CEU YRI 1
        5600 rate all all 0
        8800 size YRI 7300 same
        """,
    ),
    # 1032 x exp(.0038 x 920), 554 x exp(.0048 x 920), 30000 x exp(.05 x 12); a third of all is 2/5 of the rest
    "american-admixture": (
        "american-admixture",
        {},
        """
        population AFR 14474 0
        population EUR 34038.718872685706 .0038
        population ASIA 45851.568512352045 .0048
        population ADMIX 54663.56401171527 .05
        migration AFR EUR .000025
        migration AFR ASIA .0000078
        migration EUR ASIA .0000311
        12 move ADMIX AFR .166666666666666667
        12 move ADMIX EUR .4
        12 move ADMIX ASIA 1
        920 rate all all 0
        920 move ASIA EUR 1
        920 size EUR 1861 0
        920 rate AFR EUR .00015
        920 rate EUR AFR .00015
        2040 rate all all 0
        2040 move EUR AFR 1
        5920 size AFR 7310 same
        """,
    ),
    "family": (
        "family",
        {"founders": "split", "founder_options": {"populations": 2, "fst": 0.2}},
        """
        population p1 10000 0
        population p2 10000 0
        population ancestral 10000 0
        5000 split p1,p2 ancestral
        """,
    ),
}


def told(demography: msprime.Demography) -> list[list[Any]]:
    """A demography in the words of the tables; fails for an event that they have no word for."""
    rows = [["population", p.name, p.initial_size, p.growth_rate] for p in demography.populations]
    names, matrix = [p.name for p in demography.populations], demography.migration_matrix
    assert (matrix == matrix.T).all()
    for i, j in zip(*np.nonzero(np.triu(matrix)), strict=True):
        rows.append(["migration", names[i], names[j], matrix[i, j]])
    for event in demography.events:
        match event:
            case msprime.demography.PopulationSplit():
                rows.append([event.time, "split", ",".join(event.derived), event.ancestral])
            case msprime.demography.MassMigration():
                rows.append([event.time, "move", event.source, event.dest, event.proportion])
            case msprime.demography.MigrationRateChange():
                pair = ["all" if place == -1 else place for place in (event.source, event.dest)]
                rows.append([event.time, "rate", *pair, event.rate])
            case msprime.demography.PopulationParametersChange():
                growth = "same" if event.growth_rate is None else event.growth_rate
                rows.append([event.time, "size", event.population, event.initial_size, growth])
            case _:
                raise AssertionError(f"no word for {event}")
    return rows


def table(text: str) -> list[list[Any]]:
    rows = [line.split() for line in text.strip().splitlines()]
    number = re.compile(r"[\d.]+")
    return [[float(word) if number.fullmatch(word) else word for word in row] for row in rows]


def same(one: Any, other: Any) -> bool:
    """Equal words, or numbers equal to the last digits of a float."""
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    return bool(one == pytest.approx(other, rel=1e-14, abs=0))


@pytest.mark.parametrize("label", STATEMENTS)
def test_a_demography_is_what_its_table_says(label: str) -> None:
    name, options, text = STATEMENTS[label]
    said = told(registry.load("demography", name).demography(completed(name, **options)))
    expected = table(text)
    assert len(said) == len(expected)
    for ours, theirs in zip(said, expected, strict=True):
        assert len(ours) == len(theirs)
        assert all(map(same, ours, theirs)), (ours, theirs)


def test_every_demography_with_events_is_stated() -> None:
    """Independent loci have none: test_ancestry_theory and test_frequencies state their formulas a second time."""
    stated = {name for name, *_ in STATEMENTS.values()}
    assert stated == set(registry.names("demography")) - {"balding-nichols", "frequencies"}


# role, generations ago, sex as in a .fam, father, mother; in the order of the .fam
POPULATION = "all"  # panmictic founders
FAMILIES: dict[str, tuple[dict[str, int], str]] = {
    "a whole family": (
        {"siblings": 3, "half_siblings": 2, "cousins": 1},
        """
        grandfather 2 1 - -
        grandmother 2 2 - -
        son 1 1 grandfather grandmother
        wife 1 2 - -
        child1 0 1 son wife
        child2 0 2 son wife
        child3 0 1 son wife
        other-wife 1 2 - -
        half1 0 1 son other-wife
        half2 0 2 son other-wife
        daughter 1 2 grandfather grandmother
        husband 1 1 - -
        cousin1 0 1 husband daughter
        """,
    ),
    "an only child": (
        {"siblings": 1, "half_siblings": 0, "cousins": 0},
        """
        grandfather 2 1 - -
        grandmother 2 2 - -
        son 1 1 grandfather grandmother
        wife 1 2 - -
        child1 0 1 son wife
        """,
    ),
}


@pytest.mark.parametrize("label", FAMILIES)
@pytest.mark.parametrize("genotyped", ["all", "youngest"])
def test_a_pedigree_is_what_its_table_says(label: str, genotyped: str) -> None:
    """Two families and two unrelated people in one population: the table twice, then them."""
    options, text = FAMILIES[label]
    given = completed("family", families=2, individuals=2, genotyped=genotyped, **options)
    people = registry.load("demography", "family").pedigree(given)
    lines = [line.split() for line in text.strip().splitlines()]
    expected = []
    for k in range(2):
        iid = {line[0]: f"{POPULATION}_{k * len(lines) + at + 1:05d}" for at, line in enumerate(lines)} | {
            "-": "0"
        }
        for role, generation, sex, father, mother in lines:
            young = genotyped == "all" or generation == "0"
            row = (
                iid[role],
                f"{POPULATION}_f{k + 1:04d}",
                iid[father],
                iid[mother],
                int(sex),
                int(generation),
            )
            expected.append((*row, POPULATION, young))
    for sex in (1, 2):
        iid_of = f"{POPULATION}_{2 * len(lines) + sex:05d}"
        expected.append((iid_of, iid_of, "0", "0", sex, 0, POPULATION, True))
    columns = ["iid", "family", "father", "mother", "sex", "generation", "population", "genotyped"]
    assert list(people.columns) == columns
    assert list(people.itertuples(index=False, name=None)) == expected


@pytest.mark.parametrize(
    ("name", "model"),
    [("out-of-africa", "OutOfAfrica_3G09"), ("american-admixture", "AmericanAdmixture_4B18")],
)
def test_published_models_are_those_of_stdpopsim(name: str, model: str) -> None:
    theirs = stdpopsim.get_species("HomSap").get_demographic_model(model).model
    ours = registry.load("demography", name).demography(completed(name))
    ours.assert_equivalent(theirs, rel_tol=1e-12, abs_tol=0)
    assert [p.name for p in ours.populations] == [p.name for p in theirs.populations]
