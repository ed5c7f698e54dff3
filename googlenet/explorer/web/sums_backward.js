'use strict';
// Backward, written out: where the gradient of a pixel came from, for each operation that sent some of it back, and
// how it goes on.

function backwardParts(place, channel, i, j, loss, sum) {
  const groups = sum.groups.map((group) =>
    make(
      'section',
      {},
      make(
        'h4',
        {},
        group.to ? `Back from ${placeName(group.to)}: ` : 'Here the way back begins: ',
        fourDigits(group.value),
      ),
      ...backwardGroup(group, loss),
    ),
  );
  const all =
    sum.groups.length === 1
      ? []
      : [
          make(
            'p',
            {},
            sum.groups.length
              ? `It is the sum of what comes back from ${sum.groups.length} places that took this number:`
              : 'Nothing comes back to here.',
          ),
          equation(
            sum.groups.map((group) => ({text: group.to ? placeName(group.to) : 'the loss', value: group.value})),
            'the gradient',
            sum.value,
          ),
        ];
  return [
    ...ofTheTotal(place, channel, i, j, loss),
    ...all,
    ...groups,
    ...starredElsewhere(sum, place, 'gradient_star', channel, i, j),
    ...spread(place, channel, i, j, loss),
  ];
}

// The gradient of the total, as the sum of the losses' gradients.
function ofTheTotal(place, channel, i, j, loss) {
  const {gradients} = resolved(place, channel);
  if (loss !== 'total' || !data.weights || 'total' in gradients || Object.keys(gradients).length < 2) return [];
  const terms = Object.keys(gradients).map((of) => ({
    text: data.weights[of] === 1 ? of : `${data.weights[of]} · ${of}`,
    value: data.weights[of] * valueAt(place, channel, i, j, of),
  }));
  return [equation(terms, 'the total', total(terms.map((term) => term.value)))];
}

// The description of the place where the numbers of a channel are, which another place may have.
function resolved(place, channel) {
  if (!place.exact.as) return place.exact;
  const [number, source] = place.exact.as[place.open.indexOf(channel)];
  return resolved(data.places[number], source);
}

function backwardGroup(group, loss) {
  const {to, terms} = group,
    rest = terms.filter((term) => term.kind === 'rest').map(restTerm);
  switch (group.kind) {
    case 'begin':
      return [make('p', {}, `The gradient of ${loss} for itself is 1.`)];
    case 'softmax':
      return [
        make(
          'p',
          {},
          'What softmax gets wrong: the probability ',
          fourDigits(group.probability),
          ` minus ${group.target}`,
          group.target ? ' (this is the label)' : ' (this is not the label)',
          ', times the gradient of the loss, ',
          fourDigits(group.gradient),
          ': ',
          fourDigits(group.value),
          '.',
        ),
      ];
    case 'factor':
      return [
        make(
          'p',
          {},
          'Its gradient ',
          linked(group.gradient.value, group.gradient.to),
          ' times ',
          fourDigits(group.factor),
          ` (${group.why}) = `,
          fourDigits(group.value),
          '.',
        ),
      ];
    case 'products': {
      const seen = terms.some((term) => term.kind === 'product' && term.a.length && term.a[0].length);
      const text = !seen
        ? 'No output saw this pixel.'
        : to.operation === 'Linear'
          ? 'Every output sends back its gradient times the weight that this feature had in it.'
          : 'Each output whose patch had this pixel sends back its gradient, times the number of the kernel that the ' +
            `pixel met there. ${reach(terms, 'They')}.`;
      return [
        make('p', {}, text),
        ...productTerms(terms, ['gradients', 'kernel', 'products']),
        terms.length > 1 ? equation(terms, 'back from here', group.value) : '',
      ];
    }
    case 'neighbors': {
      const {size, alpha, beta} = to.exact.forward;
      const rows = terms
        .filter((term) => term.row)
        .map((term) => [
          term.text,
          linked(term.row.gradient.value, term.row.gradient.to),
          digits(term.row.s),
          term.value,
        ]);
      return [
        make(
          'p',
          {},
          'A number acts on its own result directly: gradient · s^−β. And it is in the sums s of its neighbors, ' +
            `which it makes smaller: for each −2αβ/${size} · x · (gradient · x · s^(−β−1) of the neighbor), ` +
            `with α = ${alpha}, β = ${beta}, and x = ${exactText(group.x)} here.`,
        ),
        termTable('neighbors', ['', 'gradient', 's', 'comes back'], rows),
        ...rest,
        equation(terms, 'back from here', group.value),
      ];
    }
    case 'windows': {
      const rows = terms.map((term) => [
        linked(term.row.gradient.value, term.row.gradient.to),
        `row ${term.row.gradient.to.pixel[0]}, column ${term.row.gradient.to.pixel[1]}`,
        term.row.won ? 'won by this pixel' : `won by row ${term.row.winner.p}, column ${term.row.winner.q}`,
        term.value,
      ]);
      return rows.length
        ? [
            make('p', {}, 'Max pooling gives the gradient of each window to its winner alone.'),
            termTable('windows', ['gradient', 'window', '', 'comes back'], rows),
            terms.length > 1 ? equation(strongestFirst([...terms]), 'back from here', group.value) : '',
          ]
        : [make('p', {}, 'No window of the pool had this pixel in it.')];
    }
    case 'means': {
      const rows = terms.map((term) => [
        linked(term.row.gradient.value, term.row.gradient.to),
        `row ${term.row.gradient.to.pixel[0]}, column ${term.row.gradient.to.pixel[1]}`,
        `/ ${term.row.count}`,
        term.value,
      ]);
      return [
        make(
          'p',
          {},
          'Every pixel of a window gets the same: the gradient of the mean, divided by how many there are.',
        ),
        termTable('windows', ['gradient', 'window', '', 'comes back'], rows),
        terms.length > 1 ? equation(strongestFirst([...terms]), 'back from here', group.value) : '',
      ];
    }
    default:
      return [...rest, terms.length ? '' : make('p', {}, 'Nothing comes back from there to this channel.')];
  }
}

