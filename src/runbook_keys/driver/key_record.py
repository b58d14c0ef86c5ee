"""What the journal keeps of a called KEY: names and digests in the line, everything else beside it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from runbook_keys.model.entry import Blob
from runbook_keys.model.key import KeyRecord
from runbook_keys.model.outcome import Outcome


def record_of(
    outcome: Outcome, seal: Callable[[bytes], Blob], *, is_kept: bool
) -> tuple[KeyRecord | None, tuple[Blob, ...]]:
    """The record of the call that `outcome` tells of, and the blobs it names; neither where no KEY was called."""
    call = outcome.call
    if call is None:
        return None, ()
    record = KeyRecord(call.slug, call.version, call.digest, call.mode, call.program)
    if not is_kept:
        return record, ()
    arguments = seal(_CANONICAL.encode(call.arguments))
    result = outcome.observation.result
    results = () if result is None else (seal(_CANONICAL.encode(result)),)
    files = {file.name: seal(file.content) for file in call.files}
    kept = msgspec.structs.replace(
        record,
        arguments_blob=arguments.digest,
        result_blob=results[0].digest if results else "",
        files={name: blob.digest for name, blob in files.items()},
    )
    return kept, (arguments, *results, *files.values())


_CANONICAL = msgspec.json.Encoder(order="sorted")
