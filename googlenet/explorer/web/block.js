'use strict';
// A block, opened: its branches side by side, the operations of each in their order, and the seam where they meet.

// Places of a block by branch, in order: [["branch1", [...]], ..., ["", [...]]]. "" is what is in no branch.
function lanes(block) {
  const found = new Map();
  for (const place of block.places) {
    const branch = (place.name.match(/\.(branch\d)/) || ['', ''])[1];
    if (!found.has(branch)) found.set(branch, []);
    found.get(branch).push(place);
  }
  return [...found];
}

let drawn = ''; // what is there already: another place of the same block is no reason to draw all of it

function drawBlock() {
  const block = state.at === null ? null : blocks.get(blockName(data.places[state.at]));
  const wanted = [block && block.name, state.direction, state.loss, state.order].join(' ');
  if (wanted === drawn) return;
  drawn = wanted;
  byId('block-title').textContent = block ? `Inside ${block.name}` : 'Inside a block';
  if (!block) {
    byId('block').replaceChildren(make('p', {}, 'Choose a box in the map, and what is inside is shown here.'));
    return;
  }
  const kept = scrolled(byId('block'));
  const branches = lanes(block).filter(([branch]) => branch).map(([branch, places]) => make('section', {class: 'lane'},
    make('h3', {}, laneText(branch, places)), ...places.map(card)));
  const rest = lanes(block).filter(([branch]) => !branch).flatMap(([, places]) => places.map(card));
  byId('block').replaceChildren(make('p', {}, blockIntroduction(block)), texts(whyBlock(block)), mapsOrder(block),
    make('div', {class: 'lanes'}, ...branches), ...rest);
  restore(byId('block'), kept);
}

// What comes in, what is done with it, and what leaves.
function blockIntroduction(block) {
  if (block.result.operation === 'CrossEntropy' && block.places.length === 1) {
    return 'The logits become probabilities (softmax), and the loss is −log of that of the label: 0 where the network '
      + 'is sure of it, and large where it is sure of something else.';
  }
  if (block.name === 'total') {
    return data.weights ? 'Training minimizes the sum of the losses; those of the heads count less.'
      : 'Here the logits of the heads are added to those of the network, less their part, and have one loss.';
  }
  const from = block.inputs.map((input) => `${shapeWords(input.shape)} come in from ${input.from}`).join(', ');
  const what = !block.inputs.length ? '' : hasBranches(block)
    ? ', go through four branches of their own, and all channels that come out are put behind each other: '
    : ', and what leaves is ';
  const backward = state.direction === 'backward' && hasBranches(block)
    ? ' Backward, the gradient is cut at the seam, each branch gets its own channels, and where the branches began, '
    + 'their four gradients are added up.' : '';
  return `${from}${what}${shapeWords(block.result.shape)}.${backward}`;
}

function hasBranches(block) {
  return block.places.some((place) => /\.branch\d/.test(place.name));
}

// How the maps are ordered, and what their captions mean.
function mapsOrder(block) {
  if (!block.places.some((place) => place.shape.length)) return '';
  const box = make('input', {type: 'checkbox', id: 'order', checked: state.order === 'numbers',
    onchange: () => goTo({order: box.checked ? 'numbers' : 'strength'}, true)});
  return make('p', {class: 'order'},
    make('label', {}, box, ' First the maps that have all their numbers on this page (Σ).'),
    make('span', {class: 'soft'}, ' The others follow, those with the largest activations first. Choose a map to '
      + 'enlarge it.'));
}

function laneText(branch, places) {
  const steps = places.filter((place) => place.kernel).map((place) =>
    `${place.kernel.join('×')} ${place.operation === 'Conv2d' ? '' : 'pool'}`.trim());
  return `${branch.replace('branch', 'Branch ')}: ${steps.join(', then ')}`;
}

// One operation with its maps.
function card(place) {
  const shares = state.direction === 'backward' && state.loss === 'total' ? sharesText(place) : '';
  const maps = atlas(place);
  const only = maps && maps.count < place.order.length ? `${maps.count} of them as pictures` : '';
  const into = place.inputs.length === 1 ? `${shapeText(data.places[place.inputs[0]].shape)} → ` : '';
  return make('article', {class: 'place', 'data-place': place.number, 'aria-label': placeName(place)},
    make('h4', {}, operationText(place)),
    make('p', {class: 'soft'}, `${into}${shapeText(place.shape)}`, make('span', {}, normText(place)),
      only ? make('span', {}, only) : '', shares ? make('span', {}, `from ${shares}`) : '',
      shares ? sharesBar(place) : ''),
    place.operation === 'Concat' ? seam(place) : '',
    place.shape.length ? strip(place) : lossNumber(place));
}

// A loss has no maps, but it is a sum too.
function lossNumber(place) {
  const open = () => goTo({at: place.number, channel: 0, pixel: [0, 0]});
  return make('p', {}, make('button', {type: 'button', onclick: open}, 'How it is computed'));
}

function normText(place) {
  const size = norm(place);
  if (size === undefined) return 'not reached';
  return place.shape.length ? `typical size ${shown(size)}` : `value ${shown(place.norms.y)}`;
}

// Which channels of a concat come from where, each piece as wide as it has channels.
function seam(place) {
  let first = 0;
  const pieces = place.inputs.map((number, i) => {
    const channels = data.places[number].shape[0];
    const name = make('b', {}, `${place.block ? 'Branch' : 'Part'} ${i + 1}`);
    const text = ` ${first} to ${first + channels - 1}`;
    first += channels;
    return make('li', {'--channels': channels, class: `piece${i % 4}`}, name, text);
  });
  return make('ol', {class: 'seam', 'aria-label': 'Which channels come from which branch'}, ...pieces);
}

// ---- drawing anew does not move what one looks at -----------------------------------------------------------------

// How far each strip is scrolled, and which tile has the focus.
function scrolled(element) {
  const strips = [...element.querySelectorAll('.strip')].map((row) => [row.closest('[data-place]').dataset.place,
    row.scrollLeft]);
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  const place = focused && focused.closest('[data-place]');
  let selector = focused && focused.id && `#${focused.id}`;
  if (place) selector = `[data-place="${place.dataset.place}"] [data-channel="${focused.dataset.channel}"]`;
  return {strips, selector};
}

function restore(element, {strips, selector}) {
  for (const [number, left] of strips) {
    const found = element.querySelector(`[data-place="${number}"] .strip`);
    if (found) found.scrollLeft = left;
  }
  const focused = selector && element.querySelector(selector);
  if (focused) focused.focus({preventScroll: true});
}
