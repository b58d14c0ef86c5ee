// Guards row level security of a Supabase project: who reaches which rows, against a contract. It only looks.

import { callersOf } from './callers.mjs';
import { readContract } from './contract.mjs';
import { ask, settingsOf } from './database.mjs';
import { strangersCells } from './gateway.mjs';
import { summaryOf } from './verdicts.mjs';

const DEFAULTS = { schema: 'public', claim: 'app_metadata.tenant_id', most_tenants: 20 };

export default async function run(given, tools) {
  const args = { ...DEFAULTS, ...given };
  const contract = await readContract(args.contract);
  const settings = settingsOf(args.database);
  const values = { contract: JSON.stringify(contract), schema: args.schema };
  const facts = await ask(settings, 'facts', values, tools.signal);
  refuseBlindness(facts);
  const members = await ask(settings, 'members', { ...values, callers: JSON.stringify({ most: args.most_tenants }) }, tools.signal);
  if (members.length === 0) throw new Error('There is no member to ask as. Nobody can tell who reaches what.');
  tools.progress(`Asking as strangers, newcomers and members of ${members.length} tenant(s).`);
  const asked = { ...values, callers: JSON.stringify(callersOf(members, args.claim)) };
  const reads = await ask(settings, 'reads', asked, tools.signal);
  const writes = await ask(settings, 'writes', asked, tools.signal);
  const outside = args.api_url ? await strangersCells(args, contract, tools.signal) : [];
  return report(facts, [...reads, ...writes, ...outside], members.length);
}

// A role that row level security holds back would find nothing wrong, and say so.
function refuseBlindness(facts) {
  if (!facts.sees_all) throw new Error('The role in database does not see all rows. Give one with BYPASSRLS, such as postgres.');
  if (facts.missing_tables.length > 0) throw new Error(`There is no table ${facts.missing_tables.join(', ')}, which the contract names.`);
}

function report({ rls_off, without_policy, passing_over, exposed, definer_functions }, cells, tenants) {
  const found = summaryOf(cells);
  const leaks = found.leaks + exposed.length + definer_functions.length + passing_over.length + rls_off.length;
  const wrong = leaks + found.locked_out + found.excess + found.unknown;
  const all = { ...found, leaks, wrong, tenants, rls_off, without_policy, passing_over, exposed, definer_functions };
  return { answer: sentence(all), ...all };
}

function sentence({ leaks, locked_out: lockedOut, excess, unknown, cells, tenants }) {
  const scope = `${cells} cells for ${tenants} tenant(s)`;
  if (leaks > 0) return `Rows are open to others in ${leaks} place(s) of ${scope}. This is a data breach.`;
  if (unknown > 0) return `${unknown} of ${scope} could not be asked. Nobody can tell whether rows are open to others there; not_read names the tables.`;
  if (lockedOut > 0) return `No row is open to others, and ${lockedOut} of ${scope} give less than the contract.`;
  if (excess > 0) return `No row is open to others, and ${excess} of ${scope} give more of one's own than the contract.`;
  return `Everybody reaches exactly what is theirs: ${scope}.`;
}
