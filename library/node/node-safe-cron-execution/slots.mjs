// What ran in which slot, one JSON line per fact, durable before the next step; and the lock that keeps a second one out.

import { mkdir, open, readFile, unlink } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Opens the record of one schedule. A dry run reads only. Returns null where another process is at work. */
export async function openRecord(folder, name, { isDryRun }) {
  const path = join(folder, `cron-${name}.jsonl`);
  if (isDryRun) return new Record(path, parse(await readIfThere(path), path), null, null);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = await takeLock(`${path}.lock`);
  if (!lock) return null;
  try {
    const kept = parse(await readIfThere(path), path);
    const file = await open(path, 'a', 0o600);
    await file.truncate(kept.bytes);
    return new Record(path, kept, file, lock);
  } catch (problem) {
    await unlink(lock);
    throw new Error(`The record ${path} can't be used: ${problem.message}. Nothing was run.`, { cause: problem });
  }
}

class Record {
  #file; #lock; #slots;

  constructor(path, facts, file, lock) {
    this.path = path;
    this.#slots = facts.slots;
    this.#file = file;
    this.#lock = lock;
  }

  /** How a slot stands: undefined, started (begun and never ended), done, failed. */
  of(slot) { return this.#slots.get(slot); }

  /** Writes down one fact and waits until the disk has it. */
  async note(slot, state, more = {}) {
    await this.#file.appendFile(`${JSON.stringify({ at: new Date().toISOString(), slot, state, ...more })}\n`);
    await this.#file.datasync();
    this.#slots.set(slot, state);
  }

  async close() {
    await this.#file?.close();
    if (this.#lock) await unlink(this.#lock);
  }
}

function parse(content, path) {
  // A torn last line (kill -9, a full disk) is cut off: its slot then counts as begun, never as done.
  const whole = content.slice(0, content.lastIndexOf('\n') + 1);
  const slots = new Map();
  for (const [index, line] of whole.split('\n').filter(Boolean).entries()) {
    try {
      const { slot, state } = JSON.parse(line);
      slots.set(slot, state);
    } catch {
      throw new Error(`Line ${index + 1} of ${path} is damaged. Look at it before anything runs.`);
    }
  }
  return { slots, bytes: Buffer.byteLength(whole) };
}

async function readIfThere(path) {
  try {
    return await readFile(path, 'utf8');
  } catch (problem) {
    if (problem.code === 'ENOENT') return '';
    throw new Error(`The record ${path} can't be read: ${problem.message}. Nothing was run.`, { cause: problem });
  }
}

// The lock names its process and when that began: a number that the kernel gave to another process since is no holder.
async function takeLock(path) {
  for (let tries = 0; tries < 2; tries += 1) {
    try {
      const file = await open(path, 'wx', 0o600);
      await file.writeFile(`${process.pid} ${beganAt(process.pid)}`);
      await file.close();
      return path;
    } catch (problem) {
      if (problem.code !== 'EEXIST') throw new Error(`${path} can't be made: ${problem.message}. Nothing was run.`, { cause: problem });
      const [pid, began] = (await readIfThere(path)).split(' ');
      if (pid === '' || (began !== '' && beganAt(Number(pid)) === began)) return null;
      await unlink(path).catch(() => {});
    }
  }
  return null;
}

/** The process's start in clock ticks since boot (Linux); empty where there is no such process. */
function beganAt(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop().split(' ')[19];
  } catch {
    return '';
  }
}
