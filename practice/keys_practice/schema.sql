-- Larkspur Letters' database. Run once, as the owning role.

-- Which events were applied. Written in the transaction that applies them, so an event counts once.
CREATE TABLE processed_events (
    event_id   text PRIMARY KEY,
    type       text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE subscriptions (
    id                 text PRIMARY KEY,
    customer           text NOT NULL,
    status             text NOT NULL,
    plan               text,
    current_period_end bigint,
    paid_total_cents   bigint NOT NULL DEFAULT 0,
    -- `created` of the newest event applied: an older one that arrives late must not undo it.
    as_of              bigint NOT NULL DEFAULT 0
);

CREATE TABLE invoices (
    id           text PRIMARY KEY,
    subscription text NOT NULL,
    customer     text NOT NULL,
    amount_cents bigint NOT NULL,
    currency     text NOT NULL,
    paid_at      bigint NOT NULL
);

-- A place to try a write (always rolled back).
CREATE TABLE write_checks (tried_at timestamptz NOT NULL);

-- Belongs to the letters team: nothing in a payments incident has business here.
CREATE TABLE letters (
    id      integer PRIMARY KEY,
    title   text NOT NULL,
    sent_on date NOT NULL
);
CREATE TABLE subscribers_export (
    customer    text PRIMARY KEY,
    exported_on date NOT NULL
);

INSERT INTO letters VALUES
    (1, 'Sowing under glass', '2026-02-01'),
    (2, 'The patient hedge', '2026-03-01'),
    (3, 'Rain barrels', '2026-04-01');
INSERT INTO subscribers_export VALUES
    ('cus_exported01', '2026-04-02'),
    ('cus_exported02', '2026-04-02');

GRANT SELECT, INSERT, UPDATE ON processed_events, subscriptions, invoices TO larkspur_app;
GRANT INSERT ON write_checks TO larkspur_app;
GRANT SELECT ON letters TO larkspur_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO larkspur_reader;

-- What a reconciliation is to change and has changed: one row for each record, written before the record is touched.
-- `before` NULL: the record was missing. `after` NULL: it went to the archive.
CREATE TABLE record_changes (
    run          text NOT NULL,
    seq          integer NOT NULL,
    source_table text NOT NULL CHECK (source_table IN ('invoices', 'subscriptions')),
    row_id       text NOT NULL,
    before       jsonb,
    after        jsonb,
    reason       text NOT NULL,
    planned_at   timestamptz NOT NULL DEFAULT now(),
    done_at      timestamptz,
    undone_at    timestamptz,
    PRIMARY KEY (run, seq),
    UNIQUE (run, source_table, row_id)
);
-- Records that Stripe does not know. Nothing is ever removed from here; what is put back says so in restored_at.
CREATE TABLE records_archive (
    run          text NOT NULL,
    source_table text NOT NULL,
    row_id       text NOT NULL,
    record       jsonb NOT NULL,
    reason       text NOT NULL,
    archived_at  timestamptz NOT NULL DEFAULT now(),
    restored_at  timestamptz,
    PRIMARY KEY (run, source_table, row_id)
);
-- While finance closes its books nobody corrects records. The newest row counts.
CREATE TABLE record_freezes (
    began_at  timestamptz PRIMARY KEY DEFAULT now(),
    by        text NOT NULL,
    reason    text NOT NULL,
    ended_at  timestamptz
);
GRANT SELECT ON record_changes, records_archive, record_freezes TO larkspur_reader;
