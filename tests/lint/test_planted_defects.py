"""Many ways to plant one defect in a good pack, and many good texts that look suspicious and are not."""

from __future__ import annotations

import pytest
from lint_examples import findings, pack_with

STATUS = "shipctl status --json"
DEPTH = 'queuectl depth --json "$QUEUE_NAME"'
RESTART = "workerctl restart\n"
PROSE = "Open the shop's dashboard, then Queues, then the queue."
SQL = "SELECT count(*) AS waiting FROM orders WHERE queue = :'QUEUE_NAME' AND state = 'waiting'"
RESEND = 'printf \'%s\' "$API_TOKEN" | queuectl resend --token-from-stdin "$QUEUE_NAME"'
SHRINKS = "`json.shrinking == true`"

CHANGING = [
    "rm -f /var/lock/ship",
    "sudo -n systemctl restart ship",
    "curl --silent --request POST http://127.0.0.1/ship",
    "curl --silent --data x=1 http://127.0.0.1/ship",
    "kubectl delete pod ship",
    "kubectl rollout restart deployment/ship",
    "docker compose up -d",
    "git push",
    "sed -i s/a/b/ /etc/ship",
    "echo on > /etc/ship",
    "echo on | tee /etc/ship",
    "aws rds reboot-db-instance --db-instance-identifier ship",
    "terraform apply -auto-approve",
    "timeout 5 env A=1 kill -9 77",
    "find /srv -name '*.lock' -delete",
    "bash -c 'rm -f /var/lock/ship'",
    "redis-cli FLUSHALL",
    "shipctl locks release && shipctl rollback",
    'psql --command "UPDATE ships SET state = 1" service=ship',
]
CHANGING_SQL = [
    "DELETE FROM orders",
    "WITH gone AS (DELETE FROM orders RETURNING 1) SELECT count(*) AS waiting FROM gone",
    "SELECT 1 AS waiting FROM orders FOR UPDATE",
    "SELECT pg_terminate_backend(1) AS waiting",
    "SELECT nextval('ids') AS waiting",
    "/* harmless */ UPDATE orders SET state = 'done'",
    "EXPLAIN ANALYZE DELETE FROM orders",
]
LOOKING = [
    "kubectl get pods --namespace ship",
    "kubectl rollout status deployment/ship",
    "systemctl status ship --no-pager",
    "curl --silent --get --data-urlencode q=1 http://127.0.0.1/ship",
    "grep -c 'delete' /var/log/ship || echo none",
    'scratch=$(mktemp)\nshipctl status > "$scratch"\nrm -f "$scratch"',
    "shipctl history 2>/dev/null",
    "git log --oneline -n 5",
    "docker compose ps",
    "sed -n 1,5p /var/log/ship",
    "kill -0 77",
    "aws ec2 describe-instances",
    "find /srv -name '*.lock'",
    "crontab -l",
]
SPLIT = [
    ("unquoted-value", "queuectl depth --json $QUEUE_NAME"),
    ("unquoted-value", "queuectl depth --json ${QUEUE_NAME}/x"),
    ("unquoted-value", 'for name in $QUEUE_NAME; do queuectl depth --json "$name"; done'),
    ("reparsed-value", 'eval "queuectl depth $QUEUE_NAME"'),
    ("reparsed-value", 'ssh -o BatchMode=yes queue-host "queuectl depth $QUEUE_NAME"'),
    ("reparsed-value", 'queuectl list | xargs -I {} sh -c "queuectl depth $QUEUE_NAME {}"'),
    ("reparsed-value", 'queuectl list --json | jq ".[] | select(.name == \\"$QUEUE_NAME\\")"'),
    ("reparsed-value", 'queuectl list | awk "/$QUEUE_NAME/ {print}"'),
    ("reparsed-value", 'printf "$QUEUE_NAME"'),
    ("reparsed-value", "[[ $QUEUE_NAME -gt 1 ]] && queuectl list --json"),
    ("reparsed-value", "python3 -c \"print('$QUEUE_NAME')\""),
    ("undeclared-value", 'queuectl depth --json "$QUEUE_NAMES"'),
    ("interactive-command", "ssh queue-host uptime"),
    ("interactive-command", "sudo queuectl list --json"),
    ("interactive-command", 'read -r answer\nqueuectl depth --json "$QUEUE_NAME" "$answer"'),
    ("interactive-command", "less /var/log/queue"),
    ("cut-pipe", "queuectl list | grep -q orders"),
    ("choice-in-block", f"# Option A\n{DEPTH}"),
    ("choice-in-block", f"{DEPTH}\n# or: use the old name"),
    ("placeholder", "queuectl depth --json <queue-name>"),
    ("placeholder", "curl --silent https://your-app.com/depth"),
    ("placeholder", "queuectl depth --json sub_123"),
    ("placeholder", "queuectl depth --json TODO"),
]
VAGUE = [
    "Check the logs.",
    "Check the application logs for errors.",
    "Investigate the cause.",
    "Restart the worker if needed.",
    "Scale it as appropriate.",
    "Make sure the worker runs.",
    "Contact the team.",
    "Wait a few minutes.",
    "Press Refresh, etc.",
    "It should be fine now.",
    "Monitor it closely.",
    "Use your judgment.",
    "Fix the problem.",
]
CLEAR = [
    "Read the log `/var/log/worker.log` for `paused`.",
    "Press Refresh twice.",
    "Wait 2 minutes.",
    "Customers may need to log in again.",
    "Work on one queue at a time.",
    "The log says `paused`.",
    "Call `orders-oncall`.",
    "The time zone stands at the top.",
]
TREE = [
    ("unknown-target", "- Paused → A2", "- Paused → A9"),
    ("unreachable-step", "- Paused → A2", "- Paused → ESCALATE"),
    ("unbounded-loop", "- Anything else → D1 (at most 1 times, then ESCALATE)", "- Anything else → D1"),
    ("missing-else", "- I can't tell → ESCALATE", "- Broken → ESCALATE"),
    ("unverified-action", "- Done: `exit_code == 0` → V1", "- Done: `exit_code == 0` → D2"),
    (
        "assumed-recovery",
        "- Anything else → D1 (at most 1 times, then ESCALATE)",
        "- Anything else → RESOLVED",
    ),
    ("assumed-recovery", "(at most 2 times, then ESCALATE)", "(at most 2 times, then RESOLVED)"),
    ("unmatchable-condition", SHRINKS, "`rows[0].shrinking == true`"),
    ("unmatchable-condition", SHRINKS, '`exit_code == "0"`'),
    ("unmatchable-condition", SHRINKS, '`stdout == "yes"`'),
    ("unmatchable-condition", SHRINKS, "`exit_code == 300`"),
    ("shadowed-way-out", SHRINKS, "`1 == 1`"),
    ("shadowed-way-out", SHRINKS, "`exit_code == exit_code`"),
    ("invalid-condition", SHRINKS, "`json.shrinking = true`"),
    ("invalid-condition", SHRINKS, "`[1].map(x, x) == [1]`"),
    ("mislabelled-action", "(IRREVERSIBLE)", "(SAFE)"),
    ("unargued-class", " (IRREVERSIBLE)", ""),
    ("hollow-check", 'test "$(workerctl state)" = stopped', "true"),
    ("unresolved-reference", "use `checkout-down`", "use `checkout-broken`"),
    ("duplicate-label", "### V2. Does it stay short?", "### V1. Does it stay short?"),
    ("missing-section", "## 7. Verification", "## 7. Afterwards"),
    ("missing-escalation", "**Escalate to**: `orders-oncall`, then `shop-lead`\n\n", ""),
]


