-- Closes a hole at once and takes nothing away from anybody who has a right. RESTRICTIVE: every row must pass it too,
-- whatever other policies allow. Released together with the contract; `accessctl fence` runs it in one transaction.
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE members ENABLE ROW LEVEL SECURITY;
ALTER TABLE drafts ENABLE ROW LEVEL SECURITY;
ALTER TABLE subscribers ENABLE ROW LEVEL SECURITY;
ALTER TABLE announcements ENABLE ROW LEVEL SECURITY;

CREATE POLICY breach_fence ON tenants AS RESTRICTIVE TO anon, authenticated USING (false) WITH CHECK (false);

CREATE POLICY breach_fence ON members AS RESTRICTIVE TO anon, authenticated
    USING (tenant_id = (SELECT auth.tenant())) WITH CHECK (false);
CREATE POLICY breach_fence_change ON members AS RESTRICTIVE FOR UPDATE TO anon, authenticated USING (false);
CREATE POLICY breach_fence_remove ON members AS RESTRICTIVE FOR DELETE TO anon, authenticated USING (false);

CREATE POLICY breach_fence ON drafts AS RESTRICTIVE TO anon, authenticated
    USING (tenant_id = (SELECT auth.tenant())) WITH CHECK (tenant_id = (SELECT auth.tenant()));

CREATE POLICY breach_fence ON subscribers AS RESTRICTIVE TO anon, authenticated
    USING (tenant_id = (SELECT auth.tenant())) WITH CHECK (tenant_id = (SELECT auth.tenant()));
CREATE POLICY breach_fence_change ON subscribers AS RESTRICTIVE FOR UPDATE TO anon, authenticated USING (false);

CREATE POLICY breach_fence ON announcements AS RESTRICTIVE TO anon, authenticated
    USING (is_published) WITH CHECK (false);
CREATE POLICY breach_fence_change ON announcements AS RESTRICTIVE FOR UPDATE TO anon, authenticated USING (false);
CREATE POLICY breach_fence_remove ON announcements AS RESTRICTIVE FOR DELETE TO anon, authenticated USING (false);
