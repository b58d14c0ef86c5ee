// Makes records agree with Stripe, in the background and in batches: planned first, each record changed only while it is as
// planned, its value before kept in the same transaction, a look at everything between two batches. What a crash interrupts
// is gone on with by the same call: what is done is known in the database, not here.

import { setTimeout as sleep } from 'node:timers/promises';

import { Desk } from './desk.mjs';
import { countKinds, differences, inWords, isOlder, isSame, keyOf } from './differences.mjs';

const DEFAULTS = { stage: 'plan', at_most: 10, batch: 10, rows_per_second: 50 };
const SHOWN = 1000;
const NOTHING = { planned: 0, changed: 0, already: 0, remaining: 0, batches: 0, stopped_early: false, left: [], appeared: [] };

export default async function run(given, tools) {
  const args = { ...DEFAULTS, ...given };
  const desk = new Desk(args, tools.signal);
  const found = await compared(desk);
  tools.progress(`${found.changes.length} records differ from what Stripe's events say.${olderInWords(found.older.length)}`);
  if (args.stage === 'plan') return plan(args, found, desk, tools);
  if (tools.mode === 'dry-run') return wouldApply(args, found, await pending(desk, args.run));
  return apply(args, found, desk, tools);
}

/** Puts back what the run changed; a record that somebody changed since is left alone and named. */
export async function undo(given, tools) {
  const args = { ...DEFAULTS, ...given };
  const done = await new Desk(args, tools.signal).undo(args.run);
  const left = done.left_alone.map((each) => ({ table: each.table, id: each.id, why: 'it was changed since' }));
  const words = `${done.done} records are as before. ${left.length} were changed since and left alone.`;
  tools.progress(words);
  return { answer: words, run: args.run, changed: done.done, left_alone: left, changed_by_others: left.length };
}

// What may be older than Stripe's events is in no plan: a customer who pays is no orphan because Stripe has forgotten.
async function compared(desk) {
  const { held, ledger } = await desk.look();
  const all = differences(held, ledger);
  const older = all.filter((change) => isOlder(change, ledger.oldest_event_at));
  return { changes: all.filter((change) => !older.includes(change)), older, ledger };
}

async function plan(args, found, desk, tools) {
  const { changes } = found;
  const isTooMany = changes.length > args.at_most;
  if (tools.mode === 'dry-run' || isTooMany || changes.length === 0) return report(args, tools, found, NOTHING);
  const { planned } = await desk.plan(args.run, changes);
  tools.progress(`${planned} changes are written down as ${args.run}. No record is changed yet.`);
  return report(args, tools, found, { ...NOTHING, planned, remaining: planned });
}

async function pending(desk, run) {
  const planned = await desk.changes(run);
  if (planned.length === 0) throw new Error(`There is no plan called ${run}. Call with stage plan first. Nothing was changed.`);
  return { all: planned, open: planned.filter((each) => !each.done_at) };
}

function wouldApply(args, found, { all, open }) {
  return report(args, { mode: 'dry-run' }, found, { ...NOTHING, planned: all.length, remaining: open.length });
}

async function apply(args, first, desk, tools) {
  const { all, open } = await pending(desk, args.run);
  if (open.length > args.at_most) throw new Error(`${open.length} records are planned, and at_most is ${args.at_most}. Nothing was changed.`);
  const known = new Set(all.map((each) => `${each.source_table} ${each.row_id}`));
  const tally = { ...NOTHING, planned: all.length, left: [], remaining: open.length };
  noteAppeared(tally, first.changes, known);
  for (let at = 0; at < open.length && !tally.stopped_early; at += args.batch) {
    if (at > 0) await sleep((1000 * args.batch) / args.rows_per_second, undefined, { signal: tools.signal });
    await oneBatch(args, open.slice(at, at + args.batch), known, desk, tally);
    tools.progress(`${tally.changed + tally.already} of ${open.length} done, ${tally.left.length} left alone, ${tally.appeared.length} differ newly.`);
  }
  return report(args, tools, first, tally);
}

// After each batch everything is compared again: where other records begin to differ, the cause is still at work.
async function oneBatch(args, batch, known, desk, tally) {
  const done = await desk.apply(args.run, batch.map((each) => each.seq));
  const { changes, ledger } = await compared(desk);
  const left = done.left_alone.map((each) => explained(each, batch, ledger));
  tally.batches += 1;
  tally.changed += done.done;
  tally.already += done.already;
  tally.left = [...tally.left, ...left];
  tally.remaining -= done.done + done.already;
  noteAppeared(tally, changes, known);
}

// A record that differs and was not planned began to differ after the plan.
function noteAppeared(tally, changes, known) {
  tally.appeared = changes.map(keyOf).filter((key) => !known.has(key));
  tally.stopped_early = tally.appeared.length > 0;
}

// A record that is no longer as planned: either an event has changed what it must be, or somebody has edited it.
function explained({ seq, table, id }, batch, ledger) {
  const planned = batch.find((each) => each.seq === seq);
  const mustBe = ledger[table].find((row) => row.id === id) ?? null;
  const hasMovedOn = !isSame(mustBe, planned.after);
  return { table, id, why: hasMovedOn ? 'an event has changed it since the plan' : 'somebody has changed it since the plan', hasMovedOn };
}

function report(args, tools, { changes, older }, tally) {
  const movedOn = tally.left.filter((each) => each.hasMovedOn).length;
  const found = {
    dry_run: tools.mode === 'dry-run',
    stage: args.stage,
    run: args.run,
    rows: changes.length,
    ...countKinds(changes),
    older_than_events: older.length,
    older_records: older.slice(0, SHOWN).map(keyOf),
    planned: tally.planned,
    changed: tally.changed,
    already: tally.already,
    remaining: tally.remaining,
    moved_on: movedOn,
    changed_by_others: tally.left.length - movedOn,
    left_alone: tally.left.slice(0, SHOWN).map(({ table, id, why }) => ({ table, id, why })),
    newly_differing: tally.appeared.slice(0, SHOWN),
    batches: tally.batches,
    stopped_early: tally.stopped_early,
    would_change: args.stage === 'plan' ? changes.slice(0, SHOWN).map(inWords) : [],
  };
  return { answer: sentence(found, args) + olderInWords(older.length), ...found };
}

function olderInWords(count) {
  return count ? ` ${count} more may be older than Stripe's oldest event: they may be right, and are left alone.` : '';
}

function sentence(found, args) {
  if (found.stage === 'plan' && found.rows === 0) return found.older_than_events ? 'There is nothing to change.' : 'Every record is what Stripe\'s events say. There is nothing to change.';
  if (found.stage === 'plan' && found.dry_run) return `Would change ${found.rows} records.`;
  if (found.stage === 'plan' && found.planned === 0) return `${found.rows} records differ; at most ${args.at_most} may be planned. Nothing was written.`;
  if (found.stage === 'plan') return `${found.planned} changes are planned. No record is changed yet.`;
  if (found.dry_run) return `Would make ${found.remaining} of ${found.planned} planned changes.`;
  const left = found.left_alone.map(({ table, id, why }) => ` Left alone: ${table} ${id}, because ${why}.`).slice(0, 10).join('');
  const stopped = found.stopped_early ? ` Stopped, because ${found.newly_differing.length} more records began to differ.` : '';
  return `${found.changed + found.already} of ${found.planned} planned changes are made.${left}${stopped}`;
}
