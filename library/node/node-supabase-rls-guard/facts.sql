-- What the catalogue says, and who the members are: one JSON object.
WITH contract AS (SELECT current_setting('keys.contract')::jsonb AS c),
tables AS (
    SELECT key AS name, to_regclass(format('%I.%I', current_setting('keys.schema'), key)) AS oid
    FROM contract, jsonb_each(c -> 'tables')
),
clients AS (SELECT unnest(ARRAY['anon', 'authenticated']) AS client)
SELECT jsonb_build_object(
    'sees_all', (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user),
    'missing_tables', (SELECT coalesce(jsonb_agg(name), '[]') FROM tables WHERE oid IS NULL),
    'rls_off', (SELECT coalesce(jsonb_agg(name ORDER BY name), '[]') FROM tables t
        JOIN pg_class k ON k.oid = t.oid WHERE NOT k.relrowsecurity),
    'without_policy', (SELECT coalesce(jsonb_agg(name ORDER BY name), '[]') FROM tables t
        JOIN pg_class k ON k.oid = t.oid
        WHERE k.relrowsecurity AND NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = k.oid)),
    'passing_over', (SELECT coalesce(jsonb_agg(DISTINCT client || ' on ' || name), '[]') FROM clients, tables t
        JOIN pg_class k ON k.oid = t.oid
        WHERE (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = client)
            OR (pg_has_role(client, k.relowner, 'USAGE') AND NOT k.relforcerowsecurity)),
    'exposed', (SELECT coalesce(jsonb_agg(DISTINCT k.relname), '[]') FROM clients, pg_class k
        WHERE k.relnamespace = to_regnamespace(quote_ident(current_setting('keys.schema')))
            AND k.relkind IN ('r', 'p', 'v', 'm', 'f') AND k.relname NOT IN (SELECT name FROM tables)
            AND (has_table_privilege(client, k.oid, 'SELECT, INSERT, UPDATE, DELETE')
                OR has_any_column_privilege(client, k.oid, 'SELECT, INSERT, UPDATE'))),
    -- They read past every policy. Nobody can call a trigger's function.
    'definer_functions', (SELECT coalesce(jsonb_agg(DISTINCT f.name), '[]') FROM clients, contract, (
            SELECT oid, oid::regprocedure::text FROM pg_proc
            WHERE pronamespace = to_regnamespace(quote_ident(current_setting('keys.schema'))) AND prosecdef
                AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)) f (oid, name)
        WHERE has_function_privilege(client, f.oid, 'EXECUTE') AND NOT c -> 'definer_functions' ? f.name)
);
