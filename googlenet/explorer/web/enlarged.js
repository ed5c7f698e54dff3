'use strict';
// One map, enlarged: its pixels, a cursor on them, and the sum that a pixel is.

const SIDE = 440; // pixels of the screen, of the enlarged map, at most
const FOR_NUMBERS = 40; // those of the map with as many of the screen have their numbers in them
let cursor = [0, 0]; // moves with the arrows; Enter opens the sum of the pixel under it

function startEnlarged() {
  const dialog = byId('enlarged');
  dialog.addEventListener('cancel', (event) => { event.preventDefault(); closeEnlarged(); });
  dialog.addEventListener('click', (event) => { if (event.target === dialog) closeEnlarged(); });
  showing(['at', 'channel', 'pixel', 'direction', 'loss'], drawEnlarged);
}

function closeEnlarged() {
  goTo({channel: null});
}

function drawEnlarged() {
  const dialog = byId('enlarged');
  if (state.channel === null) {
    if (dialog.open) backToTile(dialog);
    return;
  }
  const place = data.places[state.at], rank = place.order.indexOf(state.channel);
  dialog.dataset.channel = state.channel;
  const same = `${state.at} ${state.channel}`, top = dialog.dataset.shown === same ? dialog.scrollTop : 0;
  dialog.dataset.shown = same;
  const held = dialog.contains(document.activeElement) ? document.activeElement.dataset.keep : null;
  cursor = state.pixel || cursorWithin(place);
  if (!dialog.open) dialog.showModal();
  dialog.replaceChildren(
    make('div', {class: 'enlarged-head'}, make('h2', {id: 'enlarged-title', tabindex: -1}, enlargedTitle(place)),
      make('button', {type: 'button', 'data-keep': 'close', onclick: closeEnlarged}, 'Close')),
    make('p', {class: 'soft'}, `${operationText(place)}.${place.shape.length ? ` Number ${rank + 1} of ${place.shape[0]} by its largest activation.` : ''}`),
    make('div', {class: 'row'}, ...(place.shape.length ? [neighbor(place, -1, '‹ before'), neighbor(place, 1, 'next ›'), starButton(place)] : []),
      showChoice('enlarged-choice')),
    make('div', {class: 'enlarged-body'}, make('div', {class: 'pixels-part'}, ...pixels(place, rank), texts(whyPixel(place))),
      make('div', {class: 'sum', id: 'sum'})));
  dialog.scrollTop = top;
  const focus = (held && dialog.querySelector(`[data-keep="${held}"]:not(:disabled)`)) || byId('pixels') || byId('enlarged-title');
  focus.focus({preventScroll: true});
  drawSum(place);
}

// A vector has numbers in the place of maps, and the logits are one for each class.
function enlargedTitle(place) {
  if (!place.shape.length) return placeName(place);
  if (place.shape.length > 1) return `Channel ${state.channel} of ${placeName(place)}`;
  const logit = consumers[place.number].some((number) => data.places[number].operation === 'CrossEntropy');
  return `Number ${state.channel} of ${placeName(place)}${logit ? `: the logit of ${data.classes[state.channel]}` : ''}`;
}

// Close, and let the focus be where one would go on: on the map that was enlarged last.
function backToTile(dialog) {
  dialog.close();
  const strip = document.querySelector(`#block [data-place="${state.at}"] .strip`);
  const tile = strip && strip.querySelector(`[data-channel="${dialog.dataset.channel}"]`);
  (tile || byId('block-title')).focus();
}

function cursorWithin(place) {
  const [, height = 1, width = 1] = place.shape;
  return cursor[0] < height && cursor[1] < width ? cursor : [0, 0];
}

// The channel before or behind this one, in the order in which the block shows them.
function neighbor(place, by, text) {
  const channels = inOrder(place), channel = channels[channels.indexOf(state.channel) + by];
  return make('button', {type: 'button', 'data-keep': text, disabled: channel === undefined, onclick: () => goTo({channel})}, text);
}

// The pixel of this place where all parts of the sum are on the page, also those of channels without numbers.
function starButton(place) {
  const star = place.exact && place.exact[state.direction === 'forward' ? 'star' : 'gradient_star'];
  if (!star) return null;
  const [channel, i, j] = star;
  return make('button', {type: 'button', 'data-keep': 'star', onclick: () => goTo({channel, pixel: [i, j]})}, '★ the largest number');
}

// ---- the pixels --------------------------------------------------------------------------------------------------------------

function pixels(place, rank) {
  const [, height = 1, width = 1] = place.shape; // the picture may have been made smaller
  if (height * width === 1) return [make('p', {}, 'One number, no map.')];
  const maps = atlas(place), pictured = maps && rank < maps.count;
  const cell = Math.max(1, Math.floor(Math.min(SIDE, byId('enlarged').clientWidth - 40) / Math.max(height, width)));
  const canvas = make('canvas', {width: width * cell * devicePixelRatio, height: height * cell * devicePixelRatio, 'aria-hidden': 'true'});
  const mark = make('span', {class: 'cursor', 'aria-hidden': 'true'});
  const said = make('p', {class: 'said', id: 'pixel-said', 'aria-live': 'polite'});
  const element = make('div', {id: 'pixels', class: 'pixels', tabindex: 0, role: 'application', 'data-keep': 'pixels',
    '--ratio': `${width} / ${height}`, '--width': `${width * cell}px`,
    'aria-label': `${height} by ${width} pixels. Arrows move, Enter opens the sum of the pixel`, 'aria-describedby': 'pixel-said',
    onkeydown: (event) => {
      const moved = movedBy(event.key, height, width);
      if (moved) setCursor(moved, place, mark, said);
      else if (event.key === 'Enter' || event.key === ' ') goTo({pixel: [...cursor]});
      else return;
      event.preventDefault();
    },
    onclick: (event) => {
      const box = element.getBoundingClientRect();
      const at = (share, size) => Math.min(size - 1, Math.max(0, Math.floor(share * size)));
      cursor = [at((event.clientY - box.top) / box.height, height), at((event.clientX - box.left) / box.width, width)];
      setCursor(cursor, place, mark, said);
      goTo({pixel: [...cursor]});
    }}, canvas, mark);
  (pictured ? drawTile(canvas, maps, rank) : Promise.resolve()).then(() => ready).then(() => {
    drawGrid(canvas, cell * devicePixelRatio);
    if (cell >= FOR_NUMBERS) drawNumbers(canvas, place, cell);
    setCursor(cursor, place, mark, said);
  });
  setCursor(cursor, place, mark, said);
  return [element, said, pictured ? colorScale(maps) : make('p', {class: 'soft'}, noMaps(place, state.direction, state.loss))];
}

