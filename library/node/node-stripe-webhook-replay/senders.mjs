// The two ways to Stripe: its command line, or its HTTP API. A sender has send, list, applied and deliveredSince.

import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { parseApplied, parseEvents } from './selection.mjs';

const COMMAND_MS = 150_000;
const REQUEST_MS = 30_000;
const TRIES = 4;
const LONGEST_PAUSE_MS = 60_000;
const MOST_BYTES = 512 * 1024 * 1024;

/** The sender that the arguments ask for. Throws in words when something it needs is missing. */
export function senderFor(args, signal) {
  return args.via === 'api' ? new Api(args, signal) : new CommandLine(args, signal);
}

class CommandLine {
  constructor({ endpoint }, signal) {
    this.endpoint = endpoint;
    this.signal = signal;
  }

  async list() {
    const { stdout } = await this.#call('stripectl', ['events', 'list', '--endpoint', this.endpoint, '--json'], [0]);
    return parseEvents(stdout, 'stripectl events list');
  }

  async applied() {
    const { stdout } = await this.#call('appctl', ['events', 'applied', '--json'], [0]);
    return parseApplied(stdout, 'appctl events applied');
  }

  async send(event) {
    const { stdout, stderr } = await this.#call('stripectl', ['resend', event, '--endpoint', this.endpoint, '--json'], [0, 1]);
    const answer = objectIn(stdout);
    if (!answer) throw new Error(`stripectl refused to send: ${firstLine(stderr) || 'it did not say why'}`);
    const [status = '0'] = Object.keys(answer.status_counts ?? {});
    return { outcome: answer.delivered === 1 ? 'delivered' : 'failed', status: Number(status) };
  }

  async deliveredSince(unknown) {
    const listed = new Map((await this.list()).map((event) => [event.id, event]));
    const isDelivered = ({ event, at }) => {
      const found = listed.get(event);
      // Stripe's times end in whole seconds, ours in milliseconds.
      return found?.state === 'delivered' && found.lastAttemptAt >= Math.floor(Date.parse(at) / 1000) * 1000;
    };
    return new Set(unknown.filter(isDelivered).map(({ event }) => event));
  }

  #call(program, argv, accepted) {
    const options = { timeout: COMMAND_MS, maxBuffer: MOST_BYTES, signal: this.signal };
    return new Promise((resolve, reject) => {
      execFile(program, argv, options, (problem, stdout, stderr) => {
        const code = problem ? problem.code : 0;
        if (accepted.includes(code)) resolve({ stdout, stderr });
        else reject(new Error(`${program} ${argv[0]} did not work: ${firstLine(stderr) || reason(problem)}`));
      });
    });
  }
}

// The shape that Stripe's own command line uses: POST /v1/events/ID/retry with webhook_endpoint. Stripe answers before it has
// delivered, so the outcome is "requested": the delivery report says later how it went.
class Api {
  constructor({ endpoint, base_url: base, api_key: key }, signal) {
    this.endpoint = endpoint;
    this.base = (base ?? process.env.STRIPE_API_BASE ?? 'https://api.stripe.com').replace(/\/+$/, '');
    this.key = key ?? process.env.STRIPE_API_KEY;
    this.signal = signal;
    if (!this.key) throw new Error('There is no API key. Give api_key, or set STRIPE_API_KEY. Nothing was sent.');
    const { protocol, hostname } = new URL(this.base);
    const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
    if (protocol !== 'https:' && !isLocal) throw new Error(`${hostname} is not asked over https: the key would be readable. Nothing was sent.`);
  }

  list() { throw new Error('Over the API, say which events: give a file as events.'); }

  applied() { throw new Error('Over the API, give the list of applied events as a file.'); }

  deliveredSince() { return new Set(); }

  async send(event, idempotencyKey) {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#post(event, idempotencyKey);
      if (answer.status >= 200 && answer.status < 300) return { outcome: 'requested', status: answer.status };
      if (answer.status === 401 || answer.status === 403) throw new Error(`Stripe refused the API key (${answer.status}).`);
      const isPassing = answer.status === 0 || answer.status === 429 || answer.status >= 500;
      if (!isPassing || attempt >= TRIES) return { outcome: 'failed', status: answer.status };
      await sleep(answer.pauseMs ?? 2 ** attempt * 250, undefined, { signal: this.signal });
    }
  }

  async #post(event, idempotencyKey) {
    const headers = { Authorization: `Bearer ${this.key}`, 'Idempotency-Key': idempotencyKey };
    const body = new URLSearchParams({ webhook_endpoint: this.endpoint });
    const signal = AbortSignal.any([AbortSignal.timeout(REQUEST_MS), ...(this.signal ? [this.signal] : [])]);
    try {
      const answer = await fetch(`${this.base}/v1/events/${event}/retry`, { method: 'POST', headers, body, signal, redirect: 'error' });
      await answer.body?.cancel();
      return { status: answer.status, pauseMs: retryAfter(answer.headers.get('retry-after')) };
    } catch (problem) {
      if (this.signal?.aborted) throw problem;
      return { status: 0 };
    }
  }
}

function retryAfter(text) {
  const seconds = Number(text);
  return text && Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, LONGEST_PAUSE_MS) : undefined;
}

function objectIn(text) {
  try {
    const found = JSON.parse(text);
    return found && typeof found === 'object' ? found : undefined;
  } catch {
    return undefined;
  }
}

function firstLine(text) { return text.trim().split('\n')[0].slice(0, 200); }

function reason(problem) {
  if (problem.code === 'ENOENT') return 'it is not installed here, or not on PATH';
  return problem.killed ? 'it took too long' : `exit code ${problem.code}`;
}
