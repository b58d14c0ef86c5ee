-- Begins every question of the guard. Constant text: values come by psql's variables, and nothing can be written.
\set ON_ERROR_STOP on
BEGIN READ ONLY;
SET LOCAL statement_timeout = '60s';
SET LOCAL lock_timeout = '2s';
SELECT set_config('keys.contract', :'contract', true), set_config('keys.schema', :'schema', true),
       set_config('keys.callers', :'callers', true) \gset set_
