// Reads files of one JSON object a line, whole lines only: the last one may still be on its way.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

export async function readRows(path) {
  const text = await readText(path);
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.flatMap((line, index) => (line.trim() ? [parse(line, index, path)] : []));
}

/** The texts that no answer may hold. A list that is empty, or not the released one, is refused: it would let answers through. */
export async function readForbidden(path, release) {
  const text = path ? await readText(path) : '';
  const found = text.split('\n').map((line) => line.trim()).filter(Boolean);
  if (path && found.length === 0) throw new Error(`${path} holds no forbidden text. Nothing was looked at.`);
  if (release) checkRelease(text, found.length, await readText(release), release);
  return found;
}

function checkRelease(text, lines, release, path) {
  let says;
  try {
    says = JSON.parse(release).forbidden;
  } catch {
    // said below
  }
  if (!says?.sha256) throw new Error(`${path} says nothing about forbidden texts. Nothing was looked at.`);
  if (createHash('sha256').update(text).digest('hex') === says.sha256) return;
  throw new Error(`The ${lines} forbidden texts are not the ${says.lines} that were released. Nothing was looked at.`);
}

async function readText(path) {
  return readFile(path, 'utf8').catch((problem) => {
    throw new Error(`${path} can't be read: ${problem.code ?? problem.message}. Nothing was looked at.`);
  });
}

function parse(line, index, path) {
  try {
    const row = JSON.parse(line);
    if (row && typeof row === 'object' && !Array.isArray(row)) return row;
  } catch {
    // said below
  }
  throw new Error(`Line ${index + 1} of ${path} is no JSON object. Nothing was looked at.`);
}
