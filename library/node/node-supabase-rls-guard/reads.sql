-- Every caller really reads every table, as the client role and with the claims that the API would set.
DO $reads$
DECLARE
    caller jsonb;
    tab record;
    own text;
    seen record;
    cells jsonb := '[]';
BEGIN
    FOR caller IN SELECT jsonb_array_elements(current_setting('keys.callers')::jsonb) LOOP
        FOR tab IN SELECT key AS name, value AS rule, format('%I.%I', current_setting('keys.schema'), key) AS place
            FROM jsonb_each(current_setting('keys.contract')::jsonb -> 'tables')
        LOOP
            own := CASE
                WHEN tab.rule ->> 'published_column' IS NOT NULL THEN format('%I IS TRUE', tab.rule ->> 'published_column')
                WHEN tab.rule ->> 'tenant_column' IS NULL OR caller ->> 'tenant' IS NULL THEN 'false'
                ELSE format('%I::text IS NOT DISTINCT FROM %L', tab.rule ->> 'tenant_column', caller ->> 'tenant') END;
            EXECUTE format('SELECT count(*) FILTER (WHERE %s) AS there, 0::bigint AS own, 0::bigint AS other, true AS refused, NULL::text AS problem FROM %s',
                own, tab.place) INTO seen;
            BEGIN
                PERFORM set_config('request.jwt.claims', (caller -> 'claims')::text, true),
                    set_config('role', caller ->> 'role', true);
                EXECUTE format('SELECT %1$s::bigint AS there, count(*) FILTER (WHERE %2$s) AS own,'
                    ' count(*) FILTER (WHERE NOT %2$s) AS other, false AS refused, NULL::text AS problem FROM %3$s',
                    seen.there, '(' || own || ')', tab.place) INTO seen;
            EXCEPTION WHEN insufficient_privilege THEN
                NULL;  -- refused, as it stands in `seen`
            WHEN OTHERS THEN
                seen.problem := 'PostgreSQL ended with error ' || SQLSTATE;  -- a policy that ends in an error: this cell is unknown, the others are still asked
            END;
            PERFORM set_config('role', 'none', true);
            cells := cells || jsonb_build_object('caller', caller ->> 'name', 'table', tab.name, 'command', 'SELECT',
                'expected', tab.rule -> (caller ->> 'role') ->> 'SELECT', 'there', seen.there, 'own', seen.own,
                'other', seen.other, 'refused', seen.refused, 'problem', seen.problem);
        END LOOP;
    END LOOP;
    PERFORM set_config('keys.answer', cells::text, true);
END
$reads$;
SELECT current_setting('keys.answer');
