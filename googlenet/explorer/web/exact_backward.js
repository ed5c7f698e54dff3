'use strict';
// Backward: the sum that a gradient is, at a pixel, of what comes back from each operation that took the pixel's
// result.

// The gradient of a loss at a pixel, as one group of terms for each place that takes this one's result.
function backwardSum(place, channel, i, j, loss) {
  const groups = [],
    index = place.open.indexOf(channel),
    {exact} = place;
  if (exact.begins.includes(loss)) groups.push(beginning(place, channel, loss));
  for (const consumer of exact.backward) {
    const to = data.places[consumer.to],
      terms = [];
    let detail = {};
    if (hasNumbers(to) && lossesAt(to).includes(loss)) {
      detail = throughPlace(place, to, channel, i, j, loss);
      terms.push(...detail.terms);
    }
    const rest = byLoss(consumer.rest, loss, (name) => elementOf(name, index, i, j));
    if (rest !== null) {
      const starred = String(exact.gradient_star) === String([channel, i, j]) && consumer.parts;
      const count = Array.isArray(consumer.others) ? consumer.others[index] : consumer.others;
      const parts = starred
        ? closedParts(
            Array.from({length: data.arrays[Object.values(starred)[0]].shape[0]}, (_, k) =>
              byLoss(starred, loss, (name) => array(name)[k]),
            ),
            to,
          )
        : null;
      if (count !== 0)
        terms.push({
          text: hasNumbers(to)
            ? otherText(count, to, Array.isArray(consumer.others))
            : 'all that comes back from there',
          value: rest,
          kind: 'rest',
          parts,
        });
    }
    if (terms.length) groups.push({...detail, to, terms, value: total(terms.map((term) => term.value))});
  }
  return {
    kind: 'gradient',
    groups,
    terms: groups.flatMap((group) => group.terms),
    value: total(groups.map((group) => group.value)),
  };
}

// What comes back from one consumer, of what the page has of it.
function throughPlace(place, to, channel, i, j, loss) {
  const {forward} = to.exact;
  const back = (p, q, c = channel) => ({
    ...gradientThroughRelu(to, c, p, q, loss),
    to: {at: to.number, channel: c, pixel: [p, q]},
  });
  const one = (value, more) => ({terms: [{text: placeName(to), value, ...more}], ...more});
  switch (to.operation) {
    case 'Conv2d':
    case 'Linear': {
      const outputs = outputsOf(to, i, j);
      const terms = to.open.map((k) =>
        productTerm(
          channelText(to, k),
          outputs.map((row) =>
            row.map(({p, q, u, v}) => {
              const gradient = back(p, q, k);
              return {a: {...gradient, note: gradient.shut ? 'shut' : ''}, b: {value: weightAt(to, k, channel, u, v)}};
            }),
          ),
        ),
      );
      return {kind: 'products', terms: strongestFirst(terms)};
    }
    case 'BatchNorm': {
      const gradient = back(i, j),
        {scale} = scaleAndShift(to, channel);
      return one(gradient.value * scale, {kind: 'factor', gradient, factor: scale, why: 'weight / √(variance + eps)'});
    }
    case 'ReLU': {
      const gradient = back(i, j),
        open = valueAt(to, channel, i, j, 'y') > 0;
      return one(open ? gradient.value : 0, {
        kind: 'factor',
        gradient,
        factor: open ? 1 : 0,
        why: open ? 'ReLU let it through: its result is above 0' : 'ReLU was shut: its result is 0',
      });
    }
    case 'LocalResponseNorm': {
      const {size, alpha, beta} = forward,
        x = valueAt(place, channel, i, j, 'y'),
        gradient = back(i, j),
        s = lrnDivisor(to, channel, i, j);
      const terms = [{text: 'directly', value: gradient.value * s ** -beta, row: {channel, gradient, s}}];
      for (let c = channel - Math.floor((size - 1) / 2); c <= channel + Math.floor(size / 2); c++) {
        if (!canOpen(to, c)) continue;
        const grad = back(i, j, c),
          divisor = lrnDivisor(to, c, i, j),
          its = valueAt(place, c, i, j, 'y');
        terms.push({
          text: `through the sum of channel ${c}`,
          value: ((-2 * alpha * beta) / size) * x * grad.value * its * divisor ** (-beta - 1),
          row: {channel: c, gradient: grad, s: divisor, x: its},
        });
      }
      return {kind: 'neighbors', x, terms};
    }
    case 'MaxPool2d': {
      const terms = outputsOf(to, i, j)
        .flat()
        .map(({p, q}) => {
          const winner = winnerAt(to, channel, p, q),
            won = winner.p === i && winner.q === j,
            gradient = back(p, q);
          return {
            text: `window (${p}, ${q})`,
            kind: 'window',
            value: won ? gradient.value : 0,
            row: {won, winner, gradient},
          };
        });
      return {kind: 'windows', terms};
    }
    case 'AvgPool2d':
    case 'AdaptiveAvgPool2d': {
      const terms = averagesOf(to, i, j).map(({p, q}) => {
        const {count} = averaged(to, p, q),
          gradient = back(p, q);
        return {text: `window (${p}, ${q})`, kind: 'window', value: gradient.value / count, row: {count, gradient}};
      });
      return {kind: 'means', terms};
    }
    case 'Concat':
    case 'GetItem': {
      const index = (to.exact.as || []).findIndex(([number, c]) => number === place.number && c === channel);
      if (index < 0) return {kind: 'same', terms: []};
      const gradient = back(i, j, to.open[index]);
      return one(gradient.value, {
        kind: 'factor',
        gradient,
        factor: 1,
        why:
          to.operation === 'Concat'
            ? `channel ${channel} here is channel ${to.open[index]} of the concat: its gradient is cut out and comes ` +
              'back as it is'
            : 'it was taken out as it is',
      });
    }
    case 'Reshape': {
      const [height, width] = mapSize(place),
        gradient = back(0, 0, (channel * height + i) * width + j);
      return one(gradient.value, {kind: 'factor', gradient, factor: 1, why: 'the same number in a row of all'});
    }
    case 'Mul': {
      const gradient = back(i, j);
      return one(gradient.value * forward.factor, {
        kind: 'factor',
        gradient,
        factor: forward.factor,
        why: 'what it was multiplied by',
      });
    }
    case 'Add': {
      const gradient = back(i, j);
      return one(gradient.value, {kind: 'factor', gradient, factor: 1, why: 'an addend counts once'});
    }
    case 'CrossEntropy':
      return {...wrongBySoftmax(place, channel, back(0, 0, 0).value), loss: to};
    default:
      return {terms: []};
  }
}
