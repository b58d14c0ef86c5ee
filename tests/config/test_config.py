"""The organisation's facts out of `keys.toml`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runbook_keys.config import read_config
from runbook_keys.errors import RefusedInput

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "keys-toml.md"


def test_the_example_of_the_page_is_read_as_it_says() -> None:
    """What people copy must work."""
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    config = read_config(example.encode(), "keys.toml")

    assert {"APP_URL", "WEBHOOK_LOG"} == config.inputs_for("stripe-webhook-failure").keys()
    assert {"APP_URL"} == config.inputs_for("another").keys()
    assert "phone 4711, chat #payments-oncall" == config.contacts["payments-oncall"]
    assert ("anna", "ben") == config.approvals.irreversible
    assert config.approvals.second_person
    assert "/mnt/elsewhere/keys" == config.anchors.folder
    assert "https://tsa.larkspur.example/tsr" == config.anchors.time_stamps
    assert "/etc/larkspur/tsa-roots.pem" == config.anchors.time_stamp_roots
    assert (400, 800) == (config.retention.keep_days, config.retention.erase_after_days)
    assert ("r-20261123-0312-k7qm",) == config.retention.hold


def test_an_empty_file_is_nothing_special() -> None:
    """Nothing set, anybody may approve."""
    config = read_config(b"", "keys.toml")

    assert {} == config.inputs_for("any")
    assert () == config.approvals.irreversible


def test_a_runbooks_own_value_wins() -> None:
    """The narrower fact is the truer one."""
    config = read_config(b'[inputs]\nA = "all"\n[runbooks.one.inputs]\nA = "own"\n', "keys.toml")

    assert {"A": "own"} == config.inputs_for("one")
    assert {"A": "all"} == config.inputs_for("two")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[inputs]\nPORT = 80\n", 'inputs.PORT must be a text in quotes, such as "…".'),
        ("inputs = 3\n", "inputs must be a table."),
        ("[aprovals]\n", "the file has `aprovals`, which KEYS does not know."),
        ("[approvals]\nirreversible = 'anna'\n", 'approvals.irreversible must be a list, such as ["anna"].'),
        ("[approvals]\nsecond_person = 'yes'\n", "approvals.second_person must be true or false."),
        ("[anchors]\nfolder = 3\n", 'anchors.folder must be a text in quotes, such as "…".'),
        ("[anchors]\nurl = 'x'\n", "anchors has `url`, which KEYS does not know."),
        (
            "[retention]\nkeep_days = 0\n",
            "retention.keep_days must be a whole number of days, from 1 to 36500.",
        ),
        ("[retention]\nkeep_days = true\n", "retention.keep_days must be a whole number of days"),
        (
            "[retention]\nerase_after_days = '90'\n",
            "retention.erase_after_days must be a whole number of days",
        ),
        ("[retention]\nhold = 'r-1'\n", "retention.hold must be a list"),
        (
            "[retention]\nkeep_days = 90\nerase_after_days = 89\n",
            "retention.erase_after_days (89) is less than retention.keep_days (90).",
        ),
        ("[contacts]\n[contacts.x]\ny = 1\n", 'contacts.x must be a text in quotes, such as "…".'),
        ("[runbooks.x]\ninput = {}\n", "runbooks.x has `input`, which KEYS does not know."),
    ],
)
def test_a_slip_is_named_with_its_place(text: str, words: str) -> None:
    """Where, what is wrong, and what it must be."""
    with pytest.raises(RefusedInput) as refused:
        read_config(text.encode(), "keys.toml")

    assert words in str(refused.value)
