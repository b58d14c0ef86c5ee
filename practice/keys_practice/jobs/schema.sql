-- The queue of Larkspur Letters. Run once, as the owning role.

CREATE TABLE jobs (
    -- Chosen by whoever enqueues, so that enqueuing twice does nothing. Also the idempotency key at the mail sender.
    id          text PRIMARY KEY,
    position    bigint GENERATED ALWAYS AS IDENTITY,
    kind        text NOT NULL,
    customer    text NOT NULL,
    -- An ordered job waits until every earlier ordered job of its customer is done or in quarantine.
    is_ordered  boolean NOT NULL,
    payload     jsonb NOT NULL,
    state       text NOT NULL DEFAULT 'queued'
                CHECK (state IN ('queued', 'running', 'done', 'dead', 'quarantined')),
    attempts    integer NOT NULL DEFAULT 0,
    run_at      timestamptz NOT NULL DEFAULT now(),
    -- The visibility timeout: after it, the job is taken to be lost and may be claimed again.
    lease_until timestamptz,
    worker      text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    error_class text,
    error       text
);
CREATE INDEX jobs_open ON jobs (position) WHERE state IN ('queued', 'running', 'dead');
CREATE INDEX jobs_of_customer ON jobs (customer, position) WHERE is_ordered;

-- outcome: NULL while it goes on; done, failed; lost (nobody reported back in time); late (reported after it was lost)
CREATE TABLE attempts (
    job         text NOT NULL REFERENCES jobs (id),
    number      integer NOT NULL,
    worker      text NOT NULL,
    pid         integer NOT NULL,
    kind        text NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    outcome     text,
    error_class text,
    error       text
);
CREATE INDEX attempts_of_job ON attempts (job, number);

CREATE TABLE workers (
    name         text PRIMARY KEY,
    pid          integer NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now(),
    heartbeat_at timestamptz NOT NULL DEFAULT now(),
    -- When its main loop last did anything. A heartbeat comes from another thread and proves less.
    progress_at  timestamptz NOT NULL DEFAULT now(),
    job          text
);

CREATE TABLE queue_settings (
    name       text PRIMARY KEY,
    value      text NOT NULL,
    value_before text,
    changed_by text NOT NULL DEFAULT 'platform-team',
    reason     text NOT NULL DEFAULT ''
);
INSERT INTO queue_settings (name, value) VALUES
    ('lease_seconds', '2'), ('max_attempts', '3'), ('paused', 'false');

-- One row for each slot of the schedule that ran: at most once, whoever runs it.
CREATE TABLE cron_runs (
    slot   timestamptz PRIMARY KEY,
    ran_at timestamptz NOT NULL DEFAULT now(),
    ran_by text NOT NULL
);

-- What people did to jobs: quarantine, release, replay, settle.
CREATE TABLE job_notes (
    job    text NOT NULL REFERENCES jobs (id),
    at     timestamptz NOT NULL DEFAULT now(),
    action text NOT NULL,
    reason text NOT NULL
);

-- Belongs to the letters team: nothing in an incident of the queue has business here.
CREATE TABLE letters (
    id      integer PRIMARY KEY,
    title   text NOT NULL,
    sent_on date NOT NULL
);
INSERT INTO letters VALUES
    (1, 'Sowing under glass', '2026-02-01'),
    (2, 'The patient hedge', '2026-03-01');

GRANT SELECT, INSERT, UPDATE ON jobs, attempts, workers, cron_runs, job_notes, queue_settings TO larkspur_app;
GRANT DELETE ON queue_settings TO larkspur_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO larkspur_reader;
