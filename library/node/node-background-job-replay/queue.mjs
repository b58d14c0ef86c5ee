// The queue and the mail sender, by their command lines. Every answer is JSON that others wrote: it is looked at before it is used.

import { execFile } from 'node:child_process';

const COMMAND_MS = 60_000;
const MOST_BYTES = 64 * 1024 * 1024;
const JOB_ID = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}$/;
const UNKNOWN = 3;

/** What a command could not find out: nothing may be concluded from it. */
export class Unanswered extends Error {}

export class Queue {
  constructor(signal) { this.signal = signal; }

  /** The dead letters, oldest first: id, cause. Throws where one has an id that no command should be given. */
  async dead() {
    const { jobs } = await this.#ask(['dead', '--json']);
    if (!Array.isArray(jobs)) throw new Error('queuectl dead gave no list of jobs. Nothing was replayed.');
    const refused = jobs.filter((job) => !JOB_ID.test(String(job?.id ?? ''))).length;
    if (refused > 0) throw new Error(`${refused} of ${jobs.length} dead letters have no usable id. Nothing was replayed.`);
    return jobs.map(({ id, cause }) => ({ id: String(id), cause: String(cause) }));
  }

  /** Queue one dead letter again, or settle it where its effect has happened. Returns replayed, settled or skipped. */
  async again(job) {
    const told = await this.#ask(['replay', '--json', '--per-second', '20', '--', job]);
    const outcome = ['replayed', 'settled', 'skipped'].find((name) => told[name] === 1);
    // No longer a dead letter: somebody else was faster, and queuectl chose none.
    return outcome ?? 'skipped';
  }

  /** The job's state: queued, running, done, dead, quarantined. */
  async state(job) {
    return String((await this.#ask(['job', '--json', '--', job])).state ?? 'gone');
  }

  async #ask(argv) {
    const { code, stdout, stderr } = await this.#call(argv);
    if (code === UNKNOWN) throw new Unanswered(firstLine(stderr) || 'queuectl could not find out');
    if (code !== 0) throw new Error(`queuectl ${argv[0]} did not work: ${firstLine(stderr) || `exit code ${code}`}.`);
    try {
      return JSON.parse(stdout);
    } catch {
      throw new Error(`queuectl ${argv[0]} did not answer with JSON. Nothing more was replayed.`);
    }
  }

  #call(argv) {
    const options = { timeout: COMMAND_MS, maxBuffer: MOST_BYTES, signal: this.signal };
    return new Promise((resolve, reject) => {
      execFile('queuectl', argv, options, (problem, stdout, stderr) => {
        if (problem?.code === 'ENOENT') reject(new Error('queuectl is not installed here, or not on PATH. Nothing was replayed.'));
        else if (this.signal?.aborted) reject(new Error('Cancelled. Call again to go on.'));
        else resolve({ code: problem ? (Number.isInteger(problem.code) ? problem.code : UNKNOWN) : 0, stdout, stderr });
      });
    });
  }
}

function firstLine(text) { return text.trim().split('\n')[0].slice(0, 200); }
