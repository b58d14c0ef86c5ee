"""Who uses the letters rooms: three invented customers (tenants), their members, and rows of each.

All ids are made from names, so that a test can say which row is whose.
"""

from functools import cache
from typing import NamedTuple
from uuid import NAMESPACE_DNS, UUID, uuid5

SPACE = uuid5(NAMESPACE_DNS, "rooms.larkspur-letters.example")


@cache
def id_of(*words: str) -> UUID:
    """The id of the thing with this name."""
    return uuid5(SPACE, " ".join(words))


class Person(NamedTuple):
    """Somebody with a password. `tenant` is the name of the customer they belong to, None for a fresh sign-up."""

    name: str
    tenant: str | None
    is_watch: bool = False

    @property
    def id(self) -> UUID:
        """`sub` of their tokens."""
        return id_of("user", self.name)

    @property
    def email(self) -> str:
        """What they sign in with."""
        return f"{self.name}@rooms.example"


TENANTS = ("Foxglove Press", "Hazel and Sons", "Marram Weekly")
# One watch account for each customer: monitoring signs in with it. The last one belongs to nobody yet.
PEOPLE = (
    *(Person(f"watch-{name.split()[0].lower()}", name, is_watch=True) for name in TENANTS),
    Person("watch-newcomer", None, is_watch=True),
    *(
        Person(f"{who}-{name.split()[0].lower()}", name)
        for name in TENANTS
        for who in ("editor", "assistant")
    ),
)
DRAFTS, SUBSCRIBERS = 4, 5  # rows of each customer
ANNOUNCEMENTS = {
    "The rooms are open": True,
    "A new way to send": True,
    "Prices in spring, not yet decided": False,
}


def members() -> list[tuple[UUID, UUID, str]]:
    """Rows of members: tenant, user, role."""
    return [
        (id_of("tenant", person.tenant), person.id, "watch" if person.is_watch else "writer")
        for person in PEOPLE
        if person.tenant
    ]


def drafts() -> list[tuple[UUID, UUID, UUID, str]]:
    """Rows of drafts: id, tenant, author, title. Each customer's writers wrote them by turns."""
    return [
        (
            id_of("draft", name, str(number)),
            id_of("tenant", name),
            _writers(name)[number % 2].id,
            f"{name}, issue {number}",
        )
        for name in TENANTS
        for number in range(DRAFTS)
    ]


def subscribers() -> list[tuple[UUID, UUID, str]]:
    """Rows of subscribers: id, tenant, address."""
    return [
        (
            id_of("subscriber", name, str(number)),
            id_of("tenant", name),
            f"reader{number}@{name.split()[0].lower()}.example",
        )
        for name in TENANTS
        for number in range(SUBSCRIBERS)
    ]


def announcements() -> list[tuple[UUID, str, bool]]:
    """Rows of announcements: id, title, whether it is out."""
    return [(id_of("announcement", title), title, is_out) for title, is_out in ANNOUNCEMENTS.items()]


def _writers(tenant: str) -> list[Person]:
    return [person for person in PEOPLE if person.tenant == tenant and not person.is_watch]
