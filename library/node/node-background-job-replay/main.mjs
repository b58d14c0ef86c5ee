// Replays dead letters: first a few and waits until these are done, then the rest, oldest first, never faster than asked.
// The queue itself remembers what is no longer dead, so a call that was killed is continued by calling again.

import { setTimeout as sleep } from 'node:timers/promises';

import { Queue, Unanswered } from './queue.mjs';

const DEFAULTS = { causes: 'dependency,lost', per_second: 5, limit: 1000, first: 1, first_seconds: 30, stop_after: 3 };
const CAUSES = new Set(['dependency', 'lost', 'crash']);
const POLL_MS = 200;
const SHOWN = 1000;
const FINAL = new Set(['done', 'dead', 'quarantined', 'gone']);

export default async function run(given, tools) {
  const args = { ...DEFAULTS, ...given };
  const causes = chosenCauses(args.causes);
  const queue = new Queue(tools.signal);
  const dead = await queue.dead();
  const fitting = dead.filter(({ cause }) => causes.has(cause));
  const plan = { dead: dead.length, left_out: dead.length - fitting.length, jobs: fitting.slice(0, args.limit).map(({ id }) => id) };
  plan.over_limit = fitting.length - plan.jobs.length;
  const tally = { replayed: 0, settled: 0, skipped: 0, unanswered: 0, inARow: 0, first: 'none', stopped: '' };
  if (tools.mode !== 'dry-run') await replay(plan.jobs, queue, args, tools, tally);
  return report(plan, tally, tools.mode === 'dry-run');
}

function chosenCauses(text) {
  const causes = text.split(',').map((each) => each.trim()).filter(Boolean);
  const unknown = causes.filter((each) => !CAUSES.has(each));
  if (causes.length === 0 || unknown.length > 0) throw new Error(`causes is a list of ${[...CAUSES].join(', ')}. Nothing was replayed.`);
  return new Set(causes);
}

async function replay(jobs, queue, args, tools, tally) {
  let nextAt = Date.now();
  const first = [];
  for (const [index, job] of jobs.entries()) {
    if (index === args.first && !(await areDone(first, queue, args, tools, tally))) return;
    nextAt = await waitUntil(nextAt, 1000 / args.per_second, tools.signal);
    const outcome = await one(job, queue, tally);
    if (outcome === 'replayed' && index < args.first) first.push(job);
    if (tally.inARow >= args.stop_after) {
      tally.stopped = `The queue did not answer ${tally.inARow} times in a row.`;
      return;
    }
    if (isTimeToTell(index + 1, jobs.length)) tools.progress(`${index + 1} of ${jobs.length}: ${tally.replayed} queued again, ${tally.settled} had happened already`);
  }
  if (jobs.length <= args.first) await areDone(first, queue, args, tools, tally);
}

async function one(job, queue, tally) {
  try {
    const outcome = await queue.again(job);
    tally[outcome] += 1;
    tally.inARow = 0;
    return outcome;
  } catch (problem) {
    if (!(problem instanceof Unanswered)) throw problem;
    tally.unanswered += 1;
    tally.inARow += 1;
    return 'unanswered';
  }
}

// The first few show whether the cause is mended. When one of them dies again, the rest stays dead and safe.
async function areDone(jobs, queue, args, tools, tally) {
  const deadline = Date.now() + args.first_seconds * 1000;
  for (const job of jobs) {
    const state = await finalState(job, queue, deadline, tools.signal);
    if (state === 'done') continue;
    tally.first = 'failed';
    tally.stopped = `${job} was replayed first and is ${state}. The rest was left as it is.`;
    return false;
  }
  if (jobs.length > 0) tally.first = 'done';
  return true;
}

async function finalState(job, queue, deadline, signal) {
  for (;;) {
    const state = await queue.state(job).catch((problem) => {
      if (problem instanceof Unanswered) return 'unknown';
      throw problem;
    });
    if (FINAL.has(state) || Date.now() >= deadline) return state;
    await sleep(POLL_MS, undefined, { signal });
  }
}

// Returns when the next one may go. A slow answer is no credit for a burst afterwards.
async function waitUntil(at, gapMs, signal) {
  const pause = at - Date.now();
  if (pause > 0) await sleep(pause, undefined, { signal });
  return Date.now() + gapMs;
}

function isTimeToTell(done, all) {
  return done === all || done === 1 || done % Math.max(1, Math.floor(all / 20)) === 0;
}

function report(plan, tally, isDryRun) {
  const handled = tally.replayed + tally.settled + tally.skipped;
  const found = {
    dry_run: isDryRun,
    dead: plan.dead,
    selected: plan.jobs.length,
    left_out: plan.left_out,
    over_limit: plan.over_limit,
    replayed: tally.replayed,
    settled: tally.settled,
    skipped: tally.skipped,
    unanswered: tally.unanswered,
    remaining: plan.jobs.length - handled + plan.over_limit,
    first: tally.first,
    stopped_early: tally.stopped !== '',
    stopped_because: tally.stopped,
    would_replay: isDryRun ? plan.jobs.slice(0, SHOWN) : [],
  };
  return { answer: sentence(found), ...found };
}

function sentence(found) {
  if (found.selected === 0) return 'No dead letter needs to be replayed.';
  if (found.dry_run) return `Would replay ${found.selected} dead letter(s), the oldest first.`;
  const done = `Queued ${found.replayed} of ${found.selected} dead letter(s) again; ${found.settled} had happened already.`;
  return found.stopped_early ? `${done} Stopped early: ${found.stopped_because}` : done;
}
