"""What results must not tell others: passwords and tokens within addresses, and the name of somebody's home."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LEFT_OUT = "(left out)"
ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*://)(?:[^\s/?#]*@)?([^\s?#]*)(\?[^\s#]*)?(#\S*)?", re.IGNORECASE)


def shared(value: Any) -> Any:
    """A config, or any part of it, as results may show it.

    Every text in it loses what an address has before its host (``user:password@``) and behind its path
    (``?token=...``), and a path within the home directory begins with ``~``. Everything else is the same.
    """
    if isinstance(value, Mapping):
        return {key: shared(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [shared(entry) for entry in value]
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    text = ADDRESS.sub(_address, text)
    home = str(Path.home()).rstrip("/")
    if home and (text == home or text.startswith(f"{home}/")):
        return f"~{text[len(home) :]}"
    return text


def _address(found: re.Match[str]) -> str:
    scheme, place, query, fragment = found.groups()
    return f"{scheme}{place}{f'?{LEFT_OUT}' if query else ''}{f'#{LEFT_OUT}' if fragment else ''}"
