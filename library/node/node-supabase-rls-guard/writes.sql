-- Which rows every caller could write is worked out from grants and policies. Nothing is ever written.
DO $writes$
DECLARE
    caller jsonb;
    tab record;
    own text;
    reach text;
    met record;
    problem text;
    cells jsonb := '[]';
BEGIN
    FOR caller IN SELECT jsonb_array_elements(current_setting('keys.callers')::jsonb) LOOP
        PERFORM set_config('request.jwt.claims', (caller -> 'claims')::text, true);
        FOR tab IN SELECT t.key AS name, t.value AS rule, k.oid, k.relrowsecurity AS has_rls, k.relowner, w.command
            FROM jsonb_each(current_setting('keys.contract')::jsonb -> 'tables') t
            JOIN pg_class k ON k.oid = format('%I.%I', current_setting('keys.schema'), t.key)::regclass,
            unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) w (command)
        LOOP
            own := CASE
                WHEN tab.rule ->> 'published_column' IS NOT NULL THEN format('%I IS TRUE', tab.rule ->> 'published_column')
                WHEN tab.rule ->> 'tenant_column' IS NULL OR caller ->> 'tenant' IS NULL THEN 'false'
                ELSE format('%I::text IS NOT DISTINCT FROM %L', tab.rule ->> 'tenant_column', caller ->> 'tenant') END;
            -- Old rows that may be touched, or new rows that may be put in their place: both are reach.
            SELECT CASE
                WHEN NOT (has_table_privilege(caller ->> 'role', tab.oid, tab.command)
                    OR (tab.command <> 'DELETE' AND has_any_column_privilege(caller ->> 'role', tab.oid, tab.command)))
                    THEN 'false'
                WHEN NOT tab.has_rls OR pg_has_role(caller ->> 'role', tab.relowner, 'USAGE') THEN 'true'
                ELSE coalesce(format('(%s) AND (%s) OR (%s) AND (%s)',
                    string_agg(old, ' OR ') FILTER (WHERE permissive), coalesce(string_agg(old, ' AND ') FILTER (WHERE NOT permissive), 'true'),
                    string_agg(new, ' OR ') FILTER (WHERE permissive), coalesce(string_agg(new, ' AND ') FILTER (WHERE NOT permissive), 'true')),
                    'false') END
            INTO reach FROM (
                SELECT p.permissive = 'PERMISSIVE',
                    '(' || CASE tab.command WHEN 'INSERT' THEN coalesce(p.with_check, p.qual, 'true') ELSE coalesce(p.qual, 'true') END || ')',
                    '(' || CASE tab.command WHEN 'DELETE' THEN coalesce(p.qual, 'true') ELSE coalesce(p.with_check, p.qual, 'true') END || ')'
                FROM pg_policies p
                WHERE p.schemaname = current_setting('keys.schema') AND p.tablename = tab.name AND p.cmd IN ('ALL', tab.command)
                    AND p.roles && ARRAY['public', caller ->> 'role']::name[]
            ) applying (permissive, old, new);
            problem := NULL;
            BEGIN
                EXECUTE format('SELECT count(*) FILTER (WHERE %1$s) AS there, count(*) FILTER (WHERE (%1$s) AND (%2$s)) AS own,'
                    ' count(*) FILTER (WHERE NOT (%1$s) AND (%2$s)) AS other FROM %3$s', own, reach, tab.oid::regclass) INTO met;
            EXCEPTION WHEN OTHERS THEN
                SELECT 0::bigint AS there, 0::bigint AS own, 0::bigint AS other INTO met;
                problem := 'PostgreSQL ended with error ' || SQLSTATE;  -- this cell is unknown, the others are still asked
            END;
            cells := cells || jsonb_build_object('caller', caller ->> 'name', 'table', tab.name, 'command', tab.command,
                'expected', tab.rule -> (caller ->> 'role') ->> tab.command, 'there', met.there, 'own', met.own,
                'other', met.other, 'refused', reach = 'false', 'problem', problem);
        END LOOP;
    END LOOP;
    PERFORM set_config('keys.answer', cells::text, true);
END
$writes$;
SELECT current_setting('keys.answer');
