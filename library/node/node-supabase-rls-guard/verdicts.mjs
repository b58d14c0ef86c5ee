// What a cell means: right, locked-out (less than the contract gives), excess (more, of one's own), leak (rows of others).

/** The verdict on one cell of the matrix. */
export function verdictOf({ expected, there, own, other }) {
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
    tables: [...new Set(wrong.map((cell) => cell.table))].sort(),
    first_wrong: wrong.slice(0, 12).map(words),
  };
}

function words({ caller, command, table, own, other, there, refused, expected, verdict }) {
  const reached = refused ? 'refused' : `${own} of ${there} own and ${other} other rows`;
  return `${caller}, ${command} ${table}: ${reached}; ${expected} is right (${verdict})`;
}
