'use strict';
// The exact numbers of open channels, and the sums they are: what a result and a gradient are made of, term by term.
// Everything here computes; how it looks is in grids.js and sums.js. The format is described in explorer/exact.py.

function canOpen(place, channel) {
  return place.open.includes(channel);
}

function hasNumbers(place) {
  return place.open.length > 0;
}

function mapSize(place) {
  const [, height = 1, width = 1] = place.shape;
  return [height, width];
}

// ---- values -------------------------------------------------------------------------------------------------------

// The value of a pixel of an open channel: what is "y", or a loss, whose gradient it is then. null where there is none.
function valueAt(place, channel, i, j, what) {
  const {exact, open} = place,
    index = open.indexOf(channel);
  if (exact.as) {
    const [number, source] = exact.as[index];
    return valueAt(data.places[number], source, i, j, what);
  }
  const name = what === 'y' ? exact.y : exact.gradients[what];
  if (name) return rowOf(name, index)(i, j);
  if (what !== 'total' || !data.weights) return null;
  const reach = Object.keys(data.weights).filter((loss) => loss in exact.gradients);
  return reach.length
    ? reach.reduce((sum, loss) => sum + data.weights[loss] * valueAt(place, channel, i, j, loss), 0)
    : null;
}

// A map of a stack of maps [n, H, W], as a function of the pixel.
function rowOf(name, index) {
  const [, height, width] = data.arrays[name].shape,
    all = array(name);
  return (i, j) => all[(index * height + i) * width + j];
}

// The largest |value| of the open channels of a place, which rounding errors are measured by.
function largestOf(place, what) {
  const [height, width] = mapSize(place);
  let largest = 0;
  for (const channel of place.open) {
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) largest = Math.max(largest, Math.abs(valueAt(place, channel, i, j, what) || 0));
    }
  }
  return largest;
}

// Of which losses the gradient is stored, or can be added up.
function lossesAt(place) {
  return LOSSES.filter((loss) => valueAt(place, place.open[0], 0, 0, loss) !== null);
}

// One of several arrays by loss; of the total the weighted sum, where it has no array of its own. null: nothing comes.
function byLoss(names, loss, value) {
  if (!names) return null;
  if (names[loss]) return value(names[loss]);
  if (loss !== 'total' || !data.weights) return null;
  return Object.entries(names).reduce((sum, [of, name]) => sum + data.weights[of] * value(name), 0);
}

// ---- windows ------------------------------------------------------------------------------------------------------

function windowOf(place) {
  return {kernel: place.kernel || [1, 1], stride: place.stride || [1, 1], padding: place.padding || [0, 0]};
}

// The pixels under the kernel at (i, j), row by row: {p, q, u, v, inside}. p, q in the input, u, v in the kernel.
function patchAt(place, i, j, [height, width]) {
  const {
    kernel: [kh, kw],
    stride: [sh, sw],
    padding: [ph, pw],
  } = windowOf(place);
  return Array.from({length: kh}, (_, u) =>
    Array.from({length: kw}, (__, v) => {
      const p = i * sh + u - ph,
        q = j * sw + v - pw;
      return {p, q, u, v, inside: p >= 0 && q >= 0 && p < height && q < width};
    }),
  );
}

// The other side: the outputs whose patch has the input's pixel (i, j), each with the kernel's number that it met.
function outputsOf(place, i, j) {
  const {
      kernel: [kh, kw],
      stride: [sh, sw],
      padding: [ph, pw],
    } = windowOf(place),
    [height, width] = mapSize(place);
  const along = (at, k, s, p, size) => {
    const found = [];
    for (let o = Math.max(0, Math.ceil((at + p - k + 1) / s)); o <= Math.min(size - 1, Math.floor((at + p) / s)); o++)
      found.push([o, at + p - o * s]);
    return found;
  };
  return along(i, kh, sh, ph, height).map(([p, u]) => along(j, kw, sw, pw, width).map(([q, v]) => ({p, q, u, v})));
}

// Rows and columns of an adaptive window: [start, end) of each.
function adaptiveWindow(place, i, j, size) {
  return mapSize(place).map((count, axis) => {
    const at = axis ? j : i;
    return [Math.floor((at * size[axis]) / count), Math.ceil(((at + 1) * size[axis]) / count)];
  });
}

