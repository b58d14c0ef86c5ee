CREATE TABLE orders (
  id            text PRIMARY KEY,
  amount_cents  integer NOT NULL CHECK (amount_cents > 0),
  postcode      text NOT NULL,
  state         text NOT NULL CHECK (state IN ('new', 'paid', 'queued', 'unsure', 'refused', 'cancelled')),
  charge_id     text,
  charged_cents integer,
  zone          integer,
  created_at    timestamptz NOT NULL DEFAULT now(),
  confirmed_at  timestamptz
);

-- What could not be done when the order came. A promised one must be done; for one that is not, the customer was told
-- that we are not sure, so it is only looked up.
CREATE TABLE deferred (
  order_id    text NOT NULL REFERENCES orders,
  dependency  text NOT NULL CHECK (dependency IN ('payments', 'addresses')),
  promised    boolean NOT NULL,
  outcome     text CHECK (outcome IN ('done', 'cancelled')),
  created_at  timestamptz NOT NULL DEFAULT now(),
  settled_at  timestamptz,
  PRIMARY KEY (order_id, dependency)
);

CREATE TABLE write_checks (checked_at timestamptz NOT NULL);

GRANT SELECT, INSERT, UPDATE ON orders, deferred TO larkspur_app;
GRANT INSERT ON write_checks TO larkspur_app;
GRANT SELECT ON orders, deferred TO larkspur_reader;
