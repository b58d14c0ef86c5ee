// Writes a note into a file, and keeps what stood there before.

import { readFile, rename, rm, writeFile } from "node:fs/promises";

export default async function run(args, tools) {
  const before = await content(args.file);
  const isDry = tools.mode === "dry-run";
  if (!isDry) await replace(args.file, args.note, tools);
  return { file: args.file, before, dry_run: isDry };
}

export async function undo(args, tools) {
  if (!tools.resultBefore) throw new Error("It is not known what stood in the file before. Give the earlier result.");
  const { before } = tools.resultBefore;
  const now = await content(args.file);
  if (before === null) await rm(args.file, { force: true });
  else await replace(args.file, before, tools);
  return { file: args.file, before: now, dry_run: false };
}

async function content(file) {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw new Error(`${file} can't be read: ${error.code}.`);
  }
}

// Written beside it and renamed, so that nobody ever reads half a note.
async function replace(file, text, tools) {
  tools.progress(`Writing ${file}`);
  const beside = `${file}.new`;
  try {
    await writeFile(beside, text);
    await rename(beside, file);
  } catch (error) {
    throw new Error(`${file} can't be written: ${error.code}.`);
  }
}
