"""A simulated trait, and an ascertainment, in words."""

from collections.abc import Mapping
from typing import Any

from stratbench.core.words import counted
from stratbench.datasets.options import FORMS, additive


def describe(options: Mapping[str, Any]) -> str:
    """A simulated trait in words."""
    cases = f", {_cases(options['prevalence'])}" if options["kind"] == "binary" else ""
    return f"simulated {options['kind']} trait: {_genes(options)}, {_around(options)}{cases}"


def _cases(prevalence: float | Mapping[str, float]) -> str:
    if isinstance(prevalence, Mapping):
        return "cases " + ", ".join(f"{share:.0%} of {name}" for name, share in sorted(prevalence.items()))
    return f"{prevalence:.0%} cases"


def _genes(options: Mapping[str, Any]) -> str:
    if options["h2"] == 0:
        return "no genes"
    equal = " of equal effects" if options["effects"] == "equal" else ""
    hidden = " (untyped)" if options["untyped"] else ""
    shared = (
        f", {options['causal_shared']:.0%} of them acting everywhere" if options["causal_shared"] < 1 else ""
    )
    removed = ", differences between populations removed" if options["between"] == "removed" else ""
    snps = f"{counted(options['causal'], 'causal SNP')}{equal}"
    if not (options["dominance"] or options["epistasis"]):
        return f"h2 {options['h2']:g} by {snps}{hidden}{shared}{removed}"
    share = additive(options)
    of = [f"additive {share:g} by {snps}"] if share else []
    if options["dominance"]:
        of.append(f"dominance {options['dominance']:g} by {counted(options['dominance_snps'], 'SNP')}")
    if options["epistasis"]:
        of.append(f"epistasis {options['epistasis']:g} by {_pairs(options)}")
    return f"h2 {options['h2']:g} ({', '.join(of)}){hidden}{shared}{removed}"


def _pairs(options: Mapping[str, Any]) -> str:
    form = " and ".join(FORMS[options["epistasis_form"]][: options["epistasis_pairs"]])
    place = {"across": "across chromosomes", "within": "within LD blocks"}[options["epistasis_place"]]
    return f"{counted(options['epistasis_pairs'], 'pair')} {place} ({form})"


def _around(options: Mapping[str, Any]) -> str:
    share, shape = options["environment"], options["environment_shape"]
    size = f"{share:g}" if options["deme_sd"] is None else f"+{options['deme_sd']:g} SD"
    words = {
        "populations": f"environment of populations {size}",
        "smooth": f"environment {size} along {' and '.join(options['gradient'])}",
        "sharp": f"environment {size} in {options['deme'] or 'one population'}",
    }
    around = words[shape] if share > 0 or shape == "sharp" else "no environment"
    family = options["family_environment"]
    return f"{around}, environment of families {family:g}" if family > 0 else around


def ascertained(options: Mapping[str, Any]) -> str:
    """An ascertainment in words, to be put after the words for the trait."""
    if options["first"] is not None:
        first = options["first"]
        many = (
            f"{first['cases']} cases and {first['controls']}"
            if isinstance(first, Mapping)
            else f"{first} cases and"
        )
        return f"the first {many} controls in file order ({options['blocks']} blocks of populations)"
    if options["case_share"] is not None:
        return f"ascertained to {_cases(options['case_share'])}"
    kept = [f"{_number(options[name])} {name}" for name in ("cases", "controls") if options[name] is not None]
    return f"ascertained to {' and '.join(kept)}"


def _number(value: int | Mapping[str, int]) -> str:
    if isinstance(value, Mapping):
        return "/".join(f"{n}" for _, n in sorted(value.items()))
    return str(value)
