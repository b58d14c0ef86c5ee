// Holds a model's recent answers to customers against what every answer must be. It reads files and changes nothing.

import { readForbidden, readRows } from './files.mjs';
import { reasonAgainst, REASONS, rulesOf } from './rules.mjs';
import { highestShare } from './shares.mjs';

const DEFAULTS = {
  last: 200, fields: 'topic:text,answer:text,confidence:number', topics: '', most_invalid: 0.1, miss: 0.05,
};
const NOT_SETTINGS = new Set(['run', 'kind', 'put_back', 'at', 'question', 'round', 'content', 'golden']);
const UNASKED = new Set(['people', 'error']);
const SHOWN = 10;

export default async function run(given, tools) {
  const args = { ...DEFAULTS, ...given };
  const measured = args.measured ? await newestRun(args.measured) : null;
  const rows = (await readRows(args.answers)).filter((row) => !measured || row.at > measured.at).slice(-args.last);
  const asked = rows.filter((row) => !UNASKED.has(row.outcome));
  const rules = rulesOf(args, measured?.settings ?? {}, await readForbidden(args.forbidden, args.release));
  const bad = asked.map((row) => ({ id: String(row.id ?? ''), reason: reasonAgainst(row, rules) })).filter(({ reason }) => reason);
  tools.progress(`${asked.length} answers looked at, ${bad.length} of them not valid.`);
  return report({ args, measured, asked, bad, unanswered: rows.length - asked.length });
}

// The settings that the newest golden run measured, as things were: rows that put a setting back are none of them.
async function newestRun(path) {
  const rows = (await readRows(path)).filter((row) => !row.put_back);
  const last = rows.at(-1);
  if (!last) throw new Error(`${path} holds no golden run. Ask the golden set first.`);
  return { at: last.at, settings: Object.fromEntries(Object.entries(last).filter(([name]) => !NOT_SETTINGS.has(name))) };
}

function report({ args, measured, asked, bad, unanswered }) {
  const high = highestShare(bad.length, asked.length, args.miss);
  const reasons = Object.fromEntries(REASONS.map((name) => [name, bad.filter(({ reason }) => reason === name).length]));
  const verdict = bad.length > 0 ? 'invalid' : high <= args.most_invalid ? 'valid' : 'too-few';
  const found = {
    verdict,
    checked: asked.length,
    invalid: bad.length,
    invalid_share_high: Math.round(high * 10_000) / 10_000,
    reasons,
    forbidden: reasons.forbidden,
    unmeasured: reasons.unmeasured,
    unanswered,
    settings: measured?.settings ?? {},
    from_at: asked[0]?.at ?? null,
    examples: bad.slice(0, SHOWN),
  };
  return { answer: sentence(found), ...found };
}

function sentence({ verdict, checked, invalid, invalid_share_high: high, unanswered }) {
  const rest = unanswered > 0 ? ` ${unanswered} questions were not answered by the model.` : '';
  if (verdict === 'invalid') return `${invalid} of ${checked} answers are not valid.${rest}`;
  if (verdict === 'too-few') return `None of ${checked} answers is invalid, and that is too few to rely on.${rest}`;
  return `All ${checked} answers are valid; at most ${(100 * high).toFixed(1)} % of all are not.${rest}`;
}
