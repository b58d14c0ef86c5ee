// A service's own switches over HTTP: read one, set one. Every answer is bounded in time and size.

const ANSWER_MS = 5_000;
const LONGEST = 65_536;

/** The address of one switch; throws for a service address that is no http(s) one. */
export function addressOf(serviceUrl, path, name) {
  const base = new URL(serviceUrl);
  if (!['http:', 'https:'].includes(base.protocol)) throw new Error('service_url is no http or https address. Nothing was changed.');
  return new URL(`${path.replace(/\/+$/, '')}/${encodeURIComponent(name)}`, base);
}

/** What the service says of the switch. Throws in words when it gives no answer. */
export async function look(address, signal) {
  return ask(address, { method: 'GET' }, signal);
}

/** Sets the switch and returns what the service says of it then. */
export async function set(address, value, by, reason, signal) {
  const body = JSON.stringify({ value, by, reason });
  return ask(address, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } }, signal);
}

async function ask(address, request, signal) {
  const limit = AbortSignal.any([AbortSignal.timeout(ANSWER_MS), ...(signal ? [signal] : [])]);
  let answer;
  let text;
  try {
    answer = await fetch(address, { ...request, signal: limit, redirect: 'error' });
    text = (await answer.text()).slice(0, LONGEST);
  } catch (problem) {
    if (signal?.aborted) throw problem;
    throw new Error(`${address.origin} gives no answer: ${problem.cause?.code ?? problem.name}.`);
  }
  if (!answer.ok) throw new Error(`${address.pathname} answered ${answer.status}.`);
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${address.pathname} answered with something that is no JSON.`);
  }
}
