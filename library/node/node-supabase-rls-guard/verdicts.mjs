// What a cell means: right, locked-out (less than the contract gives), excess (more, of one's own), leak (rows of others), unknown (it could not be asked).

/** The verdict on one cell of the matrix. */
export function verdictOf({ expected, there, own, other, problem }) {
  if (problem) return 'unknown';
  if (other > 0) return 'leak';
  if (expected === 'none') return own > 0 ? 'excess' : 'right';
  return own === there ? 'right' : 'locked-out';
}

/** Counts and the first wrong cells in words. */
export function summaryOf(cells) {
  const judged = cells.map((cell) => ({ ...cell, verdict: verdictOf(cell) }));
  const count = (verdict) => judged.filter((cell) => cell.verdict === verdict).length;
  const wrong = judged.filter((cell) => cell.verdict !== 'right');
  return {
    cells: judged.length,
    locked_out: count('locked-out'),
    excess: count('excess'),
    leaks: count('leak'),
    unknown: count('unknown'),
    not_read: notRead(judged),
    tables: [...new Set(wrong.map((cell) => cell.table))].sort(),
    first_wrong: wrong.slice(0, 12).map(words),
  };
}

// One line for a table: the same policy ends in the same error for many callers.
function notRead(judged) {
  const unknown = judged.filter((cell) => cell.verdict === 'unknown');
  return [...new Set(unknown.map(({ table, command, problem }) => `${command} ${table} could not be asked: ${problem.split('\n')[0]}`))].sort();
}

function words({ caller, command, table, own, other, there, refused, expected, verdict, problem }) {
  if (problem) return `${caller}, ${command} ${table}: could not be asked; ${expected} is right (${verdict})`;
  const reached = refused ? 'refused' : `${own} of ${there} own and ${other} other rows`;
  return `${caller}, ${command} ${table}: ${reached}; ${expected} is right (${verdict})`;
}
