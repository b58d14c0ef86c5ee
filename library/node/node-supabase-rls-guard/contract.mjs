// Reads the contract: who may do what, whatever policies say. Throws in words where it can't be trusted.

import { readFile } from 'node:fs/promises';

const COMMANDS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];
const ALLOWED = ['own', 'published', 'none'];

/** The contract in a file; only what the guard needs of it. */
export async function readContract(path) {
  let found;
  try {
    found = JSON.parse(await readFile(path, 'utf8'));
  } catch (problem) {
    throw new Error(`The contract ${path} can't be read: ${problem.message}.`);
  }
  const { table, tenant_column: tenant, user_column: user } = found.members ?? {};
  if (![table, tenant, user].every(isName)) throw new Error('The contract does not say where members stand: members.table, tenant_column, user_column.');
  const tables = Object.entries(found.tables ?? {});
  if (tables.length === 0) throw new Error('The contract names no table.');
  const definers = found.definer_functions ?? [];
  if (!Array.isArray(definers) || !definers.every(isName)) throw new Error('definer_functions of the contract is no list of names like find(text).');
  return { members: found.members, definer_functions: definers, tables: Object.fromEntries(tables.map(([name, rule]) => [name, checked(name, rule)])) };
}

function checked(name, rule) {
  for (const role of ['anon', 'authenticated']) {
    const wrong = COMMANDS.find((command) => !ALLOWED.includes(rule?.[role]?.[command]));
    if (wrong) throw new Error(`The contract does not say what ${role} may do with ${wrong} on ${name}: one of ${ALLOWED.join(', ')}.`);
  }
  const { tenant_column = null, published_column = null, anon, authenticated } = rule;
  if (!tenant_column && !published_column) throw new Error(`The contract does not say whose the rows of ${name} are.`);
  return { tenant_column, published_column, anon, authenticated };
}

function isName(value) {
  return typeof value === 'string' && value.length > 0;
}
