"""Output on its way: how much is kept, how much is shown, and where it is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runbook_keys.executors.output import SHOWN_CHARACTERS, Kept, Screen, Stream


def kept(data: bytes, limit: int, size: int) -> Kept:
    """`data`, added in chunks of `size`."""
    stream = Kept(limit)
    for at in range(0, len(data), size):
        stream.add(data[at : at + size])
    return stream


@given(data=st.binary(max_size=200), size=st.integers(1, 50))
def test_what_fits_is_kept_whole(data: bytes, size: int) -> None:
    """Up to the limit nothing is lost, in any chunks."""
    stream = kept(data, 200, size)
    assert (stream.text(), stream.is_truncated) == (data.decode("utf-8", "backslashreplace"), False)


@given(text=st.text(min_size=20, max_size=100), size=st.integers(1, 50))
def test_what_does_not_fit_keeps_head_and_tail_of_whole_characters(text: str, size: int) -> None:
    """Whatever the cut goes through, no half of a character is shown."""
    data = text.encode("utf-8", "replace")
    stream = kept(data, 16, size)
    shown = stream.text()
    assert stream.is_truncated is (len(data) > 16)
    if stream.is_truncated:
        head, between, tail = shown.partition(f"\n[KEYS left out {len(data) - 16} bytes here]\n")
        assert between
        assert data.decode().startswith(head)
        assert data.decode().endswith(tail)
        assert len((head + tail).encode()) >= 16 - 2 * 3


def test_the_screen_is_not_flooded_and_says_so_once() -> None:
    """A slow terminal would show a flood for hours; what is kept has its end."""
    shown: list[str] = []
    screen = Screen(shown.append)
    for _ in range(40):
        screen.show("x" * (SHOWN_CHARACTERS // 16))
    assert "".join(shown).count("x") == SHOWN_CHARACTERS
    assert shown[-1] == "\n[KEYS shows no more of this output; its end is kept]\n"
    assert len(shown) == 16 + 1


def test_what_was_held_back_comes_with_the_end() -> None:
    """The beginning of a secret that was none, and half a character, are not lost."""
    shown: list[str] = []
    stream = Stream({"TOKEN": "open-sesame"}, Screen(shown.append))
    stream.feed(b"say: open-ses")
    assert shown == ["say: "]
    stream.feed(b"\xc3")
    stream.close()
    assert "".join(shown) == stream.kept.text() == "say: open-ses\\xc3"
