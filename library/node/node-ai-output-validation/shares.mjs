// Clopper and Pearson's upper bound of a share: wrong with probability `miss` at most.

export function highestShare(found, of, miss) {
  if (of === 0 || found >= of) return 1;
  let [low, high] = [found / of, 1];
  for (let step = 0; step < 50; step += 1) {
    const middle = (low + high) / 2;
    if (atMost(found, of, middle) > miss) low = middle;
    else high = middle;
  }
  return high;
}

// How likely `found` or fewer of `of` are, each with probability `share`; in logarithms, as `of` may be large.
function atMost(found, of, share) {
  let term = of * Math.log1p(-share);
  let sum = Math.exp(term);
  for (let k = 1; k <= found; k += 1) {
    term += Math.log((of - k + 1) / k) + Math.log(share) - Math.log1p(-share);
    sum += Math.exp(term);
  }
  return sum;
}
