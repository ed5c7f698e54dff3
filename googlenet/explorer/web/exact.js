'use strict';
// The exact numbers of open channels: the values at their pixels, and the parameters that they are multiplied by. The
// other exact_*.js add them up; how it looks is in grids.js and sums.js. The format is described in explorer/exact.py.

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

// An element of [n, H, W], also where the array has only [n].
function elementOf(name, index, i, j) {
  const {
    shape: [, height = 1, width = 1],
  } = data.arrays[name];
  return array(name)[(index * height + i) * width + j];
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
