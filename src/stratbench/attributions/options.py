"""Options that every attribution has, beside those of its own file. They are read without importing the package."""

OPTIONS = {
    "by": {
        "type": "array",
        "items": {"enum": ["class", "population", "block"]},
        "uniqueItems": True,
        "default": [],
        "description": "further scores: of each class, of each population, of each LD block",
    },
    "effect": {
        "enum": ["direct", "total"],
        "default": "direct",
        "description": "of f at fixed PCs, or of the score whose PCs follow the genotype",
    },
}
