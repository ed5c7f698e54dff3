'use strict';
// Forward: the sum that the result of each operation is, at a pixel.

// The result of a place at a pixel; null where its input is not in the page.
function forwardSum(place, channel, i, j) {
  const inputs = place.inputs.map((number) => data.places[number]),
    [input] = inputs,
    {forward} = place.exact;
  if (!isMixing(place) && !inputs.every(hasNumbers)) return null;
  const from = (p, q, c = channel, source = input) => ({
    value: valueAt(source, c, p, q, 'y'),
    to: {at: source.number, channel: c, pixel: [p, q]},
  });
  switch (place.operation) {
    case 'Conv2d':
    case 'Linear': {
      const terms = input.open.map((c) =>
        productTerm(
          channelText(input, c),
          patchAt(place, i, j, mapSize(input)).map((row) =>
            row.map(({p, q, u, v, inside}) => ({
              a: inside ? from(p, q, c) : {value: 0, note: 'outside'},
              b: {value: weightAt(place, channel, c, u, v)},
            })),
          ),
        ),
      );
      strongestFirst(terms);
      const index = place.open.indexOf(channel);
      if (forward.bias) terms.push({text: 'bias', value: array(forward.bias)[index], kind: 'bias'});
      if (forward.rest)
        terms.push({
          text: otherText(forward.others, input),
          value: elementOf(forward.rest, index, i, j),
          kind: 'rest',
          parts: starParts(place, channel, i, j, input),
        });
      const sum = total(terms.map((term) => term.value)),
        relu = Boolean(place.options && place.options.relu);
      return {kind: 'products', terms, sum, relu, value: relu ? Math.max(0, sum) : sum};
    }
    case 'BatchNorm': {
      const x = from(i, j),
        norm = scaleAndShift(place, channel);
      const terms = [
        {text: 'x · scale', value: x.value * norm.scale},
        {text: 'shift', value: norm.shift},
      ];
      return {kind: 'norm', x, norm, terms, value: total(terms.map((term) => term.value))};
    }
    case 'LocalResponseNorm': {
      const neighbors = lrnNeighbors(place, channel, i, j).map((one) => ({
        ...one,
        to: one.open ? from(i, j, one.channel).to : undefined,
      }));
      const s = lrnDivisor(place, channel, i, j),
        x = from(i, j);
      return {kind: 'neighbors', x, neighbors, s, terms: [], value: x.value * s ** -forward.beta};
    }
    case 'MaxPool2d': {
      const winner = winnerAt(place, channel, i, j);
      const rows = patchAt(place, i, j, mapSize(input)).map((row) =>
        row.map(({p, q, inside}) =>
          inside
            ? {...from(p, q), note: p === winner.p && q === winner.q ? 'winner' : ''}
            : {value: null, note: 'outside'},
        ),
      );
      return {kind: 'window', rows, winner, terms: [], value: winner.value};
    }
    case 'AvgPool2d':
    case 'AdaptiveAvgPool2d': {
      const {rows, count} = averaged(place, i, j);
      const cells = rows.map((row) => row.map(({p, q, inside}) => (inside ? from(p, q) : {value: 0, note: 'outside'})));
      const terms = cells.flat().map((cell) => ({value: cell.value / count}));
      return {kind: 'mean', rows: cells, count, terms, value: total(cells.flat().map((cell) => cell.value)) / count};
    }
    case 'Concat':
    case 'GetItem': {
      const [number, source] = (place.exact.as || [])[place.open.indexOf(channel)] || [];
      if (number === undefined) return null;
      const x = from(i, j, source, data.places[number]);
      return {kind: 'same', x, slot: place.inputs.indexOf(number), terms: [], value: x.value};
    }
    case 'Reshape': {
      const [height, width] = mapSize(input),
        c = Math.floor(channel / (height * width)),
        at = channel % (height * width);
      const x = from(Math.floor(at / width), at % width, c);
      return {kind: 'same', x, terms: [], value: x.value};
    }
    case 'ReLU': {
      const x = from(i, j);
      return {kind: 'relu', x, terms: [], value: Math.max(0, x.value)};
    }
    case 'Mul': {
      const x = from(i, j);
      return {kind: 'factor', x, factor: forward.factor, terms: [], value: forward.factor * x.value};
    }
    case 'Add': {
      const terms = inputs.map((source) => ({text: placeName(source), ...from(i, j, channel, source)}));
      if ('number' in forward) terms.push({text: 'the number', value: forward.number});
      return {kind: 'add', terms, value: total(terms.map((term) => term.value))};
    }
    case 'CrossEntropy': {
      const softmax = softmaxOf(input),
        {label} = forward;
      const values = [Math.log(softmax.sum), softmax.top, -softmax.classes[label].logit];
      return {kind: 'loss', softmax, label, terms: values.map((value) => ({value})), input, value: total(values)};
    }
    default:
      return null; // the picture
  }
}

// At the starred pixel the share of every channel of the input: [{text, value}] of those that are not open.
function starParts(place, channel, i, j, input) {
  const {star, forward} = place.exact;
  if (!forward.parts || String(star) !== String([channel, i, j])) return null;
  return closedParts(array(forward.parts), input);
}
