"""A KEY is called in a way that it refuses."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.book.key_arguments import unfit_call
from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material, PlacedCall
from runbook_keys.model.finding import Level

NAME = "unfit-key-call"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each call whose arguments the KEY's `inputs` schema refuses, or that hands a secret over where none is expected."""
    for call in material.key_calls:
        for reason in unfit_call(call.key, call.arguments, {}):
            words = f"{call.place.as_subject} calls {call.key.slug} wrongly. {reason}"
            yield Fault(call.place.block.line, words, f"`keys show {call.key.slug}` lists what it takes.")
        yield from _about_secrets(call, material)


def _about_secrets(call: PlacedCall, material: Material) -> Iterator[Fault]:
    for argument in call.arguments:
        is_secret = argument.reference in material.secrets
        if argument.name in call.key.secrets and not is_secret:
            reason = (
                f"{call.place.as_subject} gives {call.key.slug} a {argument.name} that is no secret input."
            )
            yield Fault(
                argument.line, reason, "Declare an input with `secret: true` and name it here: `$NAME`."
            )
        if is_secret and argument.name not in call.key.secrets:
            reason = (
                f"{call.place.as_subject} gives {call.key.slug} a secret as {argument.name}, which is shown."
            )
            yield Fault(argument.line, reason, "Give it to an argument that the KEY lists under `secrets`.")
