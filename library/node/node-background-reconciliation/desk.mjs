// The company's commands: recordsctl for the records, stripectl for what Stripe's events say. No shell, nothing spliced.

import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

const MOST_BYTES = 256 * 1024 * 1024;

export class Desk {
  constructor({ endpoint, records, ledger }, signal) {
    this.endpoint = endpoint;
    this.files = { records, ledger };
    this.signal = signal;
  }

  /** What is held, and what it must be: from files, or from one look at the database and Stripe's events up to that look. */
  async look() {
    const { records, ledger } = this.files;
    if (Boolean(records) !== Boolean(ledger)) throw new Error('Give both files, records and ledger, or none. Nothing was changed.');
    if (records) return { held: await fromFile(records), ledger: await fromFile(ledger) };
    const shown = await this.#call('recordsctl', ['show'], [0]);
    const text = await this.#call('stripectl', ['ledger', '--endpoint', this.endpoint, '--of', '-', '--json'], [0], shown);
    return { held: parsed(shown, 'recordsctl show'), ledger: parsed(text, 'stripectl ledger') };
  }

  async plan(run, changes) {
    const wanted = changes.map(({ table, id, before, after, reason }) => ({ table, id, before, after, reason }));
    return this.#records(['plan', run], [0], JSON.stringify(wanted));
  }

  async changes(run) { return (await this.#records(['changes', run], [0])).changes; }

  async apply(run, seqs) { return this.#records(['apply', run, '--only', seqs.join(',')], [0, 1]); }

  async undo(run) { return this.#records(['undo', run], [0, 1]); }

  async #records(argv, accepted, input) {
    return parsed(await this.#call('recordsctl', [...argv, '--json'], accepted, input), `recordsctl ${argv[0]}`);
  }

  #call(program, argv, accepted, input = '') {
    return new Promise((resolve, reject) => {
      const child = spawn(program, argv, { stdio: ['pipe', 'pipe', 'pipe'], signal: this.signal });
      const out = [];
      const complaints = [];
      let size = 0;
      child.stdout.on('data', (part) => { size += part.length; if (size <= MOST_BYTES) out.push(part); else child.kill(); });
      child.stderr.on('data', (part) => complaints.push(part));
      child.stdin.on('error', () => {}); // it ended without reading; its exit code says why
      child.on('error', (problem) => reject(new Error(`${program} can't be run: ${problem.code ?? problem.message}.`)));
      child.on('close', (code) => {
        const text = Buffer.concat(out).toString('utf8');
        const why = firstLine(Buffer.concat(complaints).toString('utf8'));
        if (accepted.includes(code) && (text.trim() || code === 0)) resolve(text);
        else reject(new Error(`${program} ${argv[0]} did not work: ${why || `exit code ${code}`}`));
      });
      child.stdin.end(input);
    });
  }
}

async function fromFile(path) {
  try {
    return parsed(await readFile(path, 'utf8'), path);
  } catch (problem) {
    throw new Error(`${path} can't be read: ${problem.message} Nothing was changed.`, { cause: problem });
  }
}

function parsed(text, where) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${where} gave no JSON, as if it had been cut off.`);
  }
}

function firstLine(text) { return text.trim().split('\n')[0].slice(0, 300); }