// Where a key moves the cursor; undefined for other keys.
function movedBy(key, height, width) {
  const [i, j] = cursor;
  return {ArrowUp: [Math.max(0, i - 1), j], ArrowDown: [Math.min(height - 1, i + 1), j], ArrowLeft: [i, Math.max(0, j - 1)],
    ArrowRight: [i, Math.min(width - 1, j + 1)], Home: [i, 0], End: [i, width - 1], PageUp: [0, j], PageDown: [height - 1, j]}[key];
}

function setCursor([i, j], place, mark, said) {
  const [, height, width] = place.shape;
  cursor = [i, j];
  for (const [name, value] of Object.entries({'--i': i / height, '--j': j / width, '--h': 1 / height, '--w': 1 / width})) {
    mark.style.setProperty(name, value);
  }
  const value = exactValue(place, i, j);
  said.textContent = `Row ${i}, column ${j} (counted from 0)${value === null ? '' : `: ${shown(value)}`}`;
}

// The number of a pixel of what is looked at; null where the page does not have it.
function exactValue(place, i, j) {
  const what = state.direction === 'forward' ? 'y' : state.loss;
  return allNumbers && canOpen(place, state.channel) && (what === 'y' || what in place.norms)
    ? valueAt(place, state.channel, i, j, what) : null;
}

// What the colors of the maps of a place stand for. A root scale: at a quarter of the largest, half of the way.
function colorScale({lowest, highest, signed}) {
  const colors = data.colors[signed ? 'signed' : 'unsigned'];
  return make('p', {class: 'soft'},
    make('span', {class: 'ramp'}, shown(lowest), make('span', {class: 'scale', 'aria-hidden': 'true', '--colors': colors.join(', ')}), shown(highest)),
    ` The same colors in all maps of this place${signed ? ', white is 0' : ''}; a root scale, so that small numbers are seen too.`);
}

// Lines between the pixels, where these are large enough.
function drawGrid(canvas, cell) {
  if (cell < 8 * devicePixelRatio) return;
  const context = canvas.getContext('2d');
  context.strokeStyle = 'rgb(128 128 128 / 0.55)';
  for (let x = cell; x < canvas.width; x += cell) context.strokeRect(x - 0.5, -1, canvas.width, canvas.height + 2);
  for (let y = cell; y < canvas.height; y += cell) context.strokeRect(-1, y - 0.5, canvas.width + 2, canvas.height);
}

// The numbers themselves, on pixels that are large enough: dark on light ones, light on dark ones.
function drawNumbers(canvas, place, cell) {
  const [, height, width] = place.shape;
  const context = canvas.getContext('2d');
  context.scale(devicePixelRatio, devicePixelRatio);
  Object.assign(context, {font: '10.5px system-ui, sans-serif', textAlign: 'center', textBaseline: 'middle'});
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const value = exactValue(place, i, j);
      if (value === null) return;
      const [red, green, blue] = context.getImageData((j + 0.2) * cell * devicePixelRatio, (i + 0.2) * cell * devicePixelRatio, 1, 1).data;
      context.fillStyle = 0.3 * red + 0.59 * green + 0.11 * blue > 128 ? '#000' : '#fff';
      context.fillText(Number(value.toPrecision(2)), (j + 0.5) * cell, (i + 0.5) * cell, cell - 3);
    }
  }
}

// ---- the sum -----------------------------------------------------------------------------------------------------------------

async function drawSum(place) {
  const {channel, pixel, direction, loss} = state, element = byId('sum');
  if (!canOpen(place, channel)) {
    element.replaceChildren(...noSum(place, channel));
    return;
  }
  const [, height = 1, width = 1] = place.shape;
  if (!pixel && height * width > 1) {
    element.replaceChildren(make('p', {}, 'Which numbers made this pixel? Click on one; or go there with the arrow keys '
      + 'and press Enter. Its sum is written out here, number by number.'));
    return;
  }
  await ready;
  if (element.isConnected) showSum(element, place, channel, ...(pixel || [0, 0]), direction, loss);
}

// How to get a page that has the numbers of this channel.
function noSum(place, channel) {
  const command = data.about.command && data.about.command.replace(/ --(channels|layers) \S+| --full/g, '');
  const parts = [make('p', {}, 'The numbers of this channel are not on this page, only its picture: all numbers of all channels would '
    + `make it too large. ${place.open && place.open.length ? `Here the ${place.open.length} strongest channels have them, those with a Σ.` : ''}`)];
  if (!command) return parts;
  const block = place.block ? `--layers ${place.block} ` : '';
  return [...parts, make('p', {}, block ? `This writes the page with all numbers of ${place.block}, of all its channels:` : 'This writes the page with all numbers:'),
    make('pre', {class: 'command'}, `${command} ${block}--full`)];
}
