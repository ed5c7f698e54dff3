'use strict';
// One map, enlarged: its pixels, a cursor on them, and the sum that a pixel is.

const SIDE = 440; // pixels of the enlarged map, at most
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
  const top = dialog.scrollTop, held = dialog.contains(document.activeElement) ? document.activeElement.dataset.keep : null;
  cursor = state.pixel || cursorWithin(place);
  dialog.replaceChildren(
    make('div', {class: 'enlarged-head'}, make('h2', {id: 'enlarged-title', tabindex: -1}, `Channel ${state.channel} of ${placeName(place)}`),
      make('button', {type: 'button', 'data-keep': 'close', onclick: closeEnlarged}, 'Close')),
    make('p', {class: 'soft'}, `${operationText(place)}. Number ${rank + 1} of ${place.order.length} by strength.`),
    make('div', {class: 'row'}, neighbor(place, rank - 1, '‹ stronger'), neighbor(place, rank + 1, 'weaker ›'), showChoice('enlarged-choice')),
    make('div', {class: 'enlarged-body'}, make('div', {class: 'pixels-part'}, ...pixels(place, rank)), make('div', {class: 'sum', id: 'sum'})),
    texts(whyPixel(place)));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = top;
  const focus = (held && dialog.querySelector(`[data-keep="${held}"]:not(:disabled)`)) || byId('pixels') || byId('enlarged-title');
  focus.focus({preventScroll: true});
  drawSum(place);
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

function neighbor(place, rank, text) {
  const channel = place.order[rank];
  return make('button', {type: 'button', 'data-keep': text, disabled: channel === undefined, onclick: () => goTo({channel})}, text);
}

// ---- the pixels --------------------------------------------------------------------------------------------------------------

function pixels(place, rank) {
  const maps = atlas(place);
  if (!maps || rank >= maps.count) return [make('p', {}, noMaps(place, state.direction, state.loss))];
  const [, height = 1, width = 1] = place.shape; // the picture may have been made smaller
  const cell = Math.max(1, Math.floor(SIDE / Math.max(height, width)));
  const canvas = make('canvas', {width: width * cell, height: height * cell, 'aria-hidden': 'true'});
  const mark = make('span', {class: 'cursor', 'aria-hidden': 'true'});
  const said = make('p', {class: 'said', id: 'pixel-said', 'aria-live': 'polite'});
  const show = () => {
    const [i, j] = cursor;
    for (const [name, value] of Object.entries({'--i': i / height, '--j': j / width, '--h': 1 / height, '--w': 1 / width})) {
      mark.style.setProperty(name, value);
    }
    said.textContent = `Row ${i}, column ${j} (counted from 0)`;
  };
  const to = (i, j) => {
    cursor = [Math.min(height - 1, Math.max(0, i)), Math.min(width - 1, Math.max(0, j))];
    show();
  };
  const element = make('div', {id: 'pixels', class: 'pixels', tabindex: 0, role: 'application', 'data-keep': 'pixels', '--ratio': `${width} / ${height}`,
    'aria-label': `${height} by ${width} pixels. Arrows move, Enter opens the sum of the pixel`, 'aria-describedby': 'pixel-said',
    onkeydown: (event) => {
      const [i, j] = cursor;
      const moved = {ArrowUp: [i - 1, j], ArrowDown: [i + 1, j], ArrowLeft: [i, j - 1], ArrowRight: [i, j + 1],
        Home: [i, 0], End: [i, width - 1], PageUp: [0, j], PageDown: [height - 1, j]}[event.key];
      if (moved) to(...moved);
      else if (event.key === 'Enter' || event.key === ' ') goTo({pixel: [...cursor]});
      else return;
      event.preventDefault();
    },
    onclick: (event) => {
      const box = element.getBoundingClientRect();
      to(Math.floor((event.clientY - box.top) / box.height * height), Math.floor((event.clientX - box.left) / box.width * width));
      goTo({pixel: [...cursor]});
    }}, canvas, mark);
  drawTile(canvas, maps, rank).then(() => drawGrid(canvas, cell));
  show();
  return [element, said, colorScale(maps)];
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
  if (cell < 8) return;
  const context = canvas.getContext('2d');
  context.strokeStyle = 'rgb(128 128 128 / 0.55)';
  for (let x = cell; x < canvas.width; x += cell) context.strokeRect(x - 0.5, -1, canvas.width, canvas.height + 2);
  for (let y = cell; y < canvas.height; y += cell) context.strokeRect(-1, y - 0.5, canvas.width + 2, canvas.height);
}

// ---- the sum -----------------------------------------------------------------------------------------------------------------

async function drawSum(place) {
  const {channel, pixel, direction, loss} = state, element = byId('sum');
  if (!canOpen(place, channel)) {
    element.replaceChildren(...noSum(place, channel));
    return;
  }
  if (!pixel) {
    element.replaceChildren(make('p', {}, 'Which numbers made this pixel? Click on one; or go there with the arrow keys '
      + 'and press Enter. Its sum is written out here, number by number.'));
    return;
  }
  await ready;
  if (element.isConnected) showSum(element, place, channel, ...pixel, direction, loss);
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
