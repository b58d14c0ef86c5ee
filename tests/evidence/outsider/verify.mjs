// Checks an evidence bundle by what its VERIFY.md says, and by nothing else: it shares no code with KEYS.
// node verify.mjs FOLDER [FINGERPRINT]: a line per fault; the last line is VERIFIED (exit 0) or NOT VERIFIED (exit 1).

import { createHash, createPublicKey, verify } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ZEROS = "0".repeat(64);
const HEX = /^[0-9a-f]{64}$/;
const NUMBER = /^[1-9][0-9]{0,17}$/;
const OUTSIDE_THE_LIST = ["tagmanifest-sha256.txt", "tagmanifest-sha256.txt.sig"];
const START = /^[1-9][0-9]{0,17} [0-9a-f]{64} [0-9a-f]{64}$/;
const NOTE_LINES = ["no", "before", "at", "why", "unsigned", "next-key", "known"];
const MATERIAL = "data/material/";
const COPY_FOLDERS = /^data\/(?:notes|attachments|evidence|outputs|other)\//;
const COPY = /^data\/(?:evidence\/[0-9]+-|[a-z]+\/)0*([1-9][0-9]*)(?:\.txt|-[^/]*)$/;
const REWRITTEN_OUTPUT = /^data\/outputs\/.*-(?:stdout\.txt|stderr\.txt|rows\.json|result\.json)$/;
const NOTE = /^data\/checkpoints\/([0-9]{6,})\.note$/;

const [folder, fingerprint] = process.argv.slice(2);
const faults = [];
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex");
const fault = (text) => faults.push(text);
const follow = (link, line) => sha256(`${link}\n`, line, "\n");

function* filesBelow(path, name = "") {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const below = name ? `${name}/${entry.name}` : entry.name;
    if (entry.isDirectory()) yield* filesBelow(join(path, entry.name), below);
    else yield below;
  }
}

function readAll() {
  const files = new Map();
  for (const name of filesBelow(folder)) {
    const state = lstatSync(join(folder, name));
    if (!state.isFile()) fault(`${JSON.stringify(name)}: is no plain file`);
    else files.set(name, readFileSync(join(folder, name)));
  }
  return files;
}

function linesOf(files, name) {
  const text = (files.get(name) ?? Buffer.alloc(0)).toString("latin1");
  if (!/^(?:[ -~]*\n)+$/.test(text)) fault(`${name}: is missing, or not made of whole lines of printable ASCII`);
  return text.split("\n").slice(0, -1);
}

function listed(files, name, isItsOwn) {
  const found = new Set();
  for (const line of linesOf(files, name)) {
    const [digest, file] = [line.slice(0, 64), line.slice(66)];
    if (!HEX.test(digest) || line.slice(64, 66) !== "  " || !isItsOwn(file)) fault(`${name}: ${JSON.stringify(line)}`);
    if (found.has(file)) fault(`${name}: lists ${JSON.stringify(file)} twice`);
    if (!files.has(file)) fault(`${JSON.stringify(file)}: missing`);
    else if (sha256(files.get(file)) !== digest) fault(`${JSON.stringify(file)}: changed`);
    found.add(file);
  }
  return found;
}

function checkFiles(files) {
  const all = new Set(OUTSIDE_THE_LIST);
  for (const file of listed(files, "tagmanifest-sha256.txt", (name) => !name.startsWith("data/"))) all.add(file);
  if (!all.has("manifest-sha256.txt")) fault("manifest-sha256.txt: is not under the signature");
  for (const file of listed(files, "manifest-sha256.txt", (name) => name.startsWith("data/"))) all.add(file);
  for (const name of files.keys()) if (!all.has(name)) fault(`${JSON.stringify(name)}: is in no list`);
}

function publicKey(pem) {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1") throw new Error("no key of ECDSA P-256");
  return { key, print: sha256(key.export({ type: "spki", format: "der" })) };
}

