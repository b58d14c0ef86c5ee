// Which records differ from what Stripe's events say they must be. Everything read here was written by others: what has not
// the right shape is refused as a whole, because half a comparison would look like agreement.

const TABLES = ['invoices', 'subscriptions'];
const STATUS = ['status'];
const AMOUNT = ['amount_cents', 'paid_total_cents'];
const KINDS = ['missing_here', 'orphaned', 'duplicated', 'status_differs', 'amount_differs', 'details_differ'];

/** Each record to be changed, as { table, id, kind, before, after, reason }; before null: missing, after null: to the archive. */
export function differences(held, ledger) {
  return TABLES.flatMap((table) => inTable(table, byId(held, table, 'records'), byId(ledger, table, 'ledger')));
}

/** How many there are of each kind. */
export function countKinds(changes) {
  return Object.fromEntries(KINDS.map((kind) => [kind, changes.filter((change) => change.kind === kind).length]));
}

/** The name of a record among both tables. */
export function keyOf({ table, id }) { return `${table} ${id}`; }

/** One change in a line for a person. */
export function inWords({ table, id, before, after, reason }) {
  if (!before || !after) return `${table} ${id}: ${reason}`;
  const names = unlike(before, after);
  return `${table} ${id}: ${names.map((name) => `${name} ${shown(before[name])} -> ${shown(after[name])}`).join('; ')}`;
}

export function isSame(one, other) {
  if (!one || !other) return one === other;
  return unlike(one, other).length === 0;
}

function inTable(table, held, mustBe) {
  const copies = new Set([...mustBe.values()].map(withoutId));
  const ids = [...new Set([...held.keys(), ...mustBe.keys()])].sort();
  return ids
    .filter((id) => !isSame(held.get(id) ?? null, mustBe.get(id) ?? null))
    .map((id) => ({ table, id, ...described(held.get(id) ?? null, mustBe.get(id) ?? null, copies) }));
}

function described(before, after, copies) {
  if (!before) return { kind: 'missing_here', before, after, reason: 'Stripe has it and it is missing here' };
  if (!after && copies.has(withoutId(before))) return { kind: 'duplicated', before, after, reason: 'a copy of a record that Stripe has once' };
  if (!after) return { kind: 'orphaned', before, after, reason: 'Stripe does not know it' };
  const names = unlike(before, after);
  return { kind: kindOf(names), before, after, reason: `differs from Stripe in ${names.join(', ')}` };
}

function kindOf(names) {
  if (names.some((name) => STATUS.includes(name))) return 'status_differs';
  return names.some((name) => AMOUNT.includes(name)) ? 'amount_differs' : 'details_differ';
}

function unlike(one, other) {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((name) => one[name] !== other[name]).sort();
}

function withoutId({ id, ...rest }) {
  return JSON.stringify(Object.entries(rest).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function byId(found, table, name) {
  const rows = found?.[table];
  const isWhole = Array.isArray(rows) && rows.every((row) => row && typeof row === 'object' && typeof row.id === 'string');
  if (!isWhole) throw new Error(`The ${name} hold no list of ${table}. Export them again. Nothing was changed.`);
  return new Map(rows.map((row) => [row.id, row]));
}

function shown(value) { return value === null || value === undefined ? 'nothing' : String(value).slice(0, 80); }