// ---- and on it goes -----------------------------------------------------------------------------------------------

// How the gradient of this pixel spreads into the patch that it was made of.
function spread(place, channel, i, j, loss) {
  const [input] = place.inputs.map((number) => data.places[number]);
  if (!input || !hasNumbers(input) || (place.inputs.length > 1 && place.operation !== 'Concat')) return [];
  const to = (c, p, q, at = input.number) => ({at, channel: c, pixel: [p, q], direction: 'backward'});
  const title = make('h4', {}, 'And on it goes, into what it was made of');
  if (isMixing(place)) {
    const gradient = gradientThroughRelu(place, channel, i, j, loss);
    if (gradient.shut) return [title, make('p', {}, 'ReLU was shut here: nothing goes on, whatever the gradient is.')];
    const shares = input.open.map((c) => ({
      c,
      rows: patchAt(place, i, j, mapSize(input)).map((row) =>
        row.map(({p, q, u, v, inside}) =>
          inside
            ? {
                value: gradient.value * weightAt(place, channel, c, u, v),
                weight: weightAt(place, channel, c, u, v),
                to: to(c, p, q),
              }
            : {value: 0, note: 'outside'},
        ),
      ),
    }));
    if (!shares.length) return [];
    const single = shares.every(({rows}) => rows.length === 1 && rows[0].length === 1);
    const scale = scaleOf(shares.flatMap(({rows}) => rows.flat().map((cell) => cell.value)));
    const met =
      place.operation === 'Linear'
        ? 'Each feature gets the gradient times its weight.'
        : 'Each pixel of the patch gets the gradient times the number of the kernel that it met.';
    const table = () =>
      termTable(
        'shares',
        ['', 'weight', 'gradient · weight'],
        shares
          .map(({c, rows: [[cell]]}) => ({c, cell}))
          .sort((a, b) => Math.abs(b.cell.value) - Math.abs(a.cell.value))
          .map(({c, cell}) => [channelText(input, c), cell.weight, linked(cell.value, cell.to)]),
      );
    return [
      title,
      make('p', {}, `${met} There it adds up with what comes from other outputs.`),
      single
        ? table()
        : make('div', {class: 'grids'}, ...shares.map(({c, rows}) => grid(channelText(input, c), rows, scale))),
    ];
  }
  if (place.operation === 'MaxPool2d') {
    const {p, q} = winnerAt(place, channel, i, j);
    return [
      title,
      make(
        'p',
        {},
        'All of it goes to the winner: ',
        linked(valueAt(place, channel, i, j, loss), to(channel, p, q)),
        ` at row ${p}, column ${q}.`,
      ),
    ];
  }
  const sum = forwardSum(place, channel, i, j);
  if (sum && sum.kind === 'mean') {
    const share = valueAt(place, channel, i, j, loss) / sum.count;
    const rows = sum.rows.map((row) =>
      row.map((cell) => (cell.to ? {value: share, to: {...cell.to, direction: 'backward'}} : cell)),
    );
    return [
      title,
      make('p', {}, `Every pixel of the window gets the same: the gradient divided by ${sum.count}.`),
      grid('shares', rows),
    ];
  }
  if (!sum || !sum.x) return [];
  return [
    title,
    make(
      'p',
      {},
      'To ',
      make(
        'button',
        {type: 'button', class: 'link', onclick: () => follow({...sum.x.to, direction: 'backward'})},
        where(sum.x.to),
      ),
      '.',
    ),
  ];
}
