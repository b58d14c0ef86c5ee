// What users got: a log of one JSON object a line, {"status", "degraded", "notice"}. Only what is added from now on counts.

import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 200;
const MOST_BYTES = 8 * 1024 * 1024;

/** Waits for `wanted` further answers, at most `seconds`, and counts how they ended. */
export async function following(path, wanted, seconds, signal) {
  const file = await open(path, 'r');
  try {
    const begin = (await file.stat()).size;
    const deadline = Date.now() + seconds * 1000;
    let found = [];
    while (found.length < wanted && Date.now() < deadline) {
      await sleep(PAUSE_MS, undefined, { signal });
      found = await linesAfter(file, begin);
    }
    return counted(found);
  } finally {
    await file.close();
  }
}

async function linesAfter(file, begin) {
  const size = Math.min((await file.stat()).size - begin, MOST_BYTES);
  if (size <= 0) return [];
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, begin);
  const whole = buffer.subarray(0, bytesRead).toString('utf8').split('\n').slice(0, -1);
  return whole.map(parsed).filter((each) => each !== null);
}

function parsed(line) {
  try {
    const found = JSON.parse(line);
    return typeof found.status === 'number' ? found : null;
  } catch {
    return null;
  }
}

// 202 is "accepted, something is still to come": then the answer must say so.
function counted(answers) {
  const later = answers.filter((each) => each.status === 202);
  const degraded = later.filter((each) => each.degraded === true && Boolean(each.notice)).length;
  const full = answers.filter((each) => each.status >= 200 && each.status < 300).length - later.length;
  return { answers: answers.length, full, degraded, unmarked: later.length - degraded, refused: answers.length - full - later.length };
}
