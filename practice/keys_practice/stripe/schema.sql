-- The local Stripe's state. World time is in world seconds, everything else in Unix seconds.
CREATE TABLE IF NOT EXISTS events (
    seq     INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    type    TEXT NOT NULL,
    created INTEGER NOT NULL,
    body    TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS endpoints (
    id             TEXT PRIMARY KEY,
    url            TEXT NOT NULL,
    secret         TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('enabled', 'disabled')),
    team           TEXT NOT NULL,
    enabled_events TEXT NOT NULL,
    failing_since  REAL,
    disabled_at    REAL
);
-- One row per event and endpoint. pending: never tried; failed: the last attempt failed.
CREATE TABLE IF NOT EXISTS deliveries (
    event_id     TEXT NOT NULL REFERENCES events (id),
    endpoint_id  TEXT NOT NULL REFERENCES endpoints (id),
    state        TEXT NOT NULL CHECK (state IN ('pending', 'failed', 'delivered')),
    attempts     INTEGER NOT NULL DEFAULT 0,
    next_attempt REAL,
    PRIMARY KEY (event_id, endpoint_id)
);
CREATE INDEX IF NOT EXISTS due ON deliveries (next_attempt) WHERE next_attempt IS NOT NULL;
CREATE TABLE IF NOT EXISTS attempts (
    seq          INTEGER PRIMARY KEY,
    event_id     TEXT NOT NULL,
    endpoint_id  TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('delivery', 'resend', 'test')),
    attempted_at REAL NOT NULL,
    finished_at  REAL NOT NULL,
    world_time   REAL NOT NULL,
    status       INTEGER,
    answer       TEXT NOT NULL
);
-- What the traffic goes on from: every subscription as Stripe has it now.
CREATE TABLE IF NOT EXISTS subscriptions (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL
);
