'use strict';
// The terms that sums are made of. exact_forward.js and exact_backward.js describe sums as {kind, value, terms:
// [{text, value, ...}]}: a value is the sum of its terms. Terms may have parts: cells {value, to: where it comes from,
// ...} in grids, or rows of a table.

const total = (numbers) => numbers.reduce((sum, number) => sum + number, 0);
const strongestFirst = (terms) => terms.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));

// a times b, number by number, and their sum. rows: [[{a, b}]] of cells.
function productTerm(text, rows, more = {}) {
  const cells = rows.map((row) => row.map(({a, b}) => ({value: a.value * b.value, note: a.note})));
  return {
    text,
    kind: 'product',
    a: rows.map((row) => row.map(({a}) => a)),
    b: rows.map((row) => row.map(({b}) => b)),
    cells,
    value: total(cells.flat().map((cell) => cell.value)),
    ...more,
  };
}

function closedParts(values, of) {
  return strongestFirst(
    [...values]
      .map((value, c) => ({text: channelText(of, c), value, channel: c}))
      .filter(({channel}) => !canOpen(of, channel)),
  );
}

function channelText(place, channel) {
  if (place.shape.length !== 1) return `channel ${channel}`;
  return isLogits(place) ? `class ${channel} (${inWords(data.classes[channel])})` : `feature ${channel}`;
}

function otherText(count, place, neighbors = false) {
  const things = neighbors ? 'neighbor' : place.shape.length === 1 ? 'feature' : 'channel';
  const which = hasNumbers(place) ? 'the other' : 'all';
  return count === 1 ? `the other ${things}` : `${which} ${count} ${things}s together`;
}
