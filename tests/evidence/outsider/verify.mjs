// Checks an evidence bundle by what its VERIFY.md says, and by nothing else: it shares no code with KEYS.
// node verify.mjs FOLDER [FINGERPRINT]: a line per fault; the last line is VERIFIED (exit 0) or NOT VERIFIED (exit 1).

import { createHash, createPublicKey, verify } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ZEROS = "0".repeat(64);
const HEX = /^[0-9a-f]{64}$/;
const NUMBER = /^[1-9][0-9]{0,17}$/;
const OUTSIDE_THE_LIST = ["tagmanifest-sha256.txt", "tagmanifest-sha256.txt.sig"];
const NOTE_LINES = ["no", "before", "at", "why", "unsigned", "next-key", "known"];
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
  const { run } = JSON.parse(lines[0]);
  lines.forEach((line, index) => {
    const entry = JSON.parse(line);
    if (entry.seq !== index + 1 || entry.run !== run) fault(`data/entries.jsonl: line ${index + 1} is another entry`);
    links.push(follow(links.at(-1), line));
  });
  if (links.at(-1) !== end) fault("data/entries.jsonl: does not end where data/start.txt says");
  return links;
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
    if (Number(note.no) !== number || previous && previous.number !== number - 1) fault(`${name}: is out of order`);
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

function checkMaterial(files, lines) {
  const texts = new Set(lines.flatMap((line) => line.match(/"[0-9a-f]{64}"/g) ?? []));
  for (const [name, content] of files) {
    if (!name.startsWith("data/material/")) continue;
    const digest = name.slice("data/material/".length);
    if (sha256(content) !== digest) fault(`${name}: is not what its name says`);
    if (!texts.has(`"${digest}"`)) fault(`${name}: no entry speaks of it`);
  }
}

function checkBundle() {
  const files = readAll();
  checkFiles(files);
  checkOwner(files);
  if (faults.length) return;
  const [run, before, end] = linesOf(files, "data/start.txt")[0].split(" ");
  const entries = linesOf(files, "data/entries.jsonl");
  checkCheckpoints(files, checkSpine(files, run, before, checkEntries(entries, end)));
  checkMaterial(files, entries);
}

try {
  checkBundle();
} catch (error) {
  fault(`can't be read: ${error.message}`);
}
for (const each of faults) console.log(each);
console.log(faults.length ? "NOT VERIFIED" : "VERIFIED");
process.exit(faults.length ? 1 : 0);
