"""What a notebook's cells show: masked, capped, and as nbformat's outputs for the executed copy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runbook_keys.executors.key.masked import masked_value
from runbook_keys.executors.masking import mask_text
from runbook_keys.executors.output import Screen, Stream

MOST_DISPLAYED = 4 * 1024 * 1024
_MOST_OF_ALL = 12 * 1024 * 1024
_PICTURES = ("image/png", "image/jpeg")
_KEPT = (
    *_PICTURES,
    "image/svg+xml",
    "text/html",
    "text/markdown",
    "text/latex",
    "text/plain",
    "application/json",
)
_TOO_LARGE = {"text/plain": "[KEYS left this out: it is larger than what is kept of a notebook]"}

Output = dict[str, Any]


class Recorder:
    """Takes in the messages of one notebook, cell by cell. `stdout` and `stderr` keep all that was written."""

    def __init__(self, secrets: Mapping[str, str], screen: Screen) -> None:
        self._secrets = secrets
        self._screen = screen
        self._room = _MOST_OF_ALL
        self._cell: list[Output | tuple[str, Stream]] = []
        self._displays: dict[str, Output] = {}
        self.streams = {name: Stream(secrets, Screen(lambda _: None)) for name in ("stdout", "stderr")}
        self.is_truncated = False

    def begin(self) -> None:
        """The next cell begins."""
        self._cell = []

    def take(self, message: Mapping[str, Any]) -> None:
        """One message of the running cell; kinds that nobody keeps pass by."""
        taker = _TAKERS.get(message["msg_type"])
        if taker is not None:
            taker(self, message["content"])

    def outputs(self) -> list[Output]:
        """What the cell has shown, as nbformat has it."""
        return [each if isinstance(each, dict) else self._written(*each) for each in self._cell]

    def close(self) -> None:
        """The end: give out what was held back."""
        for stream in self.streams.values():
            stream.close()

    def _written(self, name: str, stream: Stream) -> Output:
        stream.close()
        self.is_truncated = self.is_truncated or stream.kept.is_truncated
        return {"output_type": "stream", "name": name, "text": stream.kept.text()}

    def _stream(self, content: Mapping[str, Any]) -> None:
        name = "stderr" if content["name"] == "stderr" else "stdout"
        self.write(name, content["text"].encode("utf-8", "backslashreplace"))

    def write(self, name: str, data: bytes) -> None:
        """Bytes that the running cell, or a program that it started, wrote to `stdout` or `stderr`."""
        own = next((each[1] for each in self._cell if isinstance(each, tuple) and each[0] == name), None)
        if own is None:
            own = Stream(self._secrets, self._screen)
            self._cell.append((name, own))
        own.feed(data)
        self.streams[name].feed(data)

    def _display(self, content: Mapping[str, Any]) -> None:
        output: Output = {"output_type": "display_data", "data": self._data(content["data"]), "metadata": {}}
        if "execution_count" in content:
            output |= {"output_type": "execute_result", "execution_count": content["execution_count"]}
        name = content.get("transient", {}).get("display_id")
        if name:
            self._displays[name] = output
        self._cell.append(output)

    def _update(self, content: Mapping[str, Any]) -> None:
        shown = self._displays.get(content.get("transient", {}).get("display_id", ""))
        if shown is not None:
            shown["data"] = self._data(content["data"])

    def _error(self, content: Mapping[str, Any]) -> None:
        lines = [mask_text(str(line), self._secrets) for line in content["traceback"][:200]]
        named = {name: mask_text(str(content[name])[:2000], self._secrets) for name in ("ename", "evalue")}
        self._cell.append({"output_type": "error", **named, "traceback": lines})

    def _data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        kept = {kind: self._masked(kind, data[kind]) for kind in _KEPT if kind in data}
        size = sum(len(str(each)) for each in kept.values())
        if size > min(MOST_DISPLAYED, self._room):
            self.is_truncated = True
            return dict(_TOO_LARGE)
        self._room -= size
        return kept

    def _masked(self, kind: str, value: Any) -> Any:
        return value if kind in _PICTURES else masked_value(value, self._secrets)


_TAKERS: dict[str, Callable[[Recorder, Mapping[str, Any]], None]] = {
    "stream": Recorder._stream,
    "display_data": Recorder._display,
    "execute_result": Recorder._display,
    "update_display_data": Recorder._update,
    "error": Recorder._error,
}
