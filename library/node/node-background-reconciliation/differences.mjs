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

/**
 * Whether the record's last event may be one that Stripe has forgotten: then Stripe's events are no truth about it. What is of
 * the same event on both sides is not forgotten.
 */
export function isOlder({ before, after }, oldestEventAt) {
  const at = secondOf(before);
  if (!before || (after && at === secondOf(after))) return false;
  return at === null || !Number.isInteger(oldestEventAt) || at < oldestEventAt;
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

export function isSame(held, mustBe) {
  if (!held || !mustBe) return held === mustBe;
  return unlike(held, mustBe).length === 0;
}

function inTable(table, held, mustBe) {
  const names = Object.keys(mustBe.values().next().value ?? {});
  const known = new Set([...mustBe.values()].map((row) => withoutId(row, names)));
  const isCopy = (row) => known.has(withoutId(row, names));
  const ids = [...new Set([...held.keys(), ...mustBe.keys()])].sort();
  return ids
    .filter((id) => !isSame(held.get(id) ?? null, mustBe.get(id) ?? null))
    .map((id) => ({ table, id, ...described(held.get(id) ?? null, mustBe.get(id) ?? null, isCopy) }));
}

function described(before, after, isCopy) {
  if (!before) return { kind: 'missing_here', before, after, reason: 'Stripe has it and it is missing here' };
  if (!after && isCopy(before)) return { kind: 'duplicated', before, after, reason: 'a copy of a record that Stripe has once' };
  if (!after) return { kind: 'orphaned', before, after, reason: 'Stripe does not know it' };
  const names = unlike(before, after);
  return { kind: kindOf(names), before, after, reason: `differs from Stripe in ${names.join(', ')}` };
}

function kindOf(names) {
  if (names.some((name) => STATUS.includes(name))) return 'status_differs';
  return names.some((name) => AMOUNT.includes(name)) ? 'amount_differs' : 'details_differ';
}

// Fields that no event tells, as of a column that was added, do not count.
function unlike(held, mustBe) {
  return Object.keys(mustBe).filter((name) => held[name] !== mustBe[name]).sort();
}

function withoutId(row, names) {
  return JSON.stringify(names.filter((name) => name !== 'id').map((name) => row[name]));
}

function byId(found, table, name) {
  const rows = found?.[table];
  const isWhole = Array.isArray(rows) && rows.every((row) => row && typeof row === 'object' && typeof row.id === 'string');
  if (!isWhole) throw new Error(`The ${name} hold no list of ${table}. Export them again. Nothing was changed.`);
  return new Map(rows.map((row) => [row.id, row]));
}

function secondOf(row) {
  const at = row?.paid_at ?? row?.as_of;
  return Number.isInteger(at) ? at : null;
}

function shown(value) { return value === null || value === undefined ? 'nothing' : String(value).slice(0, 80); }
