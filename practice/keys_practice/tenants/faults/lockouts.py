"""Faults by which customers see less than what is theirs."""

from keys_practice.tenants import people
from keys_practice.tenants.faults.fault import HOOK, RESTORE, Fault, both, sql
from keys_practice.tenants.rooms import Rooms


def _hook_off(rooms: Rooms) -> None:
    rooms.set_setting(rooms.layout.auth_settings, "access_token_hook", False)
    rooms.restart("auth")


def _too_strict_release(rooms: Rooms) -> None:
    rooms.command("accessctl", "release", "0008", "--by", "growth-team")


def _tampered(rooms: Rooms) -> None:
    path = rooms.layout.policies("0007")
    path.write_text(path.read_text("utf-8").replace("(SELECT auth.tenant())", "auth.tenant()"), "utf-8")


def _older_tampered(rooms: Rooms) -> None:
    path = rooms.layout.policies("0006")
    path.write_text(path.read_text("utf-8") + "\n-- edited\n", "utf-8")


_DROPPED = sql("DROP POLICY drafts_read ON drafts")

FAULTS: dict[str, Fault] = {
    "policy-dropped": Fault(
        "A script dropped the policy that lets members read drafts, and ended before it made the new one.",
        _DROPPED,
        RESTORE,
    ),
    "policy-too-strict": Fault(
        "A colleague changed a policy by hand. Members see only the drafts that they wrote themselves.",
        sql(
            "ALTER POLICY drafts_read ON drafts USING (tenant_id = (SELECT auth.tenant())"
            " AND author = (SELECT auth.uid()))"
        ),
        RESTORE,
    ),
    "one-member-locked-out": Fault(
        "A policy meant for a guest was written for the wrong member. One person sees no drafts; their colleagues do.",
        sql(
            "CREATE POLICY guests ON drafts AS RESTRICTIVE FOR SELECT TO authenticated"
            f" USING ((SELECT auth.uid()) <> '{people.PEOPLE[-1].id}')"
        ),
        RESTORE,
    ),
    "no-policy-left": Fault(
        "Tables came back from a dump: subscribers without a policy, tenants with row level security off.",
        sql(
            "ALTER TABLE tenants DISABLE ROW LEVEL SECURITY",
            "DROP POLICY subscribers_read ON subscribers",
            "DROP POLICY subscribers_add ON subscribers",
            "DROP POLICY subscribers_remove ON subscribers",
        ),
        RESTORE,
    ),
    "grant-lost": Fault(
        "A hardening script took the right to read drafts and subscribers from signed-in members.",
        sql("REVOKE SELECT ON drafts, subscribers FROM authenticated"),
        RESTORE,
    ),
    "write-policy-dropped": Fault(
        "The policy that lets members add subscribers is gone. They read and delete as ever.",
        sql("DROP POLICY subscribers_add ON subscribers"),
        RESTORE,
    ),
    "members-unreadable": Fault(
        "The table of members was made again without policies. The access token hook finds no tenant any more.",
        sql("DROP POLICY members_for_tokens ON members", "DROP POLICY members_of_own_tenant ON members"),
        RESTORE,
    ),
    "hook-reads-nothing": Fault(
        "The policy by which the access token hook reads members is gone. Tokens say no tenant.",
        sql("DROP POLICY members_for_tokens ON members"),
        RESTORE,
    ),
    "hook-finds-some": Fault(
        "The policy by which the access token hook reads members shows it the watch accounts alone.",
        sql("ALTER POLICY members_for_tokens ON members USING (role = 'watch')"),
        RESTORE,
    ),
    "claim-missing": Fault(
        "The auth service was set up anew without its access token hook. Tokens say no tenant.",
        _hook_off,
        HOOK,
    ),
    "release-too-strict": Fault(
        "The growth team released access 0008. Members see only the drafts that they wrote themselves.",
        _too_strict_release,
        RESTORE,
    ),
    "older-release-gone": Fault(
        "Access 0008 is too strict, and the files of the release before it were edited.",
        both(_too_strict_release, _tampered),
    ),
    "record-tampered": Fault(
        "A policy was dropped, and the SQL of the release in force is not what was released.",
        both(_DROPPED, _tampered),
    ),
    "policy-errs": Fault(
        "A migration left a policy that ends in an error. Whoever asks for subscribers gets none.",
        sql(
            "ALTER POLICY subscribers_read ON subscribers"
            " USING (tenant_id = (SELECT auth.tenant()) AND email::date < now())"
        ),
        RESTORE,
    ),
    "too-much-of-ones-own": Fault(
        "Members may change addresses of their own subscribers, which nobody is meant to.",
        sql(
            "GRANT UPDATE ON subscribers TO authenticated",
            "CREATE POLICY subscribers_change ON subscribers FOR UPDATE TO authenticated"
            " USING (tenant_id = (SELECT auth.tenant())) WITH CHECK (tenant_id = (SELECT auth.tenant()))",
        ),
        RESTORE,
    ),
    "record-edited": Fault("The SQL of the release in force was edited after it was released.", _tampered),
    "older-record-edited": Fault(
        "The SQL of release 0006 was edited after it was released.", _older_tampered
    ),
}
