// The service around the settings file: its restart from a fixed list, its health, and a signed test event.

import { execFile } from 'node:child_process';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const SHAPE = /^whsec_[A-Za-z0-9+/=_-]{16,256}$/;
const UNIT = /^[A-Za-z0-9][A-Za-z0-9@._-]{0,127}$/;
const COMMAND_MS = 60_000;
const ANSWER_MS = 5_000;
const PAUSE_MS = 200;
const PING = 'v2.core.event_destination.ping';

// The only commands this KEY can run to restart something. Nothing is ever spliced into a shell.
const RESTARTS = {
  none: () => null,
  appctl: () => ['appctl', 'restart'],
  systemd: (unit) => ['systemctl', 'restart', '--', unit],
  compose: (unit) => ['docker', 'compose', 'restart', '--', unit],
  kubernetes: (unit) => ['kubectl', 'rollout', 'restart', `deployment/${unit}`],
};

/** Eight hex digits of SHA-256: enough to compare, useless to guess from. */
export function fingerprint(value) {
  return createHash('sha256').update(value).digest('hex').slice(0, 8);
}

/** Throws when this can't be a signing secret. Says what is wrong, never the value. */
export function refuseBadSecret(secret) {
  if (typeof secret !== 'string' || secret === '') throw new Error('The secret is empty. Nothing was changed.');
  if (secret !== secret.trim()) throw new Error('The secret begins or ends with white space. Nothing was changed.');
  if (!secret.startsWith('whsec_')) throw new Error("The secret does not begin with whsec_: it is no endpoint's signing secret. Nothing was changed.");
  if (!SHAPE.test(secret)) throw new Error('The secret is too short, too long, or holds a character no secret has. Nothing was changed.');
}

/** Throws when the restart that was asked for can't be one of ours. */
export function checkRestart({ restart: way, unit, name }) {
  if (!(way in RESTARTS)) throw new Error(`restart is one of ${Object.keys(RESTARTS).join(', ')}. Nothing was changed.`);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Error('name is no name of a setting. Nothing was changed.');
  const needsUnit = !['none', 'appctl'].includes(way);
  if (needsUnit && !UNIT.test(unit ?? '')) throw new Error(`restart by ${way} needs unit, the name of the service. Nothing was changed.`);
}

/** The secret that Stripe has for an endpoint, through a pipe. */
export async function askStripe(endpoint, signal) {
  const { code, stdout } = await call(['stripectl', 'endpoints', 'reveal-secret', endpoint], signal);
  if (code !== 0) throw new Error(`stripectl did not tell the secret of ${endpoint} (exit ${code}). Nothing was changed.`);
  return stdout.replace(/\r?\n$/, '');
}

/** True when the service was restarted, false when that failed, null when it was not asked for. */
export async function restart({ restart: way, unit }, signal) {
  const argv = RESTARTS[way](unit);
  return argv && (await call(argv, signal)).code === 0;
}

/** Does health_url answer 2xx within wait_seconds? null when there is none to ask. */
export async function isHealthy({ health_url: url, wait_seconds: seconds }, signal) {
  return url ? eventually(() => isAnswered(url, { method: 'GET' }, signal), seconds, signal) : null;
}

/** Does the service accept an event signed with the secret? It is a ping, which a webhook handler ignores. */
export async function isSigned({ webhook_url: url, wait_seconds: seconds }, secret, signal) {
  return url ? eventually(() => isAnswered(url, signedPing(secret), signal), seconds, signal) : null;
}

function signedPing(secret) {
  const at = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({ id: `evt_test_${randomBytes(8).toString('hex')}`, object: 'event', type: PING, created: at });
  const signature = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
  return { method: 'POST', body, headers: { 'Content-Type': 'application/json', 'Stripe-Signature': `t=${at},v1=${signature}` } };
}

async function eventually(ask, seconds, signal) {
  const deadline = Date.now() + seconds * 1000;
  while (!(await ask())) {
    if (Date.now() + PAUSE_MS > deadline) return false;
    await sleep(PAUSE_MS, undefined, { signal });
  }
  return true;
}

async function isAnswered(url, request, signal) {
  const limit = AbortSignal.any([AbortSignal.timeout(ANSWER_MS), ...(signal ? [signal] : [])]);
  try {
    const answer = await fetch(url, { ...request, signal: limit, redirect: 'error' });
    await answer.body?.cancel();
    return answer.ok;
  } catch (problem) {
    if (signal?.aborted) throw problem;
    return false;
  }
}

// Resolves in every case: after the file is changed, a program that is not there is an answer ("not restarted"), not an error.
function call([program, ...argv], signal) {
  return new Promise((resolve) => {
    execFile(program, argv, { timeout: COMMAND_MS, signal }, (problem, stdout) => {
      resolve({ code: problem ? problem.code ?? 'timeout' : 0, stdout });
    });
  });
}
