"""Every kind of damage by its code. A code is for ever: declarations and programs go by it, whatever the words are.

`words` are what is shown; names in braces are facts of the damage. Whoever writes them better keeps the first ones in
`earlier`: the first release declared damage by its words, and such a declaration still counts. `means` is for the reference page.
"""

from __future__ import annotations

from msgspec import Struct


class Kind(Struct, frozen=True):
    """One kind of damage."""

    words: str
    means: str
    earlier: tuple[str, ...] = ()


KINDS = {
    "entries-missing": Kind(
        "{stretch:Entry|Entries} {is_are} missing.", "Entries of a run were deleted or cut off."
    ),
    "entry-out-of-order": Kind("Entry {seq} stands after entry {after}.", "Entries of a run changed places."),
    "entry-changed": Kind(
        "This entry was changed after it was written.",
        "The line does not fit its link in the chain of its run.",
    ),
    "entry-unreadable": Kind("{why}", "The line is none that KEYS writes."),
    "entry-of-another-run": Kind("The line belongs to another run, {other}.", "The line names another run."),
    "entry-misnumbered": Kind("The line calls itself entry {other}.", "The line names another number."),
    "entry-misspelled": Kind(
        "The line is not spelled as KEYS spells it.",
        "The fact is readable, and another program wrote it down.",
    ),
    "entry-not-on-spine": Kind(
        "This entry is not on the spine: it was not written by KEYS.",
        "Somebody added an entry past KEYS, or cut the spine.",
    ),
    "entry-told-again": Kind(
        "The spine tells of this entry {times} times.", "Rows of the spine were doubled."
    ),
    "run-rewritten": Kind(
        "From this entry on, the run is not the one that the spine tells of.",
        "A run was written anew with all its links.",
    ),
    "run-off-checkpoint": Kind(
        "Checkpoint {checkpoint} tells of it differently: it was rewritten.",
        "Run and spine were written anew, without the key.",
    ),
    "run-missing": Kind(
        "Run number {number} is missing. The spine tells of {entries} entries of it.", "A run was removed."
    ),
    "runs-missing": Kind(
        "{stretch:Run number|Run numbers} {is_are} missing, and the spine does not tell of it.",
        "Runs were removed, and their rows of the spine.",
    ),
    "run-empty": Kind(
        "Run number {number} has a name and no entry, and the spine tells of none: somebody added it, or emptied it.",
        "A run has neither entries nor rows of the spine.",
    ),
    "entries-unlisted": Kind(
        "Entries without a run: {entries} under number {number}, which no run has and the spine does not tell of.",
        "Somebody added entries past KEYS, or removed the name of their run and its rows of the spine.",
    ),
    "run-not-opened": Kind(
        "The run does not begin with its opening.", "The first entry of a run is another one."
    ),
    "run-opened-again": Kind("The run is opened again.", "A run has two openings."),
    "event-after-end": Kind(
        "{event} stands after the end of the run.", "Something happened in a run that was over."
    ),
    "attempt-started-again": Kind(
        "Attempt {attempt} of {step} ({role}) was started before: one intent allows one start.",
        "An attempt has two starts.",
    ),
    "start-not-approved": Kind(
        "Attempt {attempt} of {step} ({role}) was started without an approval of its own.",
        "A change was started without a yes, or one yes served twice.",
    ),
    "command-changed": Kind(
        "The command of Attempt {attempt} of {step} ({role}) does not fit its digest.",
        "The text of a command is another one.",
    ),
    "outcome-not-started": Kind(
        "Attempt {attempt} of {step} ({role}) has an outcome but was never started.",
        "An outcome has no intent.",
    ),
    "outcome-again": Kind(
        "Attempt {attempt} of {step} ({role}) has a second outcome.", "An attempt has two outcomes."
    ),
    "settled-not-started": Kind(
        "Attempt {attempt} of {step} was settled but never started.", "A person's finding has no attempt."
    ),
    "material-changed": Kind(
        "The material of this entry was changed after it was written.",
        "Stored material does not fit its digest.",
    ),
    "material-gone": Kind(
        "The material of this entry is gone, and not recorded as erased.",
        "Stored material was removed past KEYS.",
    ),
    "material-not-erased": Kind(
        "An entry says that its material was erased; it is still here. Erase it again.",
        "An erasure was interrupted, or undone.",
    ),
    "material-erased-silently": Kind(
        "The material of this entry was erased, and no entry says by whom.",
        "Stored material was erased past KEYS.",
    ),
    "rows-missing": Kind(
        "{stretch:Row|Rows} {is_are} missing from the spine.", "Rows of the spine were deleted."
    ),
    "row-out-of-order": Kind(
        "Row {row} of the spine stands after row {after}.", "Rows of the spine changed places."
    ),
    "row-changed": Kind(
        "Row {row} of the spine was changed after it was written.",
        "A row does not fit its link in the spine.",
    ),
    "file-changed": Kind(
        "The {kind} {name} in the journal's file is not as KEYS makes it.",
        "A table, view, trigger or index was added or changed.",
    ),
    "file-incomplete": Kind(
        "The {kind} {name} is gone from the journal's file.", "A table or index was removed."
    ),
    "checkpoint-due": Kind(
        "This entry came with a checkpoint, and there is none: it was removed, or the entry is not by KEYS.",
        "What KEYS signs at once is not signed.",
    ),
    "no-checkpoints": Kind(
        "There is a signing key, and no checkpoint: somebody removed them.", "All checkpoints were removed."
    ),
    "checkpoints-missing": Kind("{stretch:Checkpoint|Checkpoints}: missing.", "Checkpoints were removed."),
    "checkpoint-unreadable": Kind(
        "Checkpoint {checkpoint} can't be read: it was changed after it was written.",
        "The note is none that KEYS writes.",
    ),
    "checkpoint-misnumbered": Kind(
        "Checkpoint {checkpoint} calls itself number {other} over row {row}.", "The note names another place."
    ),
    "checkpoint-replaced": Kind(
        "Checkpoint {checkpoint} does not follow the one before it: one of the two was replaced.",
        "The note does not hold the digest of the one before.",
    ),
    "checkpoint-goes-back": Kind(
        "Checkpoint {checkpoint} covers {row} rows, an earlier one {before}: an older copy was put back.",
        "A journal was restored and went on.",
    ),
    "checkpoint-signature": Kind(
        "Checkpoint {checkpoint} has a signature that its key did not make: it was changed, or signed by somebody else.",
        "The signature is wrong or was stripped.",
    ),
    "spine-forked": Kind(
        "Checkpoint {checkpoint} and checkpoint {other} tell of row {row} differently: the journal was forked.",
        "Two checkpoints of the journal contradict each other.",
    ),
    "spine-cut": Kind(
        "Checkpoint {checkpoint} covers {row} rows, the spine ends at row {last}: the rest was cut off.",
        "A checkpoint covers more rows than there are.",
    ),
    "spine-rewritten": Kind(
        "Checkpoint {checkpoint} does not fit row {row} of the spine: it was rewritten after row {after}.",
        "Runs and spine were written anew with all their links, without the key.",
    ),
    "kept-foreign": Kind(
        "Checkpoint {checkpoint} is of another journal, or this one was rewritten from its first row on. It is of {origin}.",
        "What was kept elsewhere names another journal. It begins no alarm.",
    ),
    "kept-signature": Kind(
        "Checkpoint {checkpoint} was kept elsewhere, and its signature is wrong.",
        "The kept checkpoint was changed.",
    ),
    "kept-forked": Kind(
        "Checkpoint {checkpoint} kept elsewhere and checkpoint {other} tell of row {row} differently: the journal was forked.",
        "Two kept checkpoints contradict each other.",
    ),
    "kept-cut": Kind(
        "Checkpoint {checkpoint} kept elsewhere covers {row} rows, the spine ends at row {last}: the rest was cut off.",
        "The journal's end was cut off, or an old copy was put back.",
    ),
    "kept-rewritten": Kind(
        "Checkpoint {checkpoint} kept elsewhere does not fit row {row} of the spine: it was rewritten after row {after}.",
        "The journal was written anew, perhaps with its key.",
    ),
    "remembered-foreign": Kind(
        "Checkpoint {checkpoint}, the last one that this machine signed (kept beside its key), is of another journal, {origin}: "
        "this one was put in its place, or rewritten from its first row on.",
        "The journal beside the signing key is not the one that was signed.",
    ),
    "remembered-signature": Kind(
        "Checkpoint {checkpoint} was kept beside the signing key, and its signature is wrong.",
        "The checkpoint beside the key was changed.",
    ),
    "remembered-cut": Kind(
        "Checkpoint {checkpoint}, the last one that this machine signed (kept beside its key), covers {row} rows, the spine "
        "ends at row {last}: the rest was cut off.",
        "The journal's end was cut off, or an old copy was put back without its `signing` folder.",
    ),
    "remembered-rewritten": Kind(
        "Checkpoint {checkpoint}, the last one that this machine signed (kept beside its key), does not fit row {row} of the "
        "spine: that row, or one before it, was rewritten.",
        "The journal was written anew up to its last signed row, without the key, or by another one.",
    ),
    "copy-differs": Kind(
        "{stretch:Checkpoint|Checkpoints} {is_are} not what {place} keeps: one of the two was replaced, or signed anew.",
        "An anchor keeps another text of the same number.",
    ),
    "copy-only": Kind(
        "{stretch:Checkpoint|Checkpoints} {is_are} kept by {place}, and gone from the journal: it was cut off, or an old copy "
        "put back.",
        "An anchor keeps a checkpoint that the journal does not have.",
    ),
    "stamp-unreadable": Kind(
        "The time-stamp of checkpoint {checkpoint} can't be read: it was changed.",
        "The file holds no time-stamp.",
    ),
    "stamp-not-trusted": Kind(
        "The time-stamp of checkpoint {checkpoint} is nobody's word. {why}",
        "No authority that is trusted here signed it.",
    ),
    "stamp-only": Kind(
        "Checkpoint {checkpoint} was time-stamped at {at}, and is gone: it was cut off, or an old copy put back.",
        "A time-stamp names a checkpoint that the journal does not have.",
    ),
    "stamp-of-another-text": Kind(
        "Checkpoint {checkpoint} is not the text that was time-stamped at {at}: it was replaced, or signed anew.",
        "The checkpoint of this number is another one than on that day.",
    ),
    "receipt-entry-gone": Kind(
        "There is a receipt for this entry, and it is gone.",
        "The approval that a receipt names is not in the journal.",
    ),
    "receipt-differs": Kind(
        "The receipt names another chain value: this entry, or one before it, was rewritten.",
        "The approval that a receipt names was changed, or the receipt mistyped.",
    ),
}
