// What every answer must be, and why one is not; the surest reason first.

export const REASONS = ['format', 'field', 'type', 'topic', 'forbidden', 'unmeasured'];
const IS = { text: (value) => typeof value === 'string' && value.trim() !== '', number: Number.isFinite };

export function rulesOf({ fields, topics }, settings, forbidden) {
  return {
    fields: fields.split(',').map((each) => each.split(':')),
    topics: new Set(topics.split(',').filter(Boolean)),
    settings: Object.entries(settings),
    forbidden,
  };
}

/** Why the answer in this row is not valid; empty where it is. */
export function reasonAgainst(row, rules) {
  const said = parsed(row.raw);
  if (said === undefined) return 'format';
  if (!isObject(said) || rules.fields.some(([name]) => !(name in said))) return 'field';
  if (rules.fields.some(([name, type]) => !IS[type](said[name]))) return 'type';
  if (rules.topics.size > 0 && !rules.topics.has(said.topic)) return 'topic';
  if (rules.forbidden.some((text) => row.raw.includes(text))) return 'forbidden';
  return rules.settings.some(([name, value]) => name in row && row[name] !== value) ? 'unmeasured' : '';
}

function parsed(raw) {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}

function isObject(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
