"""Checks of a config's traits before any rule is built. Each function yields (place, message).

Places lie below ``traits.<label>``. Errors that only genotypes or samples.tsv show are refused where the trait is
simulated, by the same rules (``options.problems``, ``ascertain.problems``).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stratbench.cohorts.real.cohort_file import columns as cohort_columns
from stratbench.core.words import counted
from stratbench.datasets import options as rules
from stratbench.methods.registry import nearest

Problem = tuple[tuple[str, ...], str]
Entry = Mapping[str, Any]
MEASURED: Mapping[str, Any] = {
    "environment_shape": "populations",
    "prevalence": None,
    "population_effects": None,
    "deme": None,
    "causal_populations": None,
}


def alone(entry: Entry) -> Iterator[Problem]:
    """Options that contradict each other, or that need more SNPs than the model sees."""
    given = entry.get("simulate")
    yield from _ascertainment(
        entry, given["kind"] if given else "binary"
    )  # a measured trait's kind comes later
    if given is None:
        return
    yield from ((("simulate", name), message) for name, message in rules.problems(given))
    snps = entry["snps"]
    wanted = rules.causal_snps(given)
    if snps is not None and wanted > snps and not given["untyped"]:
        yield (
            ("simulate", "causal"),
            f"{counted(wanted, 'causal SNP')}, but the model sees only {snps} (snps)",
        )


def _ascertainment(entry: Entry, kind: str) -> Iterator[Problem]:
    """The problems that ``ascertain.problems`` finds in an ascertainment."""
    if entry.get("ascertain"):
        from stratbench.datasets.ascertain import problems  # imports numpy: most configs have none

        yield from ((("ascertain", name), message) for name, message in problems(entry["ascertain"], kind))


def kind_of(entry: Entry, declared: Mapping[str, Any]) -> str:
    """``binary`` or ``quantitative``; blank for a measured trait that its cohort does not declare."""
    if entry.get("simulate"):
        return str(entry["simulate"]["kind"])
    return str(declared.get("traits", {}).get(entry["measured"], {}).get("kind", ""))


def twins(traits: Mapping[str, Entry]) -> Iterator[Problem]:
    """Twins, traits that share their draws, whose options give them different genetic values."""
    groups: dict[str, list[str]] = {}
    for label, entry in traits.items():
        if "simulate" in entry:
            groups.setdefault(entry["simulate"]["twin"] or label, []).append(label)
    for first, *others in groups.values():
        for other in others:
            one, two = traits[first], traits[other]
            apart = [name for name in rules.GENETIC if one["simulate"][name] != two["simulate"][name]]
            if one["snps"] != two["snps"] and not one["simulate"]["untyped"]:
                apart.append("snps")
            if apart:
                message = (
                    f"'{other}' and '{first}' are twins but differ in {', '.join(apart)}; make these equal"
                )
                yield (other, "simulate"), f"{message}, or give one another twin"


def in_real(entry: Entry, cohort: str, declared: Mapping[str, Any]) -> Iterator[Problem]:
    """Traits and columns that a real cohort does not declare. Its populations are known only from its files."""
    options = entry.get("simulate")
    if options is None:
        yield from _ascertainment(entry, kind_of(entry, declared) or "binary")
    if options and declared["population"] is None and (what := rules.needs_populations(options)):
        yield ("simulate",), f"{what} needs populations, but '{cohort}' declares none"
    elif declared["population"] is None:
        for place, _, _ in named(entry):
            yield place, f"names populations, but '{cohort}' declares none"
    if options and options["family_environment"] > 0 and declared["family"] == "none":
        yield ("simulate", "family_environment"), f"'{cohort}' declares no families; set it to 0"
    if options:
        yield from _columns(options, cohort, cohort_columns(declared))


def _columns(options: Mapping[str, Any], cohort: str, known: Sequence[str]) -> Iterator[Problem]:
    """Columns of a gradient that a cohort's samples.tsv lacks."""
    for column in options["gradient"]:
        if column not in known:
            message = f"samples of '{cohort}' have no column '{column}': {nearest(column, sorted(known))}"
            yield ("simulate", "gradient"), message


