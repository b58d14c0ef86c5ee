-- Access release 0008. Run in one transaction by `accessctl`, after every policy of these tables is dropped.
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

CREATE POLICY members_of_own_tenant ON members FOR SELECT TO authenticated USING (tenant_id = (SELECT auth.tenant()));

CREATE POLICY drafts_read ON drafts FOR SELECT TO authenticated
    USING (tenant_id = (SELECT auth.tenant()) AND author = (SELECT auth.uid()));
CREATE POLICY drafts_add ON drafts FOR INSERT TO authenticated WITH CHECK (tenant_id = (SELECT auth.tenant()));
CREATE POLICY drafts_change ON drafts FOR UPDATE TO authenticated
    USING (tenant_id = (SELECT auth.tenant())) WITH CHECK (tenant_id = (SELECT auth.tenant()));
CREATE POLICY drafts_remove ON drafts FOR DELETE TO authenticated USING (tenant_id = (SELECT auth.tenant()));

CREATE POLICY subscribers_read ON subscribers FOR SELECT TO authenticated
    USING (tenant_id = (SELECT auth.tenant()));
CREATE POLICY subscribers_add ON subscribers FOR INSERT TO authenticated
    WITH CHECK (tenant_id = (SELECT auth.tenant()));
CREATE POLICY subscribers_remove ON subscribers FOR DELETE TO authenticated
    USING (tenant_id = (SELECT auth.tenant()));

CREATE POLICY announcements_published ON announcements FOR SELECT TO anon, authenticated USING (is_published);
