// Runs a scheduled command for one slot: under a lock, at most once per slot, never beside itself. What began and never ended
// is not repeated by itself: nobody knows how far it came.

import { spawn } from 'node:child_process';

import { openRecord } from './slots.mjs';

const DEFAULTS = { arguments: '', slot: '', every_seconds: 3600, timeout_seconds: 300, repeat: 'never' };
const KEPT = 4000;
const GRACE_MS = 2000;

export default async function run(given, tools) {
  const args = { ...DEFAULTS, ...given };
  const slot = slotOf(args, Date.now());
  const argv = args.arguments.split(' ').filter(Boolean).map((word) => (word === '{slot}' ? slot : word));
  const record = await openRecord(args.state_folder, args.name, { isDryRun: tools.mode === 'dry-run' });
  if (!record) return told(slot, argv, 'overlap', {});
  try {
    const stands = record.of(slot);
    const refusal = refusalOf(stands, args.repeat);
    if (refusal || tools.mode === 'dry-run') return told(slot, argv, refusal ?? 'would-run', {});
    // Durable before anything is spawned: a crash from here on leaves a slot that began, and that shows.
    await record.note(slot, 'started', { program: args.program, arguments: argv });
    const done = await execute(args, argv, tools);
    await record.note(slot, done.exit_code === 0 ? 'done' : 'failed', { exit_code: done.exit_code });
    return told(slot, argv, done.exit_code === 0 ? 'ran' : 'failed', done);
  } finally {
    await record.close();
  }
}

/** The slot that was asked for, or the one of this moment: an instant on the grid of every_seconds. */
function slotOf({ slot, every_seconds: every }, now) {
  const at = slot === '' ? Math.floor(now / 1000 / every) * every * 1000 : Date.parse(slot);
  if (Number.isNaN(at)) throw new Error(`slot is an instant like 2026-01-31T03:00:00Z. Nothing was run.`);
  if ((at / 1000) % every !== 0) throw new Error(`${slot} does not begin a slot of ${every} seconds. Nothing was run.`);
  if (at > now) throw new Error(`${slot} has not begun. Nothing was run.`);
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

function refusalOf(stands, repeat) {
  if (stands === 'done') return 'already';
  if (stands === 'failed' && repeat === 'never') return 'failed-before';
  if (stands === 'started' && repeat !== 'unknown') return 'unknown';
  return undefined;
}

function execute({ program, timeout_seconds: seconds }, argv, tools) {
  const began = Date.now();
  return new Promise((resolve, reject) => {
    // A group of its own, so that what it started ends with it.
    const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    const keep = (chunk) => { output = (output + chunk).slice(-KEPT); };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    let isTimedOut = false;
    const end = (number) => { try { process.kill(-child.pid, number); } catch { /* it has ended */ } };
    const timer = setTimeout(() => {
      isTimedOut = true;
      end('SIGTERM');
      setTimeout(() => end('SIGKILL'), GRACE_MS).unref();
    }, seconds * 1000);
    tools.signal?.addEventListener('abort', () => end('SIGTERM'), { once: true });
    child.on('error', (problem) => {
      clearTimeout(timer);
      reject(new Error(`${program} could not be started: ${problem.code === 'ENOENT' ? 'it is not installed here, or not on PATH' : problem.message}.`));
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      const seconds = (Date.now() - began) / 1000;
      resolve({ exit_code: isTimedOut ? 124 : code ?? 128, seconds, output, timed_out: isTimedOut });
    });
  });
}

function told(slot, argv, outcome, done) {
  const found = { outcome, slot, argv, exit_code: null, seconds: null, timed_out: false, output: '', ...done };
  return { answer: SENTENCES[outcome](slot, found), ...found };
}

const SENTENCES = {
  ran: (slot) => `The slot ${slot} ran.`,
  failed: (slot, { exit_code: code }) => `The slot ${slot} ran and failed with exit code ${code}.`,
  already: (slot) => `The slot ${slot} ran before. Nothing was run.`,
  'failed-before': (slot) => `The slot ${slot} ran before and failed. Nothing was run; repeat says otherwise.`,
  overlap: (slot) => `Another run of this schedule is at work. ${slot} was not run.`,
  unknown: (slot) => `The slot ${slot} began before and never ended. Find out how far it came; nothing was run.`,
  'would-run': (slot) => `The slot ${slot} would run.`,
};
