"""Takes secrets out of JSON values: arguments on their way to the journal, results on their way to everybody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from runbook_keys.executors.masking import mask_text


def masked_value(value: Any, secrets: Mapping[str, str]) -> Any:
    """The same value with every secret in a text, a name or a number replaced by `[secret NAME]`."""
    if not secrets:
        return value
    text = json.dumps(value, ensure_ascii=False)
    return value if mask_text(text, secrets) == text else _walked(value, secrets)


def _walked(value: Any, secrets: Mapping[str, str]) -> Any:
    match value:
        case dict():
            return {mask_text(str(name), secrets): _walked(each, secrets) for name, each in value.items()}
        case list():
            return [_walked(each, secrets) for each in value]
        case str():
            return mask_text(value, secrets)
        case bool() | None:
            return value
        case _:
            masked = mask_text(str(value), secrets)
            return value if masked == str(value) else masked