const isSigned = (key, content, value) => verify("sha256", content, { key, dsaEncoding: "der" }, value);

function checkOwner(files) {
  const { key, print } = publicKey(files.get("signing-key.pem"));
  const [list, signature] = OUTSIDE_THE_LIST.map((name) => files.get(name));
  if (!signature || !isSigned(key, list, signature)) fault("tagmanifest-sha256.txt: not signed by signing-key.pem");
  if (fingerprint && fingerprint !== print) fault(`signing-key.pem: is another key, ${print}`);
}

function checkEntries(lines, end) {
  const links = [ZEROS];
  const entries = lines.map((line) => JSON.parse(line));
  const { run } = entries[0];
  entries.forEach((entry, index) => {
    if (entry.seq !== index + 1 || entry.run !== run) fault(`data/entries.jsonl: line ${index + 1} is another entry`);
    links.push(follow(links.at(-1), lines[index]));
  });
  if (links.at(-1) !== end) fault("data/entries.jsonl: does not end where data/start.txt says");
  return { entries, links };
}

function checkSpine(files, run, before, links) {
  const rows = linesOf(files, "data/spine.txt").map((line) => ({ line, words: line.split(" ") }));
  const first = Number(rows[0].words[0]);
  const found = new Map([[first - 1, before]]);
  const told = [ZEROS];
  rows.forEach(({ line, words }, index) => {
    const isRow = words.length === 4 && words.slice(0, 3).every((word) => NUMBER.test(word)) && HEX.test(words[3]);
    const place = first + index;
    if (!isRow || Number(words[0]) !== place) fault(`data/spine.txt: ${JSON.stringify(line)} is not place ${place}`);
    found.set(place, follow(found.get(place - 1), line));
    if (words[1] === run && Number(words[2]) !== told.push(words[3]) - 1) fault(`data/spine.txt: place ${place} is out of order`);
  });
  if (told.join() !== links.join()) fault("data/spine.txt: tells of other entries than data/entries.jsonl");
  return { first, last: first + rows.length - 1, links: found };
}

function readNote(content) {
  const text = content.toString();
  const cut = text.lastIndexOf("\n\n") + 1;
  const [origin, place, link, ...rest] = text.slice(0, cut).split("\n").slice(0, -1);
  const named = Object.fromEntries(rest.map((line) => [line.split(" ", 1)[0], line.slice(line.indexOf(" ") + 1)]));
  const below = /^\n(?:— runbook-keys ([A-Za-z0-9+/]+={0,2})\n)?$/.exec(text.slice(cut));
  const isKnown = Object.keys(named).every((name) => NOTE_LINES.includes(name));
  if (!below || !isKnown || Object.keys(named).length !== rest.length || !NUMBER.test(place)) throw new Error("no checkpoint");
  const signed = Buffer.from(below[1] ?? "", "base64");
  return {
    ...named,
    origin,
    place: Number(place),
    link: Buffer.from(link, "base64").toString("hex"),
    body: Buffer.from(text.slice(0, cut)),
    key: signed.subarray(0, 4).toString("hex"),
    signature: signed.length ? signed.subarray(4) : null,
  };
}

function isNoteSigned(files, name, note) {
  if (!note.signature) {
    if (!note.unsigned) fault(`${name}: lost its signature`);
    return false;
  }
  const pem = files.get(`data/public-keys/${note.key}.pem`);
  const isGood = pem && publicKey(pem).print.startsWith(note.key) && isSigned(publicKey(pem).key, note.body, note.signature);
  if (!isGood) fault(`${name}: is not signed by the key that it names`);
  return Boolean(isGood);
}

