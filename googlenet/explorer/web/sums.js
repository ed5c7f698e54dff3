'use strict';
// The sum of a pixel, written out: what its result was made of, or where its gradient came from.

function showSum(element, place, channel, i, j, direction, loss) {
  const only =
    direction === 'backward' &&
    !lossesAt(place).includes(loss) &&
    lossesAt(place).includes('total') &&
    loss in place.norms;
  const of = only ? 'total' : loss;
  if (direction === 'backward' && !lossesAt(place).includes(of)) {
    element.replaceChildren(
      make('p', {}, `The loss ${loss} does not depend on this place: no gradient of it comes back to here.`),
    );
    return;
  }
  const sum = sumAt(place, channel, i, j, direction, of),
    value = valueAt(place, channel, i, j, direction === 'forward' ? 'y' : of);
  const here = make('h3', {}, capital(where({at: place.number, channel, pixel: [i, j]}, false)));
  const title = make(
    'p',
    {},
    direction === 'forward'
      ? 'The result here is '
      : `The gradient of ${of === 'total' ? 'the total' : `the loss ${of}`} here is `,
    make('span', {class: 'value'}, fourDigits(value)),
  );
  element.replaceChildren(
    here,
    title,
    only
      ? make(
          'p',
          {class: 'trouble'},
          'Of a map as large as this only the gradient of the total is on the page in numbers: it is shown in the ' +
            `place of ${loss}.`,
        )
      : '',
    ...(direction === 'forward'
      ? forwardParts(place, channel, i, j, sum)
      : backwardParts(place, channel, i, j, of, sum)),
    sum ? agreement(sum) : '',
  );
}

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}

// The library's number beside the sum; a warning where more than rounding lies between them.
function agreement({value, library, difference, agrees}) {
  if (!agrees) {
    return make(
      'p',
      {class: 'trouble sum-wrong', role: 'alert'},
      'This does not add up: the library has ',
      fourDigits(library),
      ', the numbers on this page give ',
      fourDigits(value),
      '. The page may be damaged.',
    );
  }
  return make(
    'p',
    {class: 'agrees'},
    'The library has ',
    make('span', {class: 'number'}, exactText(library)),
    ', the sum of what is shown here is ',
    make('span', {class: 'number'}, exactText(value)),
    difference ? ': they differ by ' : ': the same.',
    difference ? fourDigits(difference) : '',
    difference ? ', rounding.' : '',
  );
}

// ---- forward ------------------------------------------------------------------------------------------------------

function forwardParts(place, channel, i, j, sum) {
  if (place.operation === 'Input')
    return [
      make('p', {}, 'This is the picture itself, normalized as the network wants it. Nothing was computed here.'),
    ];
  if (!sum) {
    const names = place.inputs.map((number) => placeName(data.places[number]));
    return [
      make('p', {}, `What this was made of is not on this page: the numbers of ${names.join(' and ')} are left out.`),
    ];
  }
  const show = {
    products: forwardProducts,
    norm: forwardNorm,
    neighbors: forwardNeighbors,
    window: forwardWindow,
    mean: forwardMean,
    same: forwardSame,
    relu: forwardRelu,
    factor: forwardFactor,
    add: forwardAdd,
    loss: forwardLoss,
  }[sum.kind];
  return show(sum, place, channel, i, j);
}

