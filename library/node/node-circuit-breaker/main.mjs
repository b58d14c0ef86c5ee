// Holds a service's circuit breaker open, or gives it back to itself and sees whether it closes.

import { setTimeout as sleep } from 'node:timers/promises';

import { addressOf, look, set } from './switchboard.mjs';

const DEFAULTS = { path: '/internal/breakers', by: 'keys', reason: '', wait_seconds: 20 };
const PAUSE_MS = 200;

export default async function run(given, tools) {
  const args = { ...DEFAULTS, ...given };
  const address = addressOf(args.service_url, args.path, args.breaker);
  const before = await readable(address, tools.signal);
  const isChanged = before.mode !== args.value;
  if (tools.mode === 'dry-run') return report({ args, before, now: before, isChanged, isDryRun: true });
  return move(args, address, before, args.value, tools);
}

/** Sets the mode that was there before the call to be undone, unless somebody has set another one since. */
export async function undo(given, tools) {
  const args = { ...DEFAULTS, ...given };
  const address = addressOf(args.service_url, args.path, args.breaker);
  const wanted = tools.resultBefore?.mode_before ?? (args.value === 'open' ? 'auto' : 'open');
  const before = await readable(address, tools.signal);
  const isKnown = [args.value, wanted].includes(before.mode);
  if (!isKnown) throw new Error(`The breaker is ${before.mode} since then. Nothing was changed: look who did that.`);
  return move({ ...args, reason: args.reason || 'undo' }, address, before, wanted, tools);
}

async function move(args, address, before, value, tools) {
  const isChanged = before.mode !== value;
  if (isChanged) await set(address, value, args.by, args.reason, tools.signal);
  const now = value === 'auto' ? await settled(address, args.wait_seconds, tools) : await readable(address, tools.signal);
  return report({ args: { ...args, value }, before, now, isChanged, isDryRun: false });
}

/** An automatic breaker begins half-open: wait until calls have closed it, or the time is up. */
async function settled(address, seconds, tools) {
  const deadline = Date.now() + seconds * 1000;
  let now = await readable(address, tools.signal);
  while (now.state !== 'closed' && Date.now() < deadline) {
    await sleep(PAUSE_MS, undefined, { signal: tools.signal });
    now = await readable(address, tools.signal);
    tools.progress(`The breaker is ${now.state}.`);
  }
  return now;
}

async function readable(address, signal) {
  const found = await look(address, signal);
  if (typeof found.mode !== 'string' || typeof found.state !== 'string') {
    throw new Error(`${address.pathname} names no mode and state: it is no breaker that this KEY knows.`);
  }
  return found;
}

function report({ args, before, now, isChanged, isDryRun }) {
  const wanted = args.value === 'open' ? 'open' : 'closed';
  const found = {
    dry_run: isDryRun,
    changed: isChanged,
    mode_before: before.mode,
    mode: now.mode,
    state: now.state,
    trips: Number.isInteger(now.trips) ? now.trips : 0,
    verified: !isDryRun && now.mode === args.value && now.state === wanted,
  };
  return { answer: sentence(args, found), ...found };
}

function sentence(args, found) {
  const name = `The breaker of ${args.breaker}`;
  if (found.dry_run) return found.changed ? `${name} would go from ${found.mode_before} to ${args.value}.` : `${name} is ${args.value} already. Nothing would change.`;
  if (found.mode !== args.value) return `${name} is ${found.mode}, although it was set to ${args.value}. Somebody sets it too.`;
  if (found.verified) return args.value === 'open' ? `${name} is held open: nothing is called.` : `${name} is on its own, and closed.`;
  return `${name} is on its own, and ${found.state} after ${args.wait_seconds} s: the dependency still fails, or nobody calls it.`;
}