def _open(old: str, new: str) -> set[str]:
    return {one.rule for one in findings(pack_with(readme=(old, new))) if one.suppressed_because is None}


@pytest.mark.parametrize("command", CHANGING)
def test_a_change_in_a_step_that_only_looks_is_found(command: str) -> None:
    """Such a step runs without approval, and again after a crash."""
    assert "changing-safe-step" in _open(STATUS, command)


@pytest.mark.parametrize("statement", CHANGING_SQL)
def test_a_changing_statement_in_a_step_that_only_looks_is_found(statement: str) -> None:
    """The database would refuse it at 3 AM; the page says so before."""
    assert "changing-safe-step" in _open(SQL, statement)


@pytest.mark.parametrize("command", LOOKING)
def test_a_command_that_only_looks_is_left_alone(command: str) -> None:
    """A false alarm teaches people to suppress."""
    assert _open(STATUS, command) == set()


@pytest.mark.parametrize(("rule", "command"), SPLIT)
def test_a_dangerous_command_is_found(rule: str, command: str) -> None:
    """Unquoted, re-read, undeclared, waiting, chosen or unfilled: each by its own rule."""
    assert rule in _open(DEPTH, command)


@pytest.mark.parametrize("sentence", VAGUE)
def test_words_that_make_a_person_guess_are_found(sentence: str) -> None:
    """Each of them costs minutes at night."""
    assert _open(PROSE, sentence) == {"vague-words"}


