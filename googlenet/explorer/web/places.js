'use strict';
// Places are the operations of the network, inputs first; blocks are the boxes of the map, each with some places.

// Who takes a place's result.
const consumers = data.places.map(() => []);
for (const place of data.places) for (const input of place.inputs) consumers[input].push(place.number);

// The box that a place belongs to. What ran outside of every layer gets a name by what it does.
function blockName(place) {
  if (place.block) return place.block;
  if (place.operation === 'Input') return 'picture';
  const reached = LOSSES.filter((loss) => loss in place.norms);
  if (reached.length === 1 && reached[0] === 'total' && LOSSES.length > 2) return 'total';
  if (place.operation === 'CrossEntropy') return `loss ${reached[0]}`;
  return place.operation === 'Reshape' ? 'flatten' : 'scaling';
}

// Boxes by name: {name, places, result: the place whose result leaves it, inputs: [{block, shape}]}.
const blocks = new Map();
for (const place of data.places) {
  const name = blockName(place);
  if (!blocks.has(name)) blocks.set(name, {name, places: [], inputs: []});
  const block = blocks.get(name);
  block.places.push(place);
  block.result = place;
  for (const input of place.inputs) {
    const from = blockName(data.places[input]);
    if (from !== name && !block.inputs.some((edge) => edge.from === from)) {
      block.inputs.push({from, shape: data.places[input].shape});
    }
  }
}

// ---- in words -----------------------------------------------------------------------------------------------------

const OPERATIONS = {
  Input: 'the picture, normalized', Conv2d: 'convolution', BatchNorm: 'batch norm', ReLU: 'ReLU',
  MaxPool2d: 'max pool', AvgPool2d: 'average pool', AdaptiveAvgPool2d: 'average pool, to a fixed size',
  LocalResponseNorm: 'local response norm', Concat: 'concat: all channels behind each other', Reshape: 'flatten',
  Linear: 'linear: every input counts', CrossEntropy: 'cross-entropy, the loss', Mul: 'times a number', Add: 'sum',
  GetItem: 'one channel of it',
};

function operationText(place) {
  const parts = [OPERATIONS[place.operation] || place.operation];
  if (place.kernel) parts[0] = `${place.kernel.join('×')} ${parts[0]}`;
  if (place.stride && Math.max(...place.stride) > 1) parts.push(`stride ${place.stride[0]}`);
  if (place.padding && Math.max(...place.padding) > 0) parts.push(`padding ${place.padding[0]}`);
  if (place.options && place.options.relu) parts.push('then ReLU');
  if (place.options && place.options.factor) parts[0] = `times ${shown(place.options.factor)}`;
  return parts.join(', ');
}

// What a place is called: its layer, or else its box and what it does.
function placeName(place) {
  return place.name || `${blockName(place)} (${place.operation})`;
}

// What a box does, in a word or two.
function blockText(block) {
  const {places, name} = block;
  if (name === 'picture') return 'what goes in';
  if (name.startsWith('loss')) return 'cross-entropy';
  if (name === 'total') return 'what is trained';
  if (name === 'scaling') return 'to [-1, 1]';
  if (name.startsWith('aux')) return 'auxiliary head';
  if (places.some((place) => place.operation === 'Concat')) return 'four branches';
  const short = {Conv2d: 'conv', MaxPool2d: 'max pool', AvgPool2d: 'average', AdaptiveAvgPool2d: 'average',
    LocalResponseNorm: 'neighbors', Linear: 'linear', Reshape: 'to a vector'}[places[0].operation];
  const {kernel, stride} = places[0];
  return `${kernel ? kernel.join('×') : ''}${stride && stride[0] > 1 ? `/${stride[0]}` : ''} ${short || ''}`.trim();
}

// ---- gradients of the losses --------------------------------------------------------------------------------------

const LOSS_TEXTS = {
  main: 'the loss of the network’s own classifier', aux1: 'the loss of the head on 4a',
  aux2: 'the loss of the head on 4d', total: 'what training minimizes',
};

// How large a place's numbers are: its result, or the gradient of a loss there; undefined where that does not reach.
function norm(place, direction = state.direction, loss = state.loss) {
  return place.norms[direction === 'forward' ? 'y' : loss];
}

// Which part of the gradient of the total comes from which loss, by the norms of the parts, as [loss, share] each;
// none where the total is not a sum of the losses, or there is only one.
function shares(place) {
  const losses = LOSSES.filter((loss) => loss !== 'total');
  if (losses.length < 2 || !data.weights || losses.some((loss) => data.weights[loss] === undefined)) return [];
  const sizes = losses.map((loss) => [loss, data.weights[loss] * (place.norms[loss] || 0)]);
  const sum = sizes.reduce((total, [, size]) => total + size, 0);
  return sum > 0 ? sizes.map(([loss, size]) => [loss, size / sum]) : [];
}

function sharesText(place) {
  return shares(place).filter(([, share]) => share > 0).map(([loss, share]) => `${loss} ${percent(share)}`).join(', ');
}

// A bar of the shares; the numbers stand beside it, or are its name.
function sharesBar(place) {
  const found = shares(place);
  if (!found.length) return null;
  const pieces = found.map(([loss, share]) => make('span', {class: `of-${loss}`, '--share': share}));
  return make('span', {class: 'shares', 'aria-hidden': 'true'}, ...pieces);
}