def named(entry: Entry) -> Iterator[tuple[tuple[str, ...], list[str], bool]]:
    """The options that name populations: place, names, and whether every population must be there."""
    for option, names, every in rules.by_population(entry.get("simulate") or MEASURED):
        yield ("simulate", option), names, every
    for option in ("cases", "controls", "case_share"):
        value = (entry.get("ascertain") or {}).get(option)
        if isinstance(value, Mapping):
            yield ("ascertain", option), list(value), True


def in_simulated(
    entry: Entry, cohort: str, size: Mapping[str, int], columns: Sequence[str]
) -> Iterator[Problem]:
    """What a simulated cohort lacks: populations, columns, or enough cases or controls.

    Args:
        entry: the trait.
        cohort: the cohort's label.
        size: how many individuals of each population it has.
        columns: the columns that its demography adds to samples.tsv.

    Returns:
        An iterator over (place, message).
    """
    known, sound = sorted(size), True
    for place, names, every in named(entry):
        absent = [name for name in known if every and name not in names]
        for name in sorted(set(names) - set(known)):
            sound = False
            yield (*place, name), f"'{cohort}' has no population '{name}': {nearest(name, known)}"
        if absent:
            sound = False
            yield place, f"no value for {', '.join(absent)} of '{cohort}'"
    if "simulate" in entry:
        if len(known) < 2 and (what := rules.needs_populations(entry["simulate"])):
            yield ("simulate",), f"{what} needs two populations or more, but '{cohort}' has one"
        yield from _columns(entry["simulate"], cohort, columns)
        yield from _too_many(entry, cohort, size) if sound else ()


def asks_of_demography(entry: Entry) -> bool:
    """Whether ``in_simulated`` has anything to check: it spares the import of a demography."""
    options = entry.get("simulate")
    asked = any(True for _ in (*named(entry), *_asked(entry.get("ascertain") or {})))
    return asked or bool(options and (options["gradient"] or rules.needs_populations(options)))


def _too_many(entry: Entry, cohort: str, size: Mapping[str, int]) -> Iterator[Problem]:
    """Classes are cut at quantiles, so that the size of each is known up to rounding, and up to QC."""
    for option, name, wanted in _asked(entry.get("ascertain") or {}):
        overall, each = _expected(name, entry["simulate"]["prevalence"], size)
        groups = wanted if isinstance(wanted, Mapping) else {"": wanted}
        for population, n in groups.items():
            most = each[population] if population else overall
            of = f" of {population}" if population else ""
            if n > most + 1:
                message = f"{n} {name}{of} asked for, but '{cohort}' has about {most:.0f}"
                yield ("ascertain", option), f"{message}; ask for fewer or raise its individuals"


def _asked(ascertain: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """The numbers that an ascertainment asks for: option, class, and a number or one of each population."""
    first = ascertain.get("first")
    for name in ("cases", "controls"):
        if ascertain.get(name) is not None:
            yield name, name, ascertain[name]
        if first is not None:
            yield "first", name, first[name] if isinstance(first, Mapping) else first


def _expected(
    name: str, prevalence: float | Mapping[str, float], size: Mapping[str, int]
) -> tuple[float, dict[str, float]]:
    """The expected size of a class in all, and its largest possible size in each population."""
    if isinstance(prevalence, Mapping):
        part = {key: share if name == "cases" else 1 - share for key, share in prevalence.items()}
        each = {key: part[key] * n for key, n in size.items()}
        return sum(each.values()), each
    overall = (prevalence if name == "cases" else 1 - prevalence) * sum(size.values())
    return overall, {key: min(n, overall) for key, n in size.items()}
