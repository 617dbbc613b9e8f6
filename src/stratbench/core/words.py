"""Numbers with their nouns, for logs, messages and the report."""


def counted(count: int, one: str, many: str | None = None) -> str:
    """``1 individual``, ``1,200 individuals``; ``many`` is the plural where it is not ``one`` with an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
