// Reads files of one JSON object a line, whole lines only: the last one may still be on its way.

import { readFile } from 'node:fs/promises';

export async function readRows(path) {
  const text = await readText(path);
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.flatMap((line, index) => (line.trim() ? [parse(line, index, path)] : []));
}

export async function readForbidden(path) {
  return (await readText(path)).split('\n').map((line) => line.trim()).filter(Boolean);
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
