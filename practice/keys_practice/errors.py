"""What can go wrong with a practice world, in words an operator can act on."""


class PracticeError(Exception):
    """The practice world could not do what was asked. The message says what happened and what to do next."""


class Unreachable(PracticeError):
    """A part of the world did not answer: nothing listens, or it stayed silent too long."""