@pytest.mark.parametrize("sentence", CLEAR)
def test_a_clear_sentence_is_left_alone(sentence: str) -> None:
    """What names its sign, number or contact is no guess."""
    assert _open(PROSE, sentence) == set()


@pytest.mark.parametrize(("rule", "old", "new"), TREE)
def test_a_fault_of_the_tree_is_found(rule: str, old: str, new: str) -> None:
    """What must be impossible is proven on the page."""
    assert rule in _open(old, new)


@pytest.mark.parametrize(
    ("rule", "command"),
    [
        ("printed-secret", 'echo "$API_TOKEN"'),
        ("printed-secret", 'cat <<< "$API_TOKEN"'),
        ("printed-secret", "printf '%s' \"$API_TOKEN\" | base64"),
        ("printed-secret", f"set -x\n{RESEND}"),
        ("printed-secret", f"env\n{RESEND}"),
        ("secret-in-arguments", 'queuectl resend --token "$API_TOKEN"'),
        (
            "secret-in-arguments",
            'curl --silent --header "Authorization: Bearer $API_TOKEN" http://127.0.0.1/',
        ),
        ("secret-in-arguments", 'mysql -p"$API_TOKEN" -e "select 1"'),
    ],
)
def test_a_secret_that_would_be_seen_is_found(rule: str, command: str) -> None:
    """Masking is the second line of defence; this is the first."""
    assert rule in _open(RESEND, command)


@pytest.mark.parametrize("needed", ["capture=HTTP_STATUS timeout=10s", "artifact=worker-log"])
def test_an_output_that_is_needed_and_not_kept_is_found(needed: str) -> None:
    """A capture, an artifact and evidence need what `output=none` throws away."""
    assert "discarded-output" in _open(f"{{{needed}}}", f"{{{needed} output=none}}")


def test_a_capture_that_some_paths_come_past_is_not_there_for_a_block() -> None:
    """S1 may lead past D1, so V1 can't rely on what D1 captured."""
    readme = (
        '- Nobody is deploying: `json.state == "idle"` → D1',
        '- Nobody is deploying: `json.state == "idle"` → D2\n- Starting: `json.state == "starting"` → D1',
    )
    assert "undeclared-value" not in _open(*readme)
    pack = pack_with(readme=readme)
    text = (
        pack.files["README.md"]
        .decode()
        .replace("queuectl watch-once --json", 'queuectl watch-once "$HTTP_STATUS" --json')
    )
    pack.files["README.md"] = text.encode()
    assert "undeclared-value" in {one.rule for one in findings(pack)}


def test_a_fault_that_keeps_a_run_from_going_on_cannot_be_suppressed() -> None:
    """A reason does not give a person a next step."""
    comment = "<!-- keys: allow missing-else because we know -->\n\n- Paused → A2"
    pack = pack_with(readme=("- Paused → A2\n- Running → ESCALATE\n- I can't tell → ESCALATE", comment))
    found = {one.rule: one.suppressed_because for one in findings(pack)}
    assert found["missing-else"] is None
    assert "unused-suppression" in found
