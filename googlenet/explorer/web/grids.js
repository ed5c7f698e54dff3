'use strict';
// Numbers in aligned little grids, and sums written out so that they add up in the digits that are shown.

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

// How the numbers of a grid are written: four digits of the largest, the same number of decimals for all. Very small or
// large ones are shown in units of a power of ten, which the grid's title names.
function scaleOf(values) {
  const largest = Math.max(...values.map(Math.abs), 0),
    power = largest ? Math.floor(Math.log10(largest)) : 0;
  const exponent = power < -2 || power > 3 ? power : 0;
  return {unit: 10 ** exponent, exponent, decimals: 3 - (power - exponent)};
}

function unitText({exponent}) {
  if (!exponent) return '';
  const raised = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[digit]);
  return `in units of 10${exponent < 0 ? '⁻' : ''}${raised.join('')}`;
}

// A number of these decimals, with a minus that is as wide as a plus.
function fixed(value, decimals) {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−');
}

function scaled(value, scale) {
  return fixed(value / scale.unit, scale.decimals);
}

// All digits that float32 has.
function exactText(value) {
  return String(Number(value.toPrecision(9))).replace('-', '−');
}

// A number by itself: four digits, or fewer where these are all it has.
function fourDigits(value) {
  const size = Math.abs(value),
    short = Number(value.toPrecision(4)) === Number(value.toPrecision(9));
  const plain = size === 0 || (size >= 1e-3 && size < 1e4);
  const text = !plain ? value.toExponential(3) : short ? String(Number(value.toPrecision(4))) : value.toPrecision(4);
  return make('span', {class: 'number', title: exactText(value)}, text.replaceAll('-', '−'));
}

// A number with as many digits as it takes to see a difference in the fourth.
function digits(value) {
  return make(
    'span',
    {class: 'number', title: exactText(value)},
    String(Number(value.toPrecision(7))).replace('-', '−'),
  );
}

// Round the terms so that they add up to the rounded sum: those that lost most by rounding down are rounded up.
// (As seats are given out by the largest remainder.)
function roundedToAddUp(values, {unit, decimals}) {
  const step = 10 ** -decimals * unit,
    downs = values.map((value) => Math.floor(value / step));
  const sum = Math.round(total(values) / step);
  const byRemainder = values.map((value, n) => [value / step - downs[n], n]).sort((a, b) => b[0] - a[0]);
  let left = sum - total(downs);
  for (const [, n] of byRemainder)
    if (left > 0) {
      downs[n] += 1;
      left -= 1;
    }
  const write = (steps) => fixed(steps * 10 ** -decimals, decimals);
  return {terms: downs.map(write), sum: write(sum)};
}

// a + b + c = sum. terms: [{text, value}], the strongest first. Of more than eight the weaker products stand together.
function equation(terms, text, value) {
  const isOneOfMany = ({kind}) => kind === 'product' || kind === 'window';
  const products = terms.filter((term) => isOneOfMany(term) && term.value),
    others = terms.filter((term) => !isOneOfMany(term));
  const some = products.length + others.length > 8 ? products.slice(0, 7 - others.length) : products,
    weaker = products.slice(some.length);
  const folded = weaker.length
    ? [{text: `${weaker.length} weaker ones`, value: total(weaker.map((term) => term.value))}]
    : [];
  const addends = [...some, ...folded, ...others];
  if (!addends.length) addends.push({text: 'nothing', value: 0});
  const scale = scaleOf([...addends.map((term) => term.value), value]),
    rounded = roundedToAddUp(
      addends.map((term) => term.value),
      scale,
    );
  const parts = addends.map((term, n) =>
    make(
      'span',
      {class: 'addend', title: exactText(term.value)},
      make(
        'b',
        {},
        n ? `${rounded.terms[n].startsWith('−') ? '−' : '+'} ${rounded.terms[n].replace('−', '')}` : rounded.terms[n],
      ),
      make('small', {}, term.text),
    ),
  );
  return make(
    'div',
    {class: 'equation'},
    ...parts,
    make(
      'span',
      {class: 'addend result', title: exactText(value)},
      make('b', {}, `= ${rounded.sum}`),
      make('small', {}, text),
    ),
    scale.exponent ? make('small', {class: 'soft'}, unitText(scale)) : null,
  );
}

