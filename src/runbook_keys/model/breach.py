"""The words for a breach of personal data: what has to be on record about it."""

from __future__ import annotations

from enum import StrEnum


class BreachDetail(StrEnum):
    """One part of the record that GDPR Art. 33(5) asks for; `words` says it to a person."""

    FACTS = "facts"
    CATEGORIES = "categories"
    EFFECTS = "effects"
    MEASURES = "measures"
    CONTACT = "contact"
    NOTIFIED = "notified"
    NOT_NOTIFIED = "not-notified"
    DELAY = "delay"
    SUBJECTS = "subjects"

    @property
    def words(self) -> str:
        """What belongs here, as a question can ask it."""
        return _WORDS[self]


_WORDS = {
    BreachDetail.FACTS: "What happened to which personal data",
    BreachDetail.CATEGORIES: "Which people and records, and about how many",
    BreachDetail.EFFECTS: "What follows from it for these people",
    BreachDetail.MEASURES: "What was done and will be done about it",
    BreachDetail.CONTACT: "Who answers the authority's questions",
    BreachDetail.NOTIFIED: "The authority was notified",
    BreachDetail.NOT_NOTIFIED: "Why the authority is not notified",
    BreachDetail.DELAY: "Why it was notified after more than 72 hours",
    BreachDetail.SUBJECTS: "Whether the people concerned are told (Art. 34), and why",
}
