"""Faults by which customers reach rows that are not theirs: data breaches."""

from keys_practice.tenants import people
from keys_practice.tenants.faults.fault import CLOSE, RESTORE, Fault, sql
from keys_practice.tenants.rooms import Rooms

STOP = frozenset({"api", "undo"})
"""A fence is tried, does not hold, and changes nothing; then the API is stopped."""


def _too_wide_release(rooms: Rooms) -> None:
    rooms.command("accessctl", "release", "0009", "--by", "growth-team")


def _service_role_issued(rooms: Rooms) -> None:
    rooms.set_setting(rooms.layout.auth_settings, "role", "service_role")
    rooms.restart("auth")


def _strangers_are_served_as_service(rooms: Rooms) -> None:
    rooms.set_setting(rooms.layout.api_settings, "anon_role", "service_role")
    rooms.restart("api")


def _last_reads_all(table: str) -> str:
    """The members of the tenant that is the last in every list read all rows."""
    last = max(people.id_of("tenant", name) for name in people.TENANTS)
    return f"CREATE POLICY support ON {table} FOR SELECT TO authenticated USING ((SELECT auth.tenant()) = '{last}')"


def _members_join(count: int) -> tuple[str, str]:
    """So many new members of the tenant that is the first in every list."""
    first = min(people.id_of("tenant", name) for name in people.TENANTS)
    numbers = f"generate_series(1, {count}) n"
    return (
        f"INSERT INTO auth.users SELECT gen_random_uuid(), 'new' || n || '@rooms.example', 'x' FROM {numbers}",
        f"INSERT INTO members SELECT '{first}', id, 'writer' FROM auth.users WHERE email LIKE 'new%'",
    )


FAULTS: dict[str, Fault] = {
    "policy-too-wide": Fault(
        "To mend a lockout, somebody let every member read every draft: USING (true).",
        sql("ALTER POLICY drafts_read ON drafts USING (true)"),
        CLOSE,
    ),
    "policy-for-everybody": Fault(
        "A policy for debugging was left behind. Strangers without a token read all subscribers.",
        sql(
            "GRANT SELECT ON subscribers TO anon",
            "CREATE POLICY debugging ON subscribers FOR SELECT TO PUBLIC USING (true)",
        ),
        CLOSE,
    ),
    "rls-off": Fault(
        "To mend a lockout, somebody switched row level security off for drafts.",
        sql("ALTER TABLE drafts DISABLE ROW LEVEL SECURITY"),
        CLOSE,
    ),
    "write-too-wide": Fault(
        "Members may change every draft, also those that they can't see: the policy for UPDATE is too wide.",
        sql("ALTER POLICY drafts_change ON drafts USING (true) WITH CHECK (true)"),
        CLOSE,
    ),
    "moves-allowed": Fault(
        "Members may give their drafts to another tenant: the policy for UPDATE checks no new row.",
        sql("ALTER POLICY drafts_change ON drafts WITH CHECK (true)"),
        CLOSE,
    ),
    "forgeable-claim": Fault(
        "A policy believes user_metadata, which every user can write. Whoever forges it reads another's drafts.",
        sql(
            "ALTER POLICY drafts_read ON drafts USING (tenant_id = coalesce(nullif("
            "auth.jwt() -> 'user_metadata' ->> 'tenant_id', '')::uuid, auth.tenant()))"
        ),
        CLOSE,
    ),
    "one-customer-sees-all": Fault(
        "A policy lets the members of one customer read the subscribers of all.",
        sql(_last_reads_all("subscribers")),
        CLOSE,
    ),
    "erring-and-leaking": Fault(
        "A migration left a policy that ends in an error, and every member reads every draft.",
        sql(
            "CREATE POLICY migrated ON announcements FOR SELECT TO authenticated USING (title::date < now())",
            "ALTER POLICY drafts_read ON drafts USING (true)",
        ),
        CLOSE,
    ),
    "slow-and-leaking": Fault(
        "A policy takes seconds for each row, and every member reads every draft.",
        sql(
            "ALTER POLICY drafts_read ON drafts USING (true)",
            "CREATE FUNCTION public.audited() RETURNS boolean LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_sleep(3); RETURN true; END $$",
            "CREATE POLICY audit ON announcements AS RESTRICTIVE FOR SELECT TO authenticated"
            " USING (public.audited())",
        ),
        CLOSE,
    ),
    "support-flag": Fault(
        "A second policy lets whoever writes is_support into their own user_metadata read every draft.",
        sql(
            "CREATE POLICY support ON drafts FOR SELECT TO authenticated"
            " USING ((auth.jwt() -> 'user_metadata' ->> 'is_support')::boolean)"
        ),
        RESTORE,
    ),
    "member-moved": Fault(
        "A clean-up job wrote the wrong tenant beside a member. They see another customer's rows by every rule.",
        sql(
            f"UPDATE members SET tenant_id = '{people.id_of('tenant', people.TENANTS[1])}'"
            f" WHERE user_id = '{people.PEOPLE[-1].id}'"
        ),
    ),
    "many-members": Fault(
        "One customer has grown by 70 members. A policy lets the members of the last one read all subscribers.",
        sql(*_members_join(70), _last_reads_all("subscribers")),
        CLOSE,
    ),
    "too-many-members": Fault(
        "One customer has grown by 300 members, more than can be tried. Access is as released.",
        sql(*_members_join(300)),
    ),
    "view-exposed": Fault(
        "A view for statistics runs with its owner's rights. Every member reads all subscribers by it.",
        sql(
            "CREATE VIEW subscriber_list AS SELECT * FROM subscribers",
            "ALTER VIEW subscriber_list OWNER TO rooms_owner",
            "GRANT SELECT ON subscriber_list TO authenticated",
        ),
        CLOSE,
    ),
    "definer-function": Fault(
        "A search function runs with its owner's rights. Whoever calls it finds the subscribers of every customer.",
        sql(
            "CREATE FUNCTION public.find_subscribers(part text) RETURNS SETOF subscribers LANGUAGE sql STABLE"
            " SECURITY DEFINER AS $$ SELECT * FROM subscribers WHERE email LIKE '%' || part || '%' $$",
            "ALTER FUNCTION public.find_subscribers(text) OWNER TO rooms_owner",
        ),
        CLOSE,
    ),
    "release-too-wide": Fault(
        "The growth team released access 0009. Whoever has no tenant reads all subscribers.",
        _too_wide_release,
        CLOSE,
    ),
    "clients-own-a-table": Fault(
        "A repair script made authenticated the owner of drafts. An owner passes over row level security.",
        sql("ALTER TABLE drafts OWNER TO authenticated"),
        STOP,
    ),
    "service-role-issued": Fault(
        "The auth service gives members tokens of service_role, which passes over row level security.",
        _service_role_issued,
        STOP,
    ),
    "strangers-are-service": Fault(
        "The API serves requests without a token as service_role.",
        _strangers_are_served_as_service,
        STOP,
    ),
}
