-- The letters rooms' database, as Supabase lays one out. Run once, as the owning role.
-- Row level security is forced by grants and policies of an access release, see access/.

CREATE SCHEMA auth;
CREATE SCHEMA access_register;

-- Who calls: the API puts the verified claims of the token into request.jwt.claims for one transaction.
CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT nullif(current_setting('request.jwt.claims', true), '')::jsonb
$$;
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT nullif(auth.jwt() ->> 'sub', '')::uuid
$$;
-- Only app_metadata: a user can write their own user_metadata.
CREATE FUNCTION auth.tenant() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT nullif(auth.jwt() -> 'app_metadata' ->> 'tenant_id', '')::uuid
$$;

CREATE TABLE auth.users (
    id       uuid PRIMARY KEY,
    email    text NOT NULL UNIQUE,
    password text NOT NULL  -- hex of scrypt(password, salt = id)
);

-- Which access release is in force is the newest row; policies_sha256 is the digest of its policies.sql,
-- contract_sha256 that of contract.json and fence.sql, one after the other.
CREATE TABLE access_register.releases (
    version         text NOT NULL,
    policies_sha256 text NOT NULL,
    contract_sha256 text NOT NULL,
    released_by     text NOT NULL,
    released_at     timestamptz NOT NULL
);

CREATE TABLE tenants (
    id   uuid PRIMARY KEY,
    name text NOT NULL
);
CREATE TABLE members (
    tenant_id uuid NOT NULL REFERENCES tenants,
    user_id   uuid PRIMARY KEY REFERENCES auth.users,
    role      text NOT NULL
);
CREATE TABLE drafts (
    id        uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    author    uuid NOT NULL,
    title     text NOT NULL
);
CREATE TABLE subscribers (
    id        uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    email     text NOT NULL
);
CREATE TABLE announcements (
    id           uuid PRIMARY KEY,
    title        text NOT NULL,
    is_published boolean NOT NULL
);

-- For no client at all: no policy, no grant.
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role, supabase_auth_admin, rooms_auditor;
GRANT SELECT ON auth.users, members TO supabase_auth_admin;
GRANT USAGE ON SCHEMA access_register TO rooms_auditor;
GRANT SELECT ON access_register.releases TO rooms_auditor;
GRANT ALL ON members, drafts, subscribers, announcements TO service_role;
