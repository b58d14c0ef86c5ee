// Which events are to be sent again. Everything read here was written by others: only ids of the right shape pass.

import { open, readFile } from 'node:fs/promises';

const EVENT_ID = /^evt_[A-Za-z0-9_]{1,250}$/;
const AS_OF = '# as of ';
const LARGEST_BYTES = 512 * 1024 * 1024;

/** The events of a file: `stripectl events list --json`, Stripe's own list, JSON lines, or one id per line. */
export async function readEvents(path) {
  return parseEvents(await text(path, 'events'), path);
}

/** What the service has applied, or null when no list was given. An empty list is refused: its command probably failed. */
export async function readApplied(path) {
  return path ? parseApplied(await text(path, 'applied'), path) : null;
}

export function parseEvents(content, where) {
  const found = asJson(content);
  const entries = found === undefined ? eachLine(content) : listIn(found, where);
  const events = entries.map(entryOf);
  const refused = events.filter((event) => !EVENT_ID.test(event.id)).length;
  if (refused > 0) throw new Error(`${refused} of ${events.length} entries of ${where} are no event ids. Nothing was sent.`);
  return [...new Map(events.map((event) => [event.id, event])).values()];
}

export function parseApplied(content, where) {
  const found = asJson(content);
  const ids = found === undefined ? idLines(content) : appliedIds(found);
  const told = found === undefined ? asOfLine(content) : found.as_of;
  const asOf = told ? Date.parse(told) : Infinity;
  if (content.trim() === '' || !Array.isArray(ids)) {
    throw new Error(`${where} holds no list of applied events, as if its command had failed. Nothing was sent.`);
  }
  if (Number.isNaN(asOf)) throw new Error(`${where} does not say as of when it is. Nothing was sent.`);
  return { ids: new Set(ids), asOf };
}

/** The ids to send, oldest first as they were listed, and how many were left out for which reason. */
export function choose(events, applied, state, { select, limit }) {
  if (select === 'all' && !applied) throw new Error('select is all: say also what is applied, or delivered events are sent twice.');
  const skipped = { applied: 0, replayed: 0, delivered: 0, tooNew: 0, overLimit: 0 };
  const send = [];
  for (const event of events) {
    const reason = reasonToSkip(event, applied, state, select);
    if (reason) skipped[reason] += 1;
    else if (send.length >= limit) skipped.overLimit += 1;
    else send.push(event.id);
  }
  return { listed: events.length, send, skipped };
}

function reasonToSkip(event, applied, state, select) {
  if (applied?.ids.has(event.id)) return 'applied';
  if (state.isReplayed(event.id)) return 'replayed';
  if (select === 'undelivered' && event.state === 'delivered') return 'delivered';
  const isUnderWay = event.state === 'sending';
  const isAfterList = applied && event.state === 'delivered' && event.lastAttemptAt > applied.asOf;
  return isUnderWay || isAfterList ? 'tooNew' : null;
}

async function text(path, name) {
  let file;
  try {
    file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > LARGEST_BYTES) throw new Error('it is larger than 512 MB; split it');
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (problem) {
    throw new Error(`The file of ${name}, ${path}, can't be read: ${problem.message}. Nothing was sent.`, { cause: problem });
  } finally {
    await file?.close();
  }
}

function asJson(content) {
  try {
    const found = JSON.parse(content);
    return typeof found === 'object' && found !== null ? found : undefined;
  } catch {
    return undefined;
  }
}

function listIn(found, where) {
  const list = Array.isArray(found) ? found : found.events ?? found.data ?? (found.id ? [found] : undefined);
  if (!Array.isArray(list)) throw new Error(`${where} holds no list of events. Make it with stripectl events list --json.`);
  return list;
}

function eachLine(content) {
  const lines = content.split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => line && !line.startsWith('#')).map((line) => asJson(line) ?? line);
}

function entryOf(entry) {
  if (typeof entry === 'string') return { id: entry };
  const { id, event, event_id: eventId, state, last_attempt_at: lastAttemptAt } = entry ?? {};
  return { id: String(id ?? eventId ?? event ?? ''), state, lastAttemptAt: lastAttemptAt ? Date.parse(lastAttemptAt) : 0 };
}

function idLines(content) {
  return content.split(/\r?\n/).map((line) => line.trim()).filter((line) => line && !line.startsWith('#'));
}

function asOfLine(content) {
  const line = content.split(/\r?\n/).find((each) => each.startsWith(AS_OF));
  return line?.slice(AS_OF.length).trim();
}

function appliedIds(found) {
  const list = Array.isArray(found) ? found : found.event_ids;
  return Array.isArray(list) ? list.map((entry) => (typeof entry === 'string' ? entry : entry?.event_id)) : undefined;
}
