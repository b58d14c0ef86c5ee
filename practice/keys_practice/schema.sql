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
