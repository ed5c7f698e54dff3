'use strict';
// Forward, written out: what the result of a pixel was made of, in words, grids and equations for each operation.

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
