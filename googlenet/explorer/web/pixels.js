'use strict';
// The pixels of an enlarged map: a grid with a cursor, and the numbers themselves where there is room for them.

const SIDE = 440; // pixels of the screen, of the enlarged map, at most
const FOR_NUMBERS = 40; // a pixel of the map has its number in it where it is as many of the screen wide
let cursor = [0, 0]; // row and column; moves with the arrows, and Enter opens the sum there

function sizeOf({shape: [, height = 1, width = 1]}) {
  return [height, width];
}

function pixelsOf(place) {
  const [height, width] = sizeOf(place);
  return height * width;
}

// The cursor stands on the pixel whose sum is open, or stays where it was if the map is large enough.
function placeCursor(place) {
  const [height, width] = sizeOf(place);
  cursor = state.pixel || (cursor[0] < height && cursor[1] < width ? cursor : [0, 0]);
}

// The elements: the grid, what the cursor is on, and what the colors mean.
function pixels(place) {
  if (pixelsOf(place) === 1) return [make('p', {}, 'One number, no map.')];
  const [height, width] = sizeOf(place);
  const cell = Math.max(1, Math.floor(Math.min(SIDE, byId('enlarged').clientWidth - 40) / Math.max(height, width)));
  const mark = make('span', {class: 'cursor', 'aria-hidden': 'true'});
  const said = make('p', {class: 'said', id: 'pixel-said', 'aria-live': 'polite'});
  const element = make('div', {id: 'pixels', class: 'pixels', tabindex: 0, role: 'application', 'data-keep': 'pixels',
    '--ratio': `${width} / ${height}`, '--width': `${width * cell}px`, 'aria-describedby': 'pixel-said',
    'aria-label': `${height} by ${width} pixels. Arrows move, Enter opens the sum of the pixel`,
    onkeydown: (event) => {
      const moved = movedBy(event.key, height, width);
      if (moved) moveTo(moved, place, mark, said);
      else if (event.key === 'Enter' || event.key === ' ') goTo({pixel: [...cursor]});
      else return;
      event.preventDefault();
    },
    onclick: (event) => {
      moveTo(pixelUnder(event, element, height, width), place, mark, said);
      goTo({pixel: [...cursor]});
    }}, canvasOf(place, cell), mark);
  moveTo(cursor, place, mark, said);
  ready.then(() => moveTo(cursor, place, mark, said)); // by then it knows the number
  return [element, said, make('div', {class: 'soft'}, ...aboutColors(place))];
}

// The picture that has this map in it; undefined where the page has none.
function pictured(place) {
  const maps = atlas(place);
  return maps && place.order.indexOf(state.channel) < maps.count ? maps : undefined;
}

// ---- the cursor ----------------------------------------------------------------------------------------------------

// Where a key moves it; undefined for other keys.
function movedBy(key, height, width) {
  const [i, j] = cursor;
  return {
    ArrowUp: [Math.max(0, i - 1), j], ArrowDown: [Math.min(height - 1, i + 1), j], PageUp: [0, j],
    PageDown: [height - 1, j], ArrowLeft: [i, Math.max(0, j - 1)], ArrowRight: [i, Math.min(width - 1, j + 1)],
    Home: [i, 0], End: [i, width - 1],
  }[key];
}

function pixelUnder(event, element, height, width) {
  const box = element.getBoundingClientRect();
  const at = (share, size) => Math.min(size - 1, Math.max(0, Math.floor(share * size)));
  return [at((event.clientY - box.top) / box.height, height), at((event.clientX - box.left) / box.width, width)];
}

function moveTo([i, j], place, mark, said) {
  const [height, width] = sizeOf(place);
  cursor = [i, j];
  for (const [name, value] of [['--i', i / height], ['--j', j / width], ['--h', 1 / height], ['--w', 1 / width]]) {
    mark.style.setProperty(name, value);
  }
  const value = exactValue(place, i, j);
  said.textContent = `Row ${i}, column ${j} (counted from 0)${value === null ? '' : `: ${shown(value)}`}`;
}

