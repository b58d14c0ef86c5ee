"""A release is tried without being deployed, and what the trial says is what deploying it would have come to."""

import pytest
from company_operator import Operator

from keys_practice.world import World

ENDPOINT = '--endpoint "$STRIPE_ENDPOINT_ID"'
RESEND = f"appctl events applied | stripectl resend --missing-from - {ENDPOINT}"
WORKS = {"r40", "r41"}


@pytest.mark.parametrize("release", [f"r4{number}" for number in range(8)])
def test_a_rehearsal_tells_every_bad_release_from_the_good_ones(operator: Operator, release: str) -> None:
    """Crashing, dropping, counting twice, wrong amounts: each shows, and the exit code says so."""
    said = operator.run(f"releasectl rehearse {release} {ENDPOINT} --json")

    assert (release in WORKS) is said.json["works"], said
    assert said.exit_code == (0 if release in WORKS else 1)
    assert bool(said.json["problems"]) is (release not in WORKS)


def test_a_rehearsal_keeps_nothing(operator: Operator) -> None:
    """The records and the applied events are the same before and after."""
    before = operator.see("appctl records")
    operator.run(f"releasectl rehearse r41 {ENDPOINT}")

    assert before == operator.see("appctl records")


def test_a_test_event_is_not_rehearsed(operator: Operator) -> None:
    """It holds nothing that a release could apply; after it the same events are tried as before."""
    before = operator.see(f"releasectl rehearse r41 {ENDPOINT}")
    operator.must(f"stripectl deliver-test-event {ENDPOINT}")

    assert before == operator.see(f"releasectl rehearse r41 {ENDPOINT}")


def test_a_table_that_changed_closes_the_way_back_and_the_mend_opens_the_way_on(fresh_world: World) -> None:
    """The rehearsal says that r41 can't write and r51 can; rolling back does harm, as it said, and going on heals."""
    operator = Operator(fresh_world)
    fresh_world.break_with("schema-breaks-older")

    older = operator.see(f"releasectl rehearse r41 {ENDPOINT}")
    newer = operator.see(f"releasectl rehearse r51 {ENDPOINT}")
    assert (older["works"], newer["works"]) == (False, True)
    assert "NotNullViolation" in older["problems"][0]
    assert operator.see("releasectl built") == {"release": "r51"}
    compared = operator.see("releasectl compare r41 r50")
    assert compared["schema_changes"] == ["processed_events.source"]
    assert compared["rows"] > 0

    operator.must("deployctl rollback --to r41")
    assert operator.run(RESEND).exit_code == 1
    assert fresh_world.judge(settle_seconds=0).problems

    operator.must("deployctl deploy r51", RESEND)
    verdict = fresh_world.judge()
    assert (verdict.problems, verdict.changed) == ([], [])


def test_a_release_that_came_after_the_failures_began_is_innocent(fresh_world: World) -> None:
    """Its time is after the first missing event, and it works when it is tried."""
    operator = Operator(fresh_world)
    fresh_world.break_with("release-is-innocent")

    impact = operator.see(f"releasectl impact {ENDPOINT}")
    assert (impact["release"], impact["began"]) == ("r48", "before-the-release")
    assert 0 < impact["missing_before"] < impact["missing"]
    assert operator.see(f"releasectl rehearse r48 {ENDPOINT}")["works"]


def test_where_the_older_releases_are_gone_only_the_mend_heals(fresh_world: World) -> None:
    """What is not there is said so, with exit code 1; a read-only database is no fault of a release: exit code 3."""
    operator = Operator(fresh_world)
    fresh_world.break_with("older-releases-gone")

    gone = operator.run(f"releasectl rehearse r41 {ENDPOINT} --json")
    assert (gone.exit_code, gone.json["exists"], gone.json["works"]) == (1, False, False)
    fresh_world.break_further("database-dies")
    assert operator.run(f"releasectl rehearse r48 {ENDPOINT}").exit_code == 3
    operator.must("dbctl start")

    operator.must("deployctl deploy r48", RESEND)
    assert fresh_world.judge().problems == []


def test_the_way_back_goes_past_a_release_that_is_gone(fresh_world: World) -> None:
    """r42 crashes and r41 is gone: r40 is named, with exit code 0. Where nothing older works, the last one is, with 1."""
    operator = Operator(fresh_world)
    fresh_world.break_with("bad-release")
    assert operator.run(f"releasectl older r42 {ENDPOINT}").stdout == "r41\n"

    fresh_world.break_further("good-release-gone")
    assert operator.run(f"releasectl older r42 {ENDPOINT}").stdout == "r40\n"

    fresh_world.break_further("right-revoked")
    none = operator.run(f"releasectl older r42 {ENDPOINT}")
    assert (none.exit_code, none.stdout) == (1, "r48\n")


def test_a_right_that_the_database_refuses_is_told_from_a_bad_release(fresh_world: World) -> None:
    """Each type of event is refused, to the newest and to the older one, and the error names the table."""
    operator = Operator(fresh_world)
    fresh_world.break_with("right-revoked")

    for release in ("r48", "r41"):
        said = operator.see(f"releasectl rehearse {release} {ENDPOINT}")
        assert said["refused"] == said["failed"] == said["tried"] > 0
        assert "permission denied for table processed_events" in said["problems"][0]