function forwardProducts(sum, place, channel, i, j) {
  const text =
    place.operation === 'Linear'
      ? 'Every feature times its weight, all added up, and the bias.'
      : 'The patch under the kernel times the kernel, number by number, in every input channel; all products are ' +
        'added up, and the bias.';
  const relu = sum.relu
    ? [make('p', {}, 'Then ReLU: the larger of 0 and ', fourDigits(sum.sum), ' is ', fourDigits(sum.value), '.')]
    : [];
  return [
    make(
      'p',
      {},
      text,
      place.operation === 'Linear' ? '' : ` ${reach(sum.terms, 'The patch')}.`,
      sum.terms.some(({kind}) => kind === 'product') ? ' Its numbers lead to their own sums.' : '',
    ),
    ...productTerms(sum.terms, ['patch', 'kernel', 'products']),
    equation(sum.terms, sum.relu ? 'before ReLU' : 'the result', sum.sum),
    ...relu,
    ...starredElsewhere(sum, place, 'star', channel, i, j),
  ];
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

function forwardNorm({x, norm, terms, value}) {
  return [
    make(
      'p',
      {},
      'In evaluation, mean and variance are those that training has collected: constants of the channel. So batch ' +
        'norm is a scale and a shift.',
    ),
    termTable(
      'constants',
      ['of this channel', ''],
      [
        ['mean', norm.mean],
        ['variance', norm.variance],
        ['eps', norm.eps],
        ['weight', norm.weight],
        ['bias', norm.bias],
        ['scale = weight / √(variance + eps)', norm.scale],
        ['shift = bias − mean · scale', norm.shift],
      ],
    ),
    make(
      'p',
      {},
      'x is ',
      linked(x.value, x.to),
      ', times the scale ',
      fourDigits(norm.scale),
      ' that is ',
      fourDigits(terms[0].value),
      '.',
    ),
    equation(terms, 'the result', value),
  ];
}

function forwardNeighbors({x, neighbors, s, value}, place, channel) {
  const {size, alpha, beta, k} = place.exact.forward;
  return [
    make(
      'p',
      {},
      `Each number is divided by a power of what its ${size} neighboring channels have at the same pixel: ` +
        `y = x / s^β, s = k + α/${size} · (sum of their squares), ` +
        `with k = ${k}, α = ${alpha}, β = ${beta}.`,
    ),
    termTable(
      'neighbors',
      ['channel', 'x', 'x²'],
      neighbors.map((one) => [
        one.channel === channel ? `${one.channel} (this one)` : String(one.channel),
        linked(one.x, one.to),
        one.x * one.x,
      ]),
    ),
    make(
      'p',
      {},
      `s = ${k} + ${alpha}/${size} · `,
      digits(total(neighbors.map((one) => one.x * one.x))),
      ' = ',
      digits(s),
      ', and s^β = ',
      digits(s ** beta),
      '.',
    ),
    make('p', {}, 'y = ', digits(x.value), ' / ', digits(s ** beta), ' = ', digits(value), '.'),
  ];
}

function forwardWindow({rows, winner, value}) {
  return [
    make(
      'p',
      {},
      'The largest number of the window wins, and goes on alone. Among equals it is the first, row by row.',
    ),
    grid('window', rows),
    make('p', {}, `The winner is at row ${winner.p}, column ${winner.q}: `, fourDigits(value), '.'),
  ];
}

function forwardMean({rows, count, value}) {
  const sum = value * count;
  return [
    make('p', {}, `The mean of the window: its sum divided by ${count}. Every number counts the same.`),
    grid('window', rows),
    make('p', {}, fourDigits(sum), ` / ${count} = `, fourDigits(value)),
  ];
}

function forwardSame({x, slot}, place) {
  const from = data.places[x.to.at];
  const text =
    place.operation === 'Concat'
      ? `The seam: this channel is ${channelText(from, x.to.channel)} of input ${slot + 1}, ${placeName(from)}. ` +
        'Concat puts the channels of all inputs one behind the other; nothing is computed. '
      : 'The same number, in another place: nothing is computed. ';
  return [make('p', {}, text, linked(x.value, x.to))];
}

function forwardRelu({x, value}) {
  return [make('p', {}, 'ReLU: the larger of 0 and ', linked(x.value, x.to), ' is ', fourDigits(value), '.')];
}

function forwardFactor({x, factor, value}) {
  return [make('p', {}, linked(x.value, x.to), ' · ', fourDigits(factor), ' = ', fourDigits(value))];
}

function forwardAdd({terms, value}) {
  return [
    make('p', {}, 'Added up: ', ...terms.flatMap((term, n) => [n ? ' + ' : '', linked(term.value, term.to)])),
    equation(terms, 'the sum', value),
  ];
}

function forwardLoss({softmax, label, input, value}) {
  const rows = [...softmax.classes]
    .sort((a, b) => b.logit - a.logit)
    .map((one) => [
      channelText(input, one.channel) + (one.channel === label ? ', the label' : ''),
      linked(one.logit, {at: input.number, channel: one.channel, pixel: [0, 0]}),
      one.e,
      one.probability,
    ]);
  const {probability} = softmax.classes[label];
  return [
    make(
      'p',
      {},
      'Softmax makes probabilities of the logits: e to the power of each (less the largest, which changes nothing), ' +
        'divided by the sum of all, ',
      fourDigits(softmax.sum),
      '.',
    ),
    termTable('classes', ['', 'logit', 'e^(logit − largest)', 'probability'], rows),
    make(
      'p',
      {},
      'The loss is −log of the probability of the label: −log ',
      fourDigits(probability),
      ' = ',
      fourDigits(value),
      '.',
    ),
  ];
}

// ---- backward -----------------------------------------------------------------------------------------------------

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