// The number of a pixel of what is looked at; null where the page does not have it.
function exactValue(place, i, j) {
  const what = state.direction === 'forward' ? 'y' : state.loss;
  const known = allNumbers && canOpen(place, state.channel) && what in place.norms;
  return known ? valueAt(place, state.channel, i, j, what) : null;
}

// ---- drawing -------------------------------------------------------------------------------------------------------

// In as many pixels as the screen really has, so that numbers are sharp.
function canvasOf(place, cell) {
  const [height, width] = sizeOf(place), maps = pictured(place), side = cell * devicePixelRatio;
  const canvas = make('canvas', {width: width * side, height: height * side, 'aria-hidden': 'true'});
  const picture = maps ? drawTile(canvas, maps, place.order.indexOf(state.channel)) : null;
  Promise.all([picture, ready]).then(() => {
    if (!maps) drawFromNumbers(canvas, place, side);
    if (cell >= 8) drawGrid(canvas, side);
    if (cell >= FOR_NUMBERS) drawNumbers(canvas, place, side);
  });
  return canvas;
}

// Where the page has no picture of a map but its numbers, in the colors that the picture would have.
function drawFromNumbers(canvas, place, side) {
  const [height, width] = sizeOf(place), context = canvas.getContext('2d');
  if (exactValue(place, 0, 0) === null) return;
  const largest = largestOf(place, state.direction === 'forward' ? 'y' : state.loss) || 1;
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      context.fillStyle = signedColor(exactValue(place, i, j) / largest);
      context.fillRect(j * side, i * side, side, side);
    }
  }
}

// The color of a value from -1 to 1, on a root scale.
function signedColor(value) {
  const colors = data.colors.signed, root = Math.sign(value) * Math.sqrt(Math.abs(value));
  const at = (1 + root) / 2 * (colors.length - 1), below = Math.min(colors.length - 2, Math.floor(at));
  return `color-mix(in srgb, ${colors[below + 1]} ${100 * (at - below)}%, ${colors[below]})`;
}

function drawGrid(canvas, side) {
  const context = canvas.getContext('2d');
  context.strokeStyle = 'rgb(128 128 128 / 0.55)';
  for (let x = side; x < canvas.width; x += side) context.strokeRect(x - 0.5, -1, canvas.width, canvas.height + 2);
  for (let y = side; y < canvas.height; y += side) context.strokeRect(-1, y - 0.5, canvas.width + 2, canvas.height);
}

// Dark numbers on light pixels, light ones on dark pixels.
function drawNumbers(canvas, place, side) {
  const [height, width] = sizeOf(place), context = canvas.getContext('2d');
  Object.assign(context, {font: `${10.5 * devicePixelRatio}px system-ui, sans-serif`, textAlign: 'center',
    textBaseline: 'middle'});
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const value = exactValue(place, i, j);
      if (value === null) return;
      const [red, green, blue] = context.getImageData((j + 0.2) * side, (i + 0.2) * side, 1, 1).data;
      context.fillStyle = 0.3 * red + 0.59 * green + 0.11 * blue > 128 ? '#000' : '#fff';
      context.fillText(Number(value.toPrecision(2)), (j + 0.5) * side, (i + 0.5) * side, side - 3);
    }
  }
}

// What the colors stand for. A root scale: at a quarter of the largest, half of the way.
function aboutColors(place) {
  const maps = pictured(place);
  if (!maps) {
    const known = canOpen(place, state.channel) && (state.direction === 'forward' || state.loss in place.norms);
    return [known ? 'Drawn from its numbers: the page has no picture of it.'
      : noMaps(place, state.direction, state.loss)];
  }
  const colors = data.colors[maps.signed ? 'signed' : 'unsigned'].join(', ');
  return [
    make('span', {class: 'ramp'}, shown(maps.lowest),
      make('span', {class: 'scale', 'aria-hidden': 'true', '--colors': colors}), shown(maps.highest)),
    ` The same colors in all maps of this place${maps.signed ? ', white is 0' : ''}; a root scale, so that small `
    + 'numbers are seen too.'];
}
