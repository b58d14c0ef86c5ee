-- Access release 0006. Run in one transaction by `accessctl`, after every policy of these tables is dropped.
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE members ENABLE ROW LEVEL SECURITY;
ALTER TABLE drafts ENABLE ROW LEVEL SECURITY;
ALTER TABLE subscribers ENABLE ROW LEVEL SECURITY;
ALTER TABLE announcements ENABLE ROW LEVEL SECURITY;

REVOKE ALL ON tenants, members, drafts, subscribers, announcements FROM PUBLIC, anon, authenticated;
GRANT SELECT ON members, announcements TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON drafts TO authenticated;
GRANT SELECT, INSERT, DELETE ON subscribers TO authenticated;
GRANT SELECT ON announcements TO anon;

-- What the auth service reads to issue tokens. It is no client, and no tenant.
CREATE POLICY members_for_tokens ON members FOR SELECT TO supabase_auth_admin USING (true);

CREATE POLICY members_of_own_tenant ON members FOR SELECT TO authenticated USING (tenant_id = auth.tenant());

CREATE POLICY drafts_all ON drafts TO authenticated
    USING (tenant_id = auth.tenant()) WITH CHECK (tenant_id = auth.tenant());

CREATE POLICY subscribers_all ON subscribers TO authenticated
    USING (tenant_id = auth.tenant()) WITH CHECK (tenant_id = auth.tenant());

CREATE POLICY announcements_published ON announcements FOR SELECT TO anon, authenticated USING (is_published);
