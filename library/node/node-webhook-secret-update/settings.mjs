// A settings file of NAME=value lines: looked at without following links, changed in one line, replaced whole or not at all.

import { constants } from 'node:fs';
import { chmod, chown, lstat, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

const WORLD_WRITABLE = 0o002;
const STICKY = 0o1000;
const LARGEST_BYTES = 1024 * 1024;
const QUOTES = new Set(['"', "'"]);

/** The file's content, owner and mode. Refuses what another user could have put there or could change under us. */
export async function inspect(path) {
  const seen = await lstat(path).catch((problem) => refuse(`${path} can't be read: ${problem.message}`));
  if (seen.isSymbolicLink()) refuse(`${path} is a symbolic link. Give the file it leads to`);
  if (!seen.isFile()) refuse(`${path} is not a file`);
  if (seen.mode & WORLD_WRITABLE) refuse(`${path} can be written by everyone. Take that right away first: chmod o-w`);
  if (seen.nlink > 1) refuse(`${path} has another name (a hard link), which would keep the old secret`);
  if (seen.size > LARGEST_BYTES) refuse(`${path} is larger than 1 MB, so it is no settings file`);
  const folder = await stat(dirname(path));
  if (folder.mode & WORLD_WRITABLE && !(folder.mode & STICKY)) refuse(`The folder of ${path} can be written by everyone`);
  return { path, uid: seen.uid, gid: seen.gid, mode: seen.mode & 0o7777, content: await readNoLink(path, seen) };
}

/** The value of one name, and `with(value)`: the same bytes with that value alone replaced. */
export function readSettings({ path, content }, name) {
  const lines = content.toString('latin1').split('\n');
  const shape = new RegExp(`^(\\s*(?:export\\s+)?${name}\\s*=\\s*)(.*?)(\\s*)$`);
  const places = lines.flatMap((line, index) => (shape.test(line) ? [index] : []));
  if (places.length === 0) refuse(`${path} has no ${name}`);
  if (places.length > 1) refuse(`${path} sets ${name} ${places.length} times. Leave one line`);
  const [, head, raw, end] = shape.exec(lines[places[0]]);
  const quote = QUOTES.has(raw[0]) && raw.length > 1 && raw.at(-1) === raw[0] ? raw[0] : '';
  const render = (value) => lines.with(places[0], `${head}${quote}${value}${quote}${end}`).join('\n');
  return {
    name,
    value: quote ? raw.slice(1, -1) : raw,
    with: (value) => Buffer.from(render(value), 'latin1'),
  };
}

/** Keeps the content as PATH.bak, with the same owner and mode. */
export async function backup(file) {
  await write(file, `${file.path}.bak`, file.content);
}

/** Puts new content in the place of the old: a reader sees one or the other. */
export async function replace(file, content) {
  await write(file, file.path, content);
}

/** Puts PATH.bak back and returns the value of `name` in it. With `wish`, only a backup that holds what is expected. */
export async function restore(file, name, wish) {
  const kept = await inspect(`${file.path}.bak`);
  const { value } = readSettings(kept, name);
  if (wish && wish.fingerprint(value) !== wish.expected) {
    refuse(`The backup holds ${wish.fingerprint(value)}, not ${wish.expected}: it is of another change`);
  }
  await write(file, file.path, kept.content);
  return value;
}

async function write({ uid, gid, mode }, path, content) {
  const fresh = `${path}.new`;
  // O_EXCL follows no link. What a crash left behind is ours and goes first.
  await unlink(fresh).catch(() => {});
  const file = await open(fresh, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(content);
    const { uid: ours, gid: group } = await file.stat();
    // By path, because Node's permission model has no fchown and fchmod; nobody else can write in this folder.
    if (ours !== uid || group !== gid) await chown(fresh, uid, gid);
    await chmod(fresh, mode);
    await file.sync();
  } catch (problem) {
    await unlink(fresh);
    refuse(`${path} can't be written with its owner and mode: ${problem.message}`);
  } finally {
    await file.close();
  }
  await rename(fresh, path);
  await syncFolder(dirname(path));
}

// Without this a power cut may forget the rename.
async function syncFolder(path) {
  const folder = await open(path, 'r');
  await folder.sync();
  await folder.close();
}

async function readNoLink(path, seen) {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { ino, dev } = await file.stat();
    if (ino !== seen.ino || dev !== seen.dev) refuse(`${path} was replaced while it was read. Try again`);
    return await readFile(file);
  } finally {
    await file.close();
  }
}

function refuse(words) {
  throw new Error(`${words}. Nothing was changed.`);
}
