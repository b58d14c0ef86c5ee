// Puts a signing secret into a service's settings file: backup first, whole or not at all, restart, and proof that it took.
// The secret is never printed, never an argument of a command, and never part of a message.

import { backup, inspect, readSettings, replace, restore } from './settings.mjs';
import { askStripe, checkRestart, fingerprint, isHealthy, isSigned, refuseBadSecret, restart } from './service.mjs';

const DEFAULTS = { name: 'STRIPE_WEBHOOK_SECRET', restart: 'none', wait_seconds: 20 };

export default async function run(given, tools) {
  const args = { ...DEFAULTS, ...given };
  checkRestart(args);
  const secret = await secretFor(args, tools.signal);
  const file = await inspect(args.env_file);
  const settings = readSettings(file, args.name);
  const before = fingerprint(settings.value);
  const after = fingerprint(secret);
  if (args.expected_fingerprint && args.expected_fingerprint !== after) {
    throw new Error(`The secret's fingerprint is ${after}, not ${args.expected_fingerprint}. Nothing was changed.`);
  }
  const plan = { isDryRun: tools.mode === 'dry-run', isChanged: before !== after, before, after, backup: `${file.path}.bak` };
  if (plan.isDryRun) return report(plan, {});
  if (plan.isChanged) await change(file, settings, secret, plan, tools);
  return report(plan, await prove(args, secret, tools, 'is set'));
}

/** Puts the backup back, if the file still holds what the call to be undone wrote. */
export async function undo(given, tools) {
  const args = { ...DEFAULTS, ...given };
  checkRestart(args);
  const file = await inspect(args.env_file);
  const now = fingerprint(readSettings(file, args.name).value);
  const written = tools.resultBefore?.fingerprint;
  const expected = tools.resultBefore?.fingerprint_before;
  if (tools.resultBefore && !tools.resultBefore.changed) {
    return { ...report({ isChanged: false, before: now, after: now, backup: `${file.path}.bak` }, {}), answer: 'Nothing was changed, so nothing is to be undone.' };
  }
  if (written && now !== written && now !== expected) {
    throw new Error(`${args.name} was changed again since (fingerprint ${now}). Nothing was restored: look who did that.`);
  }
  const value = await restore(file, args.name, expected && { expected, fingerprint });
  tools.progress(`${args.name} is restored; fingerprint ${fingerprint(value)}.`);
  const plan = { isChanged: now !== fingerprint(value), before: now, after: fingerprint(value), backup: `${file.path}.bak` };
  return report(plan, await prove(args, value, tools, 'is restored'));
}

async function secretFor(args, signal) {
  if (Boolean(args.secret) === Boolean(args.endpoint)) {
    throw new Error('Give the secret, or the endpoint whose secret Stripe shall tell. One of the two. Nothing was changed.');
  }
  const secret = args.secret ?? (await askStripe(args.endpoint, signal));
  refuseBadSecret(secret);
  return secret;
}

async function change(file, settings, secret, plan, tools) {
  await backup(file);
  tools.progress(`The settings before are kept in ${plan.backup}.`);
  await replace(file, settings.with(secret));
  const written = readSettings(await inspect(file.path), settings.name).value;
  if (fingerprint(written) !== plan.after) throw new Error(`${file.path} does not hold what was written. Run undo.`);
  tools.progress(`${settings.name} is set; fingerprint ${plan.after}.`);
}

// A failed restart or check is a result, not an error: the caller must know that the file is changed, and may undo it.
async function prove(args, secret, tools, verb) {
  const wasRestarted = await restart(args, tools.signal);
  const isWell = await isHealthy(args, tools.signal);
  const isAccepted = isWell === false ? null : await isSigned(args, secret, tools.signal);
  tools.progress(`${args.name} ${verb}; restarted: ${told(wasRestarted)}, healthy: ${told(isWell)}, signed test: ${told(isAccepted)}.`);
  return { restarted: wasRestarted, healthy: isWell, accepts_signature: isAccepted };
}

function report(plan, proof) {
  const { restarted = null, healthy = null, accepts_signature = null } = proof;
  const isVerified = ![restarted, healthy, accepts_signature].includes(false);
  const found = {
    dry_run: plan.isDryRun ?? false,
    changed: plan.isChanged,
    fingerprint_before: plan.before,
    fingerprint: plan.after,
    backup: plan.backup,
    restarted,
    healthy,
    accepts_signature,
    verified: !plan.isDryRun && isVerified,
  };
  return { answer: sentence(found), ...found };
}

function sentence(found) {
  const { changed, fingerprint_before: before, fingerprint: after } = found;
  if (found.dry_run) return changed ? `Would change the secret from ${before} to ${after}.` : `The secret is ${after} already. Nothing would change.`;
  const did = changed ? `The secret went from ${before} to ${after}` : `The secret was ${after} already`;
  const isAsked = [found.restarted, found.healthy, found.accepts_signature].some((answer) => answer !== null);
  if (found.verified && !isAsked) return `${did} in the file. No restart and no check was asked for.`;
  if (found.verified) return `${did}, and every check that was asked for passed.`;
  if (found.restarted === false) return `${did}, but the restart failed. Start the service, or undo.`;
  if (found.healthy === false) return `${did}, but the service is not healthy. Look at its log, or undo.`;
  return `${did}, but the service refuses what is signed with it. Undo.`;
}

function told(answer) { return answer === null ? 'not asked' : answer ? 'yes' : 'no'; }
