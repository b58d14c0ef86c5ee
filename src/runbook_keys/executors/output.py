"""What a command writes, on its way to the screen and into the outcome: masked, decoded, capped."""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Mapping

from runbook_keys.executors.masking import Masker
from runbook_keys.ports import Output

KEPT_BYTES = 1024 * 1024
SHOWN_CHARACTERS = 1024 * 1024
_DECODE_ERRORS = "backslashreplace"


class Screen:
    """Passes text on to an `Output`, but no more than one MiB: a flood must not keep a slow terminal busy for ever."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._room = SHOWN_CHARACTERS

    def show(self, text: str) -> None:
        """Show as much of it as there is room for; say so once when there is none left."""
        if self._room < 0:
            return
        shown, self._room = text[: self._room], self._room - len(text)
        if shown:
            self._output(shown)
        if self._room < 0:
            self._output("\n[KEYS shows no more of this output; its end is kept]\n")


class Kept:
    """The first and the last half MiB of a stream, in constant memory."""

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self._half = limit // 2
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._left_out = 0

    @property
    def is_truncated(self) -> bool:
        """True once something in the middle had to go."""
        return self._left_out > 0

    def add(self, data: bytes) -> None:
        """Keep `data` as far as there is room, letting go of what is oldest in the second half."""
        room = self._half - len(self._head)
        self._head += data[:room]
        if len(data) > room:
            self._tail.append(data[room:])
            self._tail_size += len(data) - room
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        while self._tail_size > self._half:
            oldest = self._tail.popleft()
            excess = min(len(oldest), self._tail_size - self._half)
            if excess < len(oldest):
                self._tail.appendleft(oldest[excess:])
            self._tail_size -= excess
            self._left_out += excess

    def text(self) -> str:
        """All of it, or head and tail with a line between them that says how much is missing."""
        tail = b"".join(self._tail)
        if not self._left_out:
            return (bytes(self._head) + tail).decode("utf-8", _DECODE_ERRORS)
        head, tail = _whole_characters(bytes(self._head), tail)
        between = f"\n[KEYS left out {self._left_out} bytes here]\n"
        return head.decode("utf-8", _DECODE_ERRORS) + between + tail.decode("utf-8", _DECODE_ERRORS)


def _whole_characters(head: bytes, tail: bytes) -> tuple[bytes, bytes]:
    """Both without the part of a UTF-8 character that the cut went through."""
    for size in range(1, 4):
        if head[-size : -size + 1 or None] >= b"\xc0":
            head = head[:-size]
            break
    start = next((i for i in range(min(4, len(tail))) if not 0x80 <= tail[i] < 0xC0), 0)
    return head, tail[start:]


class Stream:
    """One of a command's two outputs: bytes in; text out to the screen, and what is kept."""

    def __init__(self, secrets: Mapping[str, str], screen: Screen) -> None:
        self._masker = Masker(secrets)
        self._decoder = codecs.getincrementaldecoder("utf-8")(_DECODE_ERRORS)
        self._screen = screen
        self.kept = Kept()

    def feed(self, data: bytes) -> None:
        """Take in what the command wrote."""
        self._pass_on(self._masker.feed(data), is_final=False)

    def close(self) -> None:
        """The end: give out what was held back."""
        self._pass_on(self._masker.flush(), is_final=True)

    def _pass_on(self, masked: bytes, *, is_final: bool) -> None:
        if masked:
            self.kept.add(masked)
        text = self._decoder.decode(masked, is_final)
        if text:
            self._screen.show(text)