// The pixels that an average pool takes the mean of at (i, j), and what it divides by.
function averaged(place, i, j) {
  const size = mapSize(data.places[place.inputs[0]]);
  if (place.operation === 'AdaptiveAvgPool2d') {
    const [[top, bottom], [left, right]] = adaptiveWindow(place, i, j, size);
    const rows = Array.from({length: bottom - top}, (_, p) =>
      Array.from({length: right - left}, (__, q) => ({p: top + p, q: left + q, inside: true})),
    );
    return {rows, count: (bottom - top) * (right - left)};
  }
  const rows = patchAt(place, i, j, size),
    {padding} = windowOf(place);
  const counted = place.exact.forward.count_include_pad
    ? rows.flat().filter(({p, q}) => p < size[0] + padding[0] && q < size[1] + padding[1])
    : rows.flat().filter(({inside}) => inside);
  return {rows, count: counted.length};
}

// The outputs of an average pool that have the input's pixel in them.
function averagesOf(place, i, j) {
  if (place.operation !== 'AdaptiveAvgPool2d') return outputsOf(place, i, j).flat();
  const [height, width] = mapSize(place),
    size = mapSize(data.places[place.inputs[0]]),
    found = [];
  for (let p = 0; p < height; p++) {
    for (let q = 0; q < width; q++) {
      const [[top, bottom], [left, right]] = adaptiveWindow(place, p, q, size);
      if (i >= top && i < bottom && j >= left && j < right) found.push({p, q});
    }
  }
  return found;
}

// The pixel that a max pool takes at (i, j): the first of the largest in row order.
function winnerAt(place, channel, i, j) {
  const input = data.places[place.inputs[0]];
  let best = null;
  for (const {p, q, inside} of patchAt(place, i, j, mapSize(input)).flat()) {
    const value = inside ? valueAt(input, channel, p, q, 'y') : -Infinity;
    if (inside && (!best || value > best.value)) best = {p, q, value};
  }
  return best;
}

// ---- what several operations need ---------------------------------------------------------------------------------

function isMixing(place) {
  return place.operation === 'Conv2d' || place.operation === 'Linear';
}

// The kernel's number [u, v] from input channel c to output channel k, both open.
function weightAt(place, k, c, u, v) {
  const {
    shape: [, inputs, kh = 1, kw = 1],
  } = data.arrays[place.exact.forward.weight];
  const output = place.open.indexOf(k),
    input = data.places[place.inputs[0]].open.indexOf(c);
  return array(place.exact.forward.weight)[((output * inputs + input) * kh + u) * kw + v];
}

// The gradient of an output, 0 where the operation's own ReLU was shut.
function gradientThroughRelu(place, channel, i, j, loss) {
  const shut = place.options && place.options.relu && !(valueAt(place, channel, i, j, 'y') > 0);
  return {shut, value: shut ? 0 : valueAt(place, channel, i, j, loss) || 0};
}

function scaleAndShift(place, channel) {
  const {mean, variance, weight, bias, eps} = place.exact.forward,
    index = place.open.indexOf(channel);
  const [m, v, w, b] = [mean, variance, weight, bias].map((name) => array(name)[index]);
  const scale = w / Math.sqrt(v + eps);
  return {mean: m, variance: v, weight: w, bias: b, eps, scale, shift: b - m * scale};
}

// The channels in LRN's sum under this one: {channel, x, at}, at only where the channel is open.
function lrnNeighbors(place, channel, i, j) {
  const {size, beside, x} = place.exact.forward,
    input = data.places[place.inputs[0]],
    found = [];
  for (let c = channel - Math.floor(size / 2); c <= channel + Math.floor((size - 1) / 2); c++) {
    const open = canOpen(input, c);
    if (open) found.push({channel: c, x: valueAt(input, c, i, j, 'y'), open});
    else if (beside.includes(c)) found.push({channel: c, x: rowOf(x, beside.indexOf(c))(i, j), open});
  }
  return found;
}

// k + alpha / size * the sum of the neighbors' squares.
function lrnDivisor(place, channel, i, j) {
  const {size, alpha, k} = place.exact.forward;
  return k + (alpha / size) * lrnNeighbors(place, channel, i, j).reduce((sum, {x}) => sum + x * x, 0);
}

