// Sends Stripe events to a webhook endpoint again: each at most once per state folder, never faster than asked, and
// resumable after a crash at any moment. What is sent can't be taken back, so there is no undo.

import { setTimeout as sleep } from 'node:timers/promises';

import { choose, readApplied, readEvents } from './selection.mjs';
import { openState } from './state.mjs';
import { senderFor } from './senders.mjs';

const DEFAULTS = { via: 'stripectl', select: 'undelivered', per_second: 5, stop_after: 3, limit: 10_000, ask_service: false };
const SHOWN_EVENTS = 1000;

export default async function run(given, tools) {
  const args = { ...DEFAULTS, ...given };
  const sender = senderFor(args, tools.signal);
  const events = args.events ? await readEvents(args.events) : await sender.list();
  const applied = args.ask_service ? await sender.applied() : await readApplied(args.applied);
  const state = await openState(args.state_folder ?? tools.scratch, args.endpoint, { isDryRun: tools.mode === 'dry-run' });
  try {
    if (state.unknown().length > 0) await settleUnknown(state, sender, tools);
    const plan = choose(events, applied, state, args);
    return tools.mode === 'dry-run' ? wouldSend(plan, state) : await sendAll(plan, state, sender, args, tools);
  } finally {
    await state.close();
  }
}

// An event whose sending began and never ended: a crash lies between. Stripe knows how it went; where it can't tell, the
// event is sent again, with the same idempotency key, and the service applies it once.
async function settleUnknown(state, sender, tools) {
  const unknown = state.unknown();
  tools.progress(`A replay before this one ended in the middle of ${unknown.length} event(s); asking Stripe.`);
  const delivered = await sender.deliveredSince(unknown);
  if (tools.mode === 'dry-run') return;
  for (const { event } of unknown) if (delivered.has(event)) await state.note(event, 'delivered', 200);
}

async function sendAll(plan, state, sender, args, tools) {
  const tally = { delivered: 0, requested: 0, failed: 0, statuses: {}, failedEvents: [], inARow: 0 };
  let nextAt = Date.now();
  for (const [index, event] of plan.send.entries()) {
    nextAt = await waitUntil(nextAt, 1000 / args.per_second, tools.signal);
    if (tools.signal?.aborted) throw new Error(`Cancelled after ${index} of ${plan.send.length} events. Call again to go on.`);
    await sendOne(event, state, sender, tally);
    if (isTimeToTell(index + 1, plan.send.length)) tools.progress(words(tally, index + 1, plan.send.length));
    if (tally.inARow >= args.stop_after) break;
  }
  return report(plan, state, tally, { isDryRun: false, isStopped: tally.inARow >= args.stop_after });
}

async function sendOne(event, state, sender, tally) {
  await state.note(event, 'sending');
  const { outcome, status } = await sender.send(event, state.idempotencyKey(event));
  await state.note(event, outcome, status);
  tally[outcome] += 1;
  tally.statuses[status] = (tally.statuses[status] ?? 0) + 1;
  tally.inARow = outcome === 'failed' ? tally.inARow + 1 : 0;
  if (outcome === 'failed') tally.failedEvents.push(event);
}

// Returns when the next one may go, or at once when it is cancelled. A slow answer is no credit for a burst afterwards.
async function waitUntil(at, gapMs, signal) {
  const pause = at - Date.now();
  if (pause > 0) await sleep(pause, undefined, { signal }).catch(() => {});
  return Date.now() + gapMs;
}

function isTimeToTell(done, all) {
  return done === all || done === 1 || done % Math.max(1, Math.floor(all / 20)) === 0;
}

function wouldSend(plan, state) {
  const tally = { delivered: 0, requested: 0, failed: 0, statuses: {}, failedEvents: [] };
  return report(plan, state, tally, { isDryRun: true, isStopped: false });
}

function report(plan, state, tally, { isDryRun, isStopped }) {
  const sent = tally.delivered + tally.requested + tally.failed;
  const found = {
    dry_run: isDryRun,
    listed: plan.listed,
    selected: plan.send.length,
    skipped_applied: plan.skipped.applied,
    skipped_replayed: plan.skipped.replayed,
    skipped_delivered: plan.skipped.delivered,
    skipped_too_new: plan.skipped.tooNew,
    over_limit: plan.skipped.overLimit,
    delivered: tally.delivered,
    requested: tally.requested,
    failed: tally.failed,
    remaining: plan.send.length - sent + tally.failed + plan.skipped.overLimit,
    status_counts: tally.statuses,
    failed_events: tally.failedEvents.slice(0, SHOWN_EVENTS),
    would_send: isDryRun ? plan.send.slice(0, SHOWN_EVENTS) : [],
    stopped_early: isStopped,
    state_file: state.path,
  };
  return { answer: sentence(found), ...found };
}

function sentence(found) {
  if (found.selected === 0) return 'No event needs to be sent again.';
  if (found.dry_run) return `Would send ${found.selected} event(s) again.`;
  const reached = found.delivered + found.requested;
  const stopped = found.stopped_early ? ' Stopped early, because the endpoint kept refusing.' : '';
  return `Sent ${reached + found.failed} of ${found.selected} event(s) again: ${found.delivered} accepted, `
    + `${found.requested} taken by Stripe, ${found.failed} failed.${stopped}`;
}

function words(tally, done, all) {
  return `${done} of ${all} sent: ${tally.delivered} accepted, ${tally.requested} taken by Stripe, ${tally.failed} failed`;
}