// A grid of cells: {value, to: the pixel that it is, note: outside, shut or winner}. The Tab key stops once, arrows
// walk.
function grid(label, rows, scale = scaleOf(rows.flat().map((cell) => cell.value || 0))) {
  const largest = Math.max(...rows.flat().map((cell) => Math.abs(cell.value || 0)), 0) || 1;
  const cells = rows.map((row, i) =>
    make(
      'tr',
      {},
      ...row.map((cell, j) => {
        const words = cell.value === null ? '·' : scaled(cell.value, scale),
          note = NOTES[cell.note] || '';
        const attributes = {
          class: `${cell.note || ''} ${cell.value < 0 ? 'minus' : 'plus'}`,
          '--share': Math.abs(cell.value || 0) / largest,
        };
        const title = cell.value === null ? note : exactText(cell.value) + (note && `, ${note}`);
        const child = cell.to
          ? make(
              'button',
              {
                type: 'button',
                tabindex: -1,
                title,
                'aria-label': `${title}, ${where(cell.to)}`,
                onclick: () => follow(cell.to),
              },
              words,
            )
          : make('span', {title, tabindex: -1}, words);
        return make('td', attributes, child);
      }),
    ),
  );
  const unit = unitText(scale);
  const table = make(
    'table',
    {class: 'grid', role: 'grid', 'aria-label': `${label} ${unit}`.trim(), onkeydown: walkGrid},
    make('tbody', {}, ...cells),
  );
  const start = table.querySelector('td > *');
  if (start) start.tabIndex = 0;
  return make(
    'figure',
    {class: 'numbers'},
    make('figcaption', {}, label, unit ? make('small', {}, ` ${unit}`) : null),
    make('div', {class: 'box'}, table),
  );
}

const NOTES = {
  outside: 'outside of the map: 0',
  shut: 'ReLU was shut here: nothing passes',
  winner: 'the largest: it wins',
};

// A pixel in words; of a feature, and of a loss, there is but one.
function where({at, channel, pixel: [i, j]}, withName = true) {
  const place = data.places[at],
    of = withName ? ` of ${placeName(place)}` : '';
  if (!place.shape.length) return `the number${of}`;
  return `${channelText(place, channel)}${of}${place.shape.length > 1 ? `, row ${i}, column ${j}` : ''}`;
}

// Go to the pixel that a number came from, in the direction in which one looks.
function follow(to) {
  goTo({...to, direction: to.direction || state.direction});
}

function walkGrid(event) {
  const cell = event.target.closest('td'),
    row = cell.parentElement,
    rows = [...row.parentElement.children];
  const i = rows.indexOf(row),
    j = [...row.children].indexOf(cell);
  const to = {
    ArrowUp: [i - 1, j],
    ArrowDown: [i + 1, j],
    ArrowLeft: [i, j - 1],
    ArrowRight: [i, j + 1],
    Home: [i, 0],
    End: [i, row.children.length - 1],
  }[event.key];
  const next = to && rows[to[0]] && rows[to[0]].children[to[1]];
  if (!to) return;
  event.preventDefault();
  event.stopPropagation();
  if (!next) return;
  cell.firstChild.tabIndex = -1;
  next.firstChild.tabIndex = 0;
  next.firstChild.focus();
}

// A table of terms that are one product each. columns: headings; rows: cells, numbers or elements. More than `most` are
// folded away.
function termTable(label, columns, rows, most = 12) {
  const line = (row) =>
    make(
      'tr',
      {},
      ...row.map((cell) =>
        make('td', {class: typeof cell === 'number' ? 'n' : ''}, typeof cell === 'number' ? fourDigits(cell) : cell),
      ),
    );
  const head = () => make('thead', {}, make('tr', {}, ...columns.map((column) => make('th', {scope: 'col'}, column))));
  const table = (some) =>
    make(
      'div',
      {class: 'box'},
      make('table', {class: 'terms', 'aria-label': label}, head(), make('tbody', {}, ...some.map(line))),
    );
  if (rows.length <= most) return table(rows);
  const more = make(
    'details',
    {
      ontoggle: () => {
        if (more.open && more.children.length === 1) more.append(table(rows.slice(most)));
      },
    },
    make('summary', {}, `${rows.length - most} more, weaker`),
  );
  return make('div', {}, table(rows.slice(0, most)), more);
}

// A number that leads to where it came from.
function linked(value, to, note = '') {
  const number = fourDigits(value);
  if (!to) return number;
  return make(
    'button',
    {
      type: 'button',
      class: 'link',
      title: `${exactText(value)}, ${where(to)}${note && `, ${note}`}`,
      'aria-label': `${number.textContent}, ${where(to)}`,
      onclick: () => follow(to),
    },
    number.textContent,
  );
}