function lossLabel() {
  return data.places.find((place) => place.operation === 'CrossEntropy').exact.forward.label;
}

// softmax of the logits of a place, all of which are open: [{channel, logit, e, probability}].
function softmaxOf(place) {
  const logits = place.open.map((channel) => valueAt(place, channel, 0, 0, 'y')),
    top = Math.max(...logits);
  const e = logits.map((logit) => Math.exp(logit - top)),
    sum = e.reduce((a, b) => a + b, 0);
  return {
    top,
    sum,
    classes: place.open.map((channel, n) => ({channel, logit: logits[n], e: e[n], probability: e[n] / sum})),
  };
}

// ---- sums ---------------------------------------------------------------------------------------------------------

// Everything below describes sums as {kind, value, terms: [{text, value, ...}]}: a value is the sum of its terms.
// Terms may have parts: cells {value, to: where it comes from, ...} in grids, or rows of a table.

const total = (numbers) => numbers.reduce((sum, number) => sum + number, 0);
const strongestFirst = (terms) => terms.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));

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

// An element of [n, H, W], also where the array has only [n].
function elementOf(name, index, i, j) {
  const {
    shape: [, height = 1, width = 1],
  } = data.arrays[name];
  return array(name)[(index * height + i) * width + j];
}

// At the starred pixel the share of every channel of the input: [{text, value}] of those that are not open.
function starParts(place, channel, i, j, input) {
  const {star, forward} = place.exact;
  if (!forward.parts || String(star) !== String([channel, i, j])) return null;
  return closedParts(array(forward.parts), input);
}

function closedParts(values, of) {
  return strongestFirst(
    [...values]
      .map((value, c) => ({text: channelText(of, c), value, channel: c}))
      .filter(({channel}) => !canOpen(of, channel)),
  );
}

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

// Where the way back of a loss begins: with 1, or at logits with what softmax gets wrong.
function beginning(place, channel, loss) {
  if (!place.shape.length) return {kind: 'begin', terms: [{text: `${loss} for itself`, value: 1}], value: 1};
  return wrongBySoftmax(place, channel, 1);
}

function wrongBySoftmax(place, channel, gradient) {
  const softmax = softmaxOf(place),
    {probability} = softmax.classes[channel],
    target = channel === lossLabel() ? 1 : 0;
  const terms = [
    {text: 'probability', value: probability * gradient},
    {text: 'target', value: -target * gradient},
  ];
  return {kind: 'softmax', probability, target, gradient, terms, value: (probability - target) * gradient};
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

function channelText(place, channel) {
  if (place.shape.length !== 1) return `channel ${channel}`;
  return isLogits(place) ? `class ${channel} (${inWords(data.classes[channel])})` : `feature ${channel}`;
}

// Whether a place has a number for each class. Of presets that sum them, logits are multiplied and added before the
// loss.
function isLogits(place) {
  return (
    place.shape.length === 1 &&
    consumers[place.number]
      .map((number) => data.places[number])
      .some((to) => to.operation === 'CrossEntropy' || (['Mul', 'Add'].includes(to.operation) && isLogits(to)))
  );
}

function otherText(count, place, neighbors = false) {
  const things = neighbors ? 'neighbor' : place.shape.length === 1 ? 'feature' : 'channel';
  const which = hasNumbers(place) ? 'the other' : 'all';
  return count === 1 ? `the other ${things}` : `${which} ${count} ${things}s together`;
}

const SMALLEST = 1e-30; // what is smaller may be 0 in float32

// The sum of a pixel beside what the library has there: {value, library, difference, agrees: whether only rounding
// differs, which is measured by the largest numbers that were added up}.
function sumAt(place, channel, i, j, direction, loss) {
  const what = direction === 'forward' ? 'y' : loss;
  const sum = direction === 'forward' ? forwardSum(place, channel, i, j) : backwardSum(place, channel, i, j, loss);
  if (!sum) return null;
  const library = valueAt(place, channel, i, j, what),
    difference = sum.value - library;
  const size = Math.max(total(sum.terms.map((term) => Math.abs(term.value))), largestOf(place, what));
  return {...sum, library, difference, agrees: Math.abs(difference) <= 1e-5 * size + SMALLEST};
}
