// Turns a service's fallback on or off, and looks at what its users get then.

import { addressOf, look, set } from './switchboard.mjs';
import { following } from './answers.mjs';

const DEFAULTS = { path: '/internal/fallbacks', by: 'keys', reason: '', answers: 10, wait_seconds: 30 };

export default async function run(given, tools) {
  const args = { ...DEFAULTS, ...given };
  const address = addressOf(args.service_url, args.path, args.dependency);
  const before = await readable(address, tools.signal);
  const isChanged = before.value !== args.value;
  if (tools.mode === 'dry-run') return report({ args, before, now: before, seen: null, isChanged, isDryRun: true });
  return move(args, address, before, args.value, tools);
}

/** Sets the value that was there before the call to be undone. */
export async function undo(given, tools) {
  const args = { ...DEFAULTS, ...given };
  const address = addressOf(args.service_url, args.path, args.dependency);
  const wanted = tools.resultBefore?.value_before ?? (args.value === 'on' ? 'off' : 'on');
  const before = await readable(address, tools.signal);
  return move({ ...args, reason: args.reason || 'undo' }, address, before, wanted, tools);
}

async function move(args, address, before, value, tools) {
  const isChanged = before.value !== value;
  if (isChanged) await set(address, value, args.by, args.reason, tools.signal);
  const now = await readable(address, tools.signal);
  tools.progress(`The fallback is ${now.value}.`);
  const seen = args.answers_log ? await following(args.answers_log, args.answers, args.wait_seconds, tools.signal) : null;
  return report({ args: { ...args, value }, before, now, seen, isChanged, isDryRun: false });
}

async function readable(address, signal) {
  const found = await look(address, signal);
  if (!['on', 'off'].includes(found.value)) throw new Error(`${address.pathname} is neither on nor off: it is no fallback that this KEY knows.`);
  return found;
}

function report({ args, before, now, seen, isChanged, isDryRun }) {
  const counted = seen ?? { answers: 0, full: 0, degraded: 0, unmarked: 0, refused: 0 };
  const isSet = now.value === args.value;
  const isEnough = seen === null || (seen.answers >= args.answers && seen.unmarked === 0);
  const found = {
    dry_run: isDryRun,
    changed: isChanged,
    value_before: before.value,
    value: now.value,
    ...counted,
    marked: counted.unmarked === 0,
    verified: !isDryRun && isSet && isEnough,
  };
  return { answer: sentence(args, found, seen), ...found };
}

function sentence(args, found, seen) {
  const name = `The fallback for ${args.dependency}`;
  if (found.dry_run) return found.changed ? `${name} would go from ${found.value_before} to ${args.value}.` : `${name} is ${args.value} already. Nothing would change.`;
  if (found.value !== args.value) return `${name} is ${found.value}, although it was set to ${args.value}. Somebody sets it too.`;
  if (seen === null) return `${name} is ${found.value}. What users get was not looked at.`;
  if (found.unmarked) return `${name} is ${found.value}, and ${found.unmarked} degraded answers hide that they are. Undo.`;
  if (seen.answers < args.answers) return `${name} is ${found.value}, and only ${seen.answers} users were answered in ${args.wait_seconds} s.`;
  return `${name} is ${found.value}. Of ${seen.answers} users ${seen.full} got a full answer, ${seen.degraded} a degraded one, ${seen.refused} none.`;
}
