// What this replay has done, one JSON line per fact, durable before the next step. A torn last line (kill -9, a full disk)
// is cut off when the file is opened: its event then counts as unknown, never as done.

import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';

const DONE = new Set(['delivered', 'requested']);

/** Opens the state of one endpoint. A dry run reads only: it makes no file and takes no lock. */
export async function openState(folder, endpoint, { isDryRun }) {
  const path = join(folder, `replay-${endpoint}.jsonl`);
  const facts = parse(await readIfThere(path), path, endpoint);
  if (isDryRun) return new State(path, facts, null, null);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = await takeLock(`${path}.lock`);
  try {
    const kept = parse(await readIfThere(path), path, endpoint);
    const file = await open(path, 'a', 0o600);
    await file.truncate(kept.bytes);
    const state = new State(path, kept, file, lock);
    if (kept.bytes === 0) await state.write({ version: 1, endpoint, replay: kept.replay });
    return state;
  } catch (problem) {
    await unlink(lock);
    throw new Error(`The state file ${path} can't be used: ${problem.message}.`, { cause: problem });
  }
}

class State {
  #file; #lock; #replay; #last; #attempts;

  constructor(path, facts, file, lock) {
    this.path = path;
    this.#file = file;
    this.#lock = lock;
    this.#replay = facts.replay;
    this.#last = facts.last;
    this.#attempts = facts.attempts;
  }

  /** Stripe or the service has it already, as far as an earlier call knows. */
  isReplayed(event) { return DONE.has(this.#last.get(event)?.outcome); }

  /** Events whose sending began and whose end nobody wrote down. */
  unknown() { return [...this.#last.values()].filter(({ outcome }) => outcome === 'sending'); }

  /** The same for one attempt however often it is repeated, another one after a failure that is known. */
  idempotencyKey(event) { return `${this.#replay}-${event}-${this.#attempts.get(event) ?? 0}`; }

  /** Writes down one fact and waits until the disk has it. */
  async note(event, outcome, status = null) {
    const fact = { at: new Date().toISOString(), event, outcome, status };
    await this.write(fact);
    remember(fact, this.#last, this.#attempts);
  }

  async write(fact) {
    await this.#file.appendFile(`${JSON.stringify(fact)}\n`);
    await this.#file.datasync();
  }

  async close() {
    await this.#file?.close();
    if (this.#lock) await unlink(this.#lock);
  }
}

function parse(content, path, endpoint) {
  const whole = content.slice(0, content.lastIndexOf('\n') + 1);
  const facts = { last: new Map(), attempts: new Map(), replay: randomUUID(), bytes: Buffer.byteLength(whole) };
  const [head, ...lines] = whole.split('\n').filter(Boolean).map((line, index) => parseLine(line, index, path));
  if (head && head.endpoint !== endpoint) throw new Error(`${path} belongs to ${head.endpoint}. Give another state folder.`);
  if (head) facts.replay = head.replay;
  for (const fact of lines) remember(fact, facts.last, facts.attempts);
  return facts;
}

function parseLine(line, index, path) {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`Line ${index + 1} of ${path} is damaged. Look at it, or give an empty state folder.`);
  }
}

function remember(fact, last, attempts) {
  last.set(fact.event, fact);
  if (fact.outcome === 'failed') attempts.set(fact.event, (attempts.get(fact.event) ?? 0) + 1);
}

async function readIfThere(path) {
  try {
    return await readFile(path, 'utf8');
  } catch (problem) {
    if (problem.code === 'ENOENT') return '';
    throw new Error(`The state file ${path} can't be read: ${problem.message}.`, { cause: problem });
  }
}

// One replay per endpoint and folder. A lock whose process is gone was left by a crash and is taken over.
async function takeLock(path) {
  for (let tries = 0; tries < 2; tries += 1) {
    try {
      const file = await open(path, 'wx', 0o600);
      await file.writeFile(String(process.pid));
      await file.close();
      return path;
    } catch (problem) {
      if (problem.code !== 'EEXIST') throw new Error(`${path} can't be made: ${problem.message}.`, { cause: problem });
      const holder = Number(await readIfThere(path));
      if (isAlive(holder)) throw new Error(`Another replay (process ${holder}) is at work. If not, remove ${path}.`);
      await unlink(path).catch(() => {});
    }
  }
  throw new Error(`${path} is taken again and again. Another replay begins at this moment.`);
}

function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (problem) {
    return problem.code === 'EPERM';
  }
}
