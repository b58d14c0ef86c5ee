// What a stranger is given by the project's API: real requests without a user's token.

const ANSWER_MS = 10_000;

/** A cell for reading each table as a stranger; unknown where the API gives neither rows nor a refusal. */
export async function strangersCells({ api_url: url, api_key: key }, contract, signal) {
  return Promise.all(Object.entries(contract.tables).map(([table, rule]) => cellOf(url, key, table, rule, signal)));
}

async function cellOf(url, key, table, rule, signal) {
  const expected = rule.anon.SELECT;
  const cell = { caller: 'a stranger over HTTP', table, command: 'SELECT', expected };
  try {
    return { ...cell, ...await givenBy(`${url.replace(/\/$/, '')}/rest/v1/${encodeURIComponent(table)}`, key, rule, signal) };
  } catch (problem) {
    return { ...cell, there: 0, own: 0, other: 0, refused: false, problem: problem.message };
  }
}

async function givenBy(address, key, rule, signal) {
  const response = await asked(address, key, signal);
  if ([401, 403].includes(response.status)) return { there: rule.anon.SELECT === 'none' ? 0 : 1, own: 0, other: 0, refused: true };
  if (response.status !== 200) throw new Error(`the API answered ${response.status}`);
  const rows = await response.json();
  if (!Array.isArray(rows)) throw new Error('the API answered no list of rows');
  const own = rule.published_column ? rows.filter((row) => row[rule.published_column] === true).length : 0;
  return { there: own, own, other: rows.length - own, refused: false };
}

async function asked(address, key, signal) {
  const headers = key ? { apikey: key } : {};
  const limit = AbortSignal.any([AbortSignal.timeout(ANSWER_MS), ...(signal ? [signal] : [])]);
  try {
    return await fetch(address, { headers, redirect: 'error', signal: limit });
  } catch (problem) {
    throw new Error(`the API does not answer: ${problem.cause?.code ?? problem.message}.`);
  }
}
