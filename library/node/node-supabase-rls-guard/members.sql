-- One member for each of the first tenants: a JSON array of {tenant, user}.
DO $members$
DECLARE
    m jsonb := current_setting('keys.contract')::jsonb -> 'members';
    found jsonb;
BEGIN
    EXECUTE format(
        'SELECT coalesce(jsonb_agg(jsonb_build_object(''tenant'', t, ''user'', u)), ''[]'') FROM ('
        '    SELECT DISTINCT ON (%1$I) %1$I::text, %2$I::text FROM %3$I.%4$I ORDER BY %1$I, %2$I LIMIT %5$s'
        ') s (t, u)',
        m ->> 'tenant_column', m ->> 'user_column', current_setting('keys.schema'), m ->> 'table',
        (current_setting('keys.callers')::jsonb ->> 'most')::int) INTO found;
    PERFORM set_config('keys.answer', found::text, true);
END
$members$;
SELECT current_setting('keys.answer');