function checkCheckpoints(files, spine) {
  const signed = new Set();
  let previous = null;
  for (const name of [...files.keys()].filter((each) => NOTE.test(each)).sort()) {
    const note = readNote(files.get(name));
    const number = Number(NOTE.exec(name)[1]);
    const isNext = !previous || previous.number === number - 1 || previous.number < number && note.known;
    if (note.no !== `${number}` || !isNext) fault(`${name}: is out of order`);
    const follows = !previous || (previous.digest === note.before && previous.origin === note.origin);
    if (!follows) fault(`${name}: does not follow the one before`);
    if (spine.links.get(note.place) !== note.link) fault(`${name}: does not fit place ${note.place} of the spine`);
    if (isNoteSigned(files, name, note)) signed.add(note.place);
    previous = { origin: note.origin, number, digest: sha256(files.get(name)) };
  }
  if (!signed.has(spine.last)) fault("data/checkpoints: no signed one tells of the last place");
  const isBegun = spine.first === 1 ? spine.links.get(0) === ZEROS : signed.has(spine.first - 1);
  if (!isBegun) fault("data/checkpoints: no signed one tells of the place before the first");
}

function* namedIn(value, name = "") {
  if (typeof value === "string" && value && (name === "blob" || name.endsWith("_blob"))) yield [name, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, below] of Object.entries(value)) {
    if (key === "files") for (const digest of Object.values(below)) yield [key, digest];
    else yield* namedIn(below, key);
  }
}

function checkMaterial(files, entries) {
  const named = entries.flatMap(({ data, seq }) => [...namedIn(data)].map(([field, digest]) => ({ seq, field, digest })));
  const known = new Set(named.map(({ digest }) => digest));
  for (const [name, content] of files) {
    if (!name.startsWith(MATERIAL)) continue;
    if (sha256(content) !== name.slice(MATERIAL.length)) fault(`${name}: is not what its name says`);
    if (!known.has(name.slice(MATERIAL.length))) fault(`${name}: no entry speaks of it`);
  }
  for (const { seq, digest } of named) {
    const isErased = entries.slice(seq).some(({ event, data }) => event === "MaterialErased" && data.digests.includes(digest));
    if (!files.has(MATERIAL + digest) && !isErased) fault(`entry ${seq}: its material ${digest} is neither here nor erased`);
  }
  return named.filter(({ digest }) => files.has(MATERIAL + digest));
}

function checkCopies(files, named) {
  const held = named.map((each) => ({ ...each, content: files.get(MATERIAL + each.digest).subarray(16) }));
  const isOf = (name, { seq, content }) => Number(COPY.exec(name)?.[1] ?? 1) === seq && files.get(name).equals(content);
  const copies = [...files.keys()].filter((name) => name === "data/inputs.json" || COPY_FOLDERS.test(name));
  for (const name of copies) {
    const isCopy = (name === "data/inputs.json" || COPY.test(name)) && held.some((each) => isOf(name, each));
    if (!isCopy && !REWRITTEN_OUTPUT.test(name)) fault(`${name}: is no copy of its entry's material`);
  }
  for (const each of held) {
    const isRewritten = ["pack_blob", "output_blob"].includes(each.field) || each.field === "blob" && each.seq === 1;
    if (!isRewritten && !copies.some((name) => isOf(name, each))) fault(`entry ${each.seq}: no copy of ${each.field}`);
  }
}

function checkBundle() {
  const files = readAll();
  checkFiles(files);
  checkOwner(files);
  if (faults.length) return;
  const [start, ...more] = linesOf(files, "data/start.txt");
  const [run, before, end] = start.split(" ");
  if (more.length || !START.test(start)) fault("data/start.txt: is not one line of a number and two links");
  const { entries, links } = checkEntries(linesOf(files, "data/entries.jsonl"), end);
  checkCheckpoints(files, checkSpine(files, run, before, links));
  checkCopies(files, checkMaterial(files, entries));
}

try {
  checkBundle();
} catch (error) {
  fault(`can't be read: ${error.message}`);
}
for (const each of faults) console.log(each);
console.log(faults.length ? "NOT VERIFIED" : "VERIFIED");
process.exit(faults.length ? 1 : 0);
