// What a stranger is given by the project's API: real requests without a user's token.

const ANSWER_MS = 10_000;

/** A cell for reading each table as a stranger. Throws where the API gives neither rows nor a refusal. */
export async function strangersCells({ api_url: url, api_key: key }, contract, signal) {
  return Promise.all(Object.entries(contract.tables).map(([table, rule]) => cellOf(url, key, table, rule, signal)));
}

async function cellOf(url, key, table, rule, signal) {
  const expected = rule.anon.SELECT;
  const cell = { caller: 'a stranger over HTTP', table, command: 'SELECT', expected };
  const response = await asked(`${url.replace(/\/$/, '')}/rest/v1/${encodeURIComponent(table)}`, key, signal);
  if ([401, 403].includes(response.status)) return { ...cell, there: expected === 'none' ? 0 : 1, own: 0, other: 0, refused: true };
  if (response.status !== 200) throw new Error(`The API answered ${response.status} for ${table}. Nobody can tell what a stranger is given.`);
  const rows = await response.json();
  if (!Array.isArray(rows)) throw new Error(`The API answered no list of rows for ${table}.`);
  const own = rule.published_column ? rows.filter((row) => row[rule.published_column] === true).length : 0;
  return { ...cell, there: own, own, other: rows.length - own, refused: false };
}

async function asked(address, key, signal) {
  const headers = key ? { apikey: key } : {};
  const limit = AbortSignal.any([AbortSignal.timeout(ANSWER_MS), ...(signal ? [signal] : [])]);
  try {
    return await fetch(address, { headers, redirect: 'error', signal: limit });
  } catch (problem) {
    throw new Error(`The API does not answer: ${problem.cause?.code ?? problem.message}.`);
  }
}
