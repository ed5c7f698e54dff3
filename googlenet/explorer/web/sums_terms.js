'use strict';
// What sums forward and backward have in common, written out: products as grids or as a table, and what is on the page
// as one number.

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}

// Which rows and columns the first factors of products stand in.
function reach(terms, what) {
  const pixels = terms
    .filter((term) => term.kind === 'product')
    .slice(0, 1)
    .flatMap((term) => term.a.flat())
    .filter((cell) => cell.to)
    .map((cell) => cell.to.pixel);
  if (!pixels.length) return `${what} ${what === 'They' ? 'are' : 'is'} not on this page number by number`;
  const along = (axis, name) => {
    const first = Math.min(...pixels.map((pixel) => pixel[axis])),
      last = Math.max(...pixels.map((pixel) => pixel[axis]));
    return first === last ? `${name} ${first}` : `${name}s ${first} to ${last}`;
  };
  return `${what} ${what === 'They' ? 'are at' : 'is at'} ${along(0, 'row')}, ${along(1, 'column')}`;
}

// Terms that are products, as grids, or as a table where each is a single product; and those that are one number.
function productTerms(terms, [a, b, c]) {
  const products = terms.filter((term) => term.kind === 'product' && term.a.length && term.a[0].length),
    single = products.every(({cells}) => cells.length === 1 && cells[0].length === 1);
  const rest = terms.filter((term) => term.kind === 'rest').map(restTerm);
  if (single && products.length) {
    const rows = products.map(({text, a: [[x]], b: [[y]], value}) => [
      text,
      make('span', {}, linked(x.value, x.to, NOTES[x.note]), x.note ? ' (shut)' : ''),
      y.value,
      value,
    ]);
    return [
      termTable(
        `${a}, ${b}, product`,
        ['', a === 'patch' ? 'input' : 'gradient', a === 'patch' ? 'weight' : b, 'product'],
        rows,
      ),
      ...rest,
    ];
  }
  return [
    ...products.map((term) =>
      make(
        'div',
        {class: 'term'},
        make('h5', {}, `${capital(term.text)}: `, fourDigits(term.value)),
        make('div', {class: 'grids'}, grid(a, term.a), grid(b, term.b), grid(c, term.cells)),
      ),
    ),
    ...rest,
  ];
}

// All that is not open, as one number; at the starred pixel it opens.
function restTerm({text, value, parts}) {
  const head = [make('h5', {}, `${capital(text)}: `, fourDigits(value))];
  if (parts) {
    const more = make(
      'details',
      {
        ontoggle: () => {
          if (more.open && more.children.length === 1)
            more.append(
              termTable(
                'shares',
                ['', 'its share'],
                parts.map((part) => [part.text, part.value]),
                24,
              ),
            );
        },
      },
      make('summary', {}, 'One by one: this is the starred pixel'),
    );
    head.push(more);
  }
  return make('div', {class: 'term'}, ...head);
}

// The way to the pixel where the others stand one by one.
function starredElsewhere(sum, place, star, channel, i, j) {
  const [c, p, q] = place.exact[star],
    here = c === channel && p === i && q === j;
  if (here || !sum.terms.some((term) => term.kind === 'rest')) return [];
  return [
    make(
      'p',
      {class: 'soft'},
      'The others are on the page one by one at the starred pixel of this place: ',
      linked(valueAt(place, c, p, q, star === 'star' ? 'y' : 'total'), {at: place.number, channel: c, pixel: [p, q]}),
      ` of ${where({at: place.number, channel: c, pixel: [p, q]}, false)}.`,
    ),
  ];
}
