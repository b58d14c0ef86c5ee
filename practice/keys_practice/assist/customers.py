"""Customers who ask through the shop's page, one after another, until ended. Every tenth asks what nobody may."""

import contextlib
import json
import random
import time
from pathlib import Path

from keys_practice import http_client
from keys_practice.assist import corpus
from keys_practice.assist.files import read_object
from keys_practice.assist.places import AssistLayout, layout_of
from keys_practice.errors import PracticeError

PAUSE_SECONDS = 0.025
UNSAFE_SHARE = 0.1
OPENINGS = ("", "Hello, ", "Hi! ", "Good evening. ", "Dear team, ")
ENDS = ("", " Thanks!", " Best wishes, Ada", " Thank you.")


def asked(chance: random.Random, hard: bool = False) -> str:
    """What one customer writes. `hard`: with so many words around it that the question itself is easily lost."""
    is_unsafe = chance.random() < UNSAFE_SHARE
    question = chance.choice(
        [each for each in corpus.questions("asked") if (each.topic == corpus.REFUSED) == is_unsafe]
    )
    ending = " I read about you in the evening paper." if hard else chance.choice(ENDS)
    return f"{chance.choice(OPENINGS)}{question.text}{ending}"


def garbled(text: str) -> str:
    """What a page makes of a text whose encoding it gets wrong."""
    return "".join("\ufffd" if letter in "aeiou" else letter for letter in text)


def sent(layout: AssistLayout, text: str) -> str:
    """The text as the page sends it on."""
    return garbled(text) if read_object(layout.page)["flaw"] == "garbles" else text


def main(folder: Path, arguments: list[str]) -> int:  # noqa: ARG001 - every part is started alike
    """Ask until ended."""
    layout = layout_of(folder)
    url = f"{layout.facts()['assist_url']}/questions"
    chance = random.Random(7)
    while True:
        with contextlib.suppress(PracticeError):
            hard = bool(read_object(layout.page)["is_busy"])
            body = json.dumps({"question": sent(layout, asked(chance, hard))}).encode()
            http_client.call("POST", url, body, seconds=5)
        time.sleep(PAUSE_SECONDS)
