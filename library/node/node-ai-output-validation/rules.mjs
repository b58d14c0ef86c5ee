// What every answer must be, and why one is not; the gravest reason first.

export const REASONS = ['forbidden', 'format', 'field', 'type', 'topic', 'unmeasured'];
const IS = { text: (value) => typeof value === 'string' && value.trim() !== '', number: Number.isFinite };

export function rulesOf({ fields, topics }, settings, forbidden) {
  return {
    fields: fields.split(',').map((each) => each.split(':')),
    topics: new Set(topics.split(',').filter(Boolean)),
    settings: Object.entries(settings),
    forbidden: forbidden.map((text) => text.toLowerCase()),
  };
}

/** Why the answer in this row is not valid; empty where it is. */
export function reasonAgainst(row, rules) {
  const said = parsed(row.raw);
  if (holdsAny(`${row.raw}\n${spoken(said)}`, rules.forbidden)) return 'forbidden';
  if (said === undefined) return 'format';
  if (!isObject(said) || rules.fields.some(([name]) => !(name in said))) return 'field';
  if (rules.fields.some(([name, type]) => !IS[type](said[name]))) return 'type';
  if (rules.topics.size > 0 && !rules.topics.has(said.topic)) return 'topic';
  return rules.settings.some(([name, value]) => name in row && row[name] !== value) ? 'unmeasured' : '';
}

function parsed(raw) {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}

// Every text in what was said, as a customer reads it: JSON may spell a letter as \u0041.
function spoken(said) {
  if (typeof said === 'string') return said;
  return said && typeof said === 'object' ? Object.entries(said).flat().map(spoken).join('\n') : '';
}

function holdsAny(text, forbidden) {
  const small = text.toLowerCase();
  return forbidden.some((each) => small.includes(each));
}

function isObject(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
