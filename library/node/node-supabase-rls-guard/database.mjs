// Asks PostgreSQL by psql: constant files, values as psql's variables, the password in the environment and never in argv.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

const MOST_BYTES = 64 * 1024 * 1024;
const KEPT = ['PATH', 'HOME', 'LANG', 'TZ'];

/** The connection's settings for psql, from a postgresql:// address. Throws in words that hold no part of it. */
export function settingsOf(address) {
  let url;
  try {
    url = new URL(address);
  } catch {
    throw new Error('database is no address like postgresql://role:password@host/name.');
  }
  if (!['postgresql:', 'postgres:'].includes(url.protocol) || !url.hostname || url.pathname.length < 2) {
    throw new Error('database is no address like postgresql://role:password@host/name.');
  }
  const found = {
    PGHOST: decodeURIComponent(url.hostname).replace(/^\[|\]$/g, ''),
    PGPORT: url.port || '5432',
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: decodeURIComponent(url.pathname.slice(1)),
    PGSSLMODE: url.searchParams.get('sslmode') ?? '',
    PGCONNECT_TIMEOUT: '5',
    PGAPPNAME: 'node-supabase-rls-guard',
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== ''));
}

/** What the named file answers, as JSON. `values` are texts for psql's variables. */
export async function ask(settings, name, values, signal) {
  const [begin, question] = await Promise.all(['begin', name].map((each) => readFile(new URL(`./${each}.sql`, import.meta.url), 'utf8')));
  const variables = Object.entries({ contract: '{}', schema: 'public', callers: '{}', ...values }).flatMap(([key, value]) => ['-v', `${key}=${value}`]);
  const argv = ['--no-psqlrc', '--quiet', '--no-align', '--tuples-only', '--no-password', ...variables, '--file', '-'];
  const text = await run(argv, settings, `${begin}\n${question}\nROLLBACK;\n`, signal);
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`PostgreSQL gave no readable answer to ${name}.sql.`);
  }
}

function run(argv, settings, script, signal) {
  const kept = Object.fromEntries(KEPT.filter((name) => name in process.env).map((name) => [name, process.env[name]]));
  return new Promise((resolve, reject) => {
    const child = execFile('psql', argv, { env: { ...kept, ...settings }, maxBuffer: MOST_BYTES, signal }, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (error.code === 'ENOENT') reject(new Error('psql is not installed on this machine. Nothing was asked.'));
      else reject(new Error(`The database could not be asked: ${firstError(stderr) || error.message.split('\n')[0]}`));
    });
    child.stdin.on('error', () => {});
    child.stdin.end(script);
  });
}

function firstError(stderr) {
  const lines = stderr.split('\n').map((line) => line.replace(/^psql:(<stdin>:\d+: )?\s*/, '').trim());
  return lines.find((line) => /ERROR|FATAL|error/.test(line)) ?? '';
}
