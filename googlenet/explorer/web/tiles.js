'use strict';
// Feature maps as pictures. A place has one picture with the maps of all channels, the strongest first; tiles are cut
// out of it.

const pictures = new Map(); // by their address: each is decoded once

function decoded(src) {
  if (!pictures.has(src)) {
    const image = new Image();
    image.src = src;
    pictures.set(src, image.decode().then(() => image));
  }
  return pictures.get(src);
}

// Which picture a place has for this direction and loss; undefined where there is none.
function atlas(place, direction = state.direction, loss = state.loss) {
  return place.maps && place.maps[direction === 'forward' ? 'y' : loss];
}

// Draw the tile at a rank (0: the strongest channel) so that it fills the canvas.
async function drawTile(canvas, {src, tile: [height, width], columns}, rank) {
  const image = await decoded(src);
  const context = canvas.getContext('2d');
  context.imageSmoothingEnabled = false;
  context.drawImage(image, rank % columns * width, Math.floor(rank / columns) * height, width, height,
    0, 0, canvas.width, canvas.height);
}

// The channels of a place in the order in which they are shown: as they are stored, the strongest first, but those with
// exact numbers before the others where that is chosen.
function inOrder(place) {
  if (state.order === 'strength') return place.order;
  const exact = (channel) => canOpen(place, channel);
  return [...place.order.filter(exact), ...place.order.filter((channel) => !exact(channel))];
}

// ---- a strip of tiles ---------------------------------------------------------------------------------------------

const AT_ONCE = 24; // tiles are made as one scrolls: a place can have a thousand

// All maps of a place in a row that scrolls; one stop for the Tab key, the arrows walk along it.
function strip(place, direction = state.direction, loss = state.loss) {
  const maps = atlas(place, direction, loss);
  if (!maps) return make('p', {class: 'strip empty'}, noMaps(place, direction, loss));
  const what = direction === 'forward' ? 'activations' : `gradients of ${loss}`;
  const pictured = new Set(place.order.slice(0, maps.count));
  const channels = inOrder(place).filter((channel) => pictured.has(channel) || canOpen(place, channel));
  const flat = maps.tile[0] * maps.tile[1] === 1;
  const row = make('div', {class: flat ? 'strip flat' : 'strip', role: 'toolbar',
    'aria-label': `${channels.length} maps of ${placeName(place)}, ${what}`});
  const grow = () => {
    const from = row.children.length;
    row.append(...channels.slice(from, from + AT_ONCE).map((channel) => tile(place, channel, maps, direction)));
  };
  row.addEventListener('scroll', () => {
    if (row.scrollLeft + 2 * row.clientWidth > row.scrollWidth) grow();
  });
  row.addEventListener('keydown', (event) => walk(event, row, grow));
  grow();
  row.firstChild.tabIndex = 0;
  return row;
}

function noMaps(place, direction, loss) {
  if (!place.shape.length) return `One number: ${shown(place.norms.y)}.`;
  if (direction === 'backward' && !(loss in place.norms)) {
    return `Nothing comes back to here: ${LOSS_TEXTS[loss]} (${loss}) does not depend on this place.`;
  }
  return direction === 'backward' && loss === 'total' ? 'The page has no pictures of the total’s gradient here, to '
    + 'stay small: choose main, aux1 or aux2, of which it is made.' : 'The page has no picture of this, to stay small.';
}

function tile(place, channel, maps, direction) {
  const rank = place.order.indexOf(channel);
  const canvas = make('canvas', {width: maps.tile[1], height: maps.tile[0], 'aria-hidden': 'true'});
  if (rank < maps.count) drawTile(canvas, maps, rank);
  const exact = canOpen(place, channel);
  return make('button', {type: 'button', class: exact ? 'tile exact' : 'tile', tabindex: -1, 'data-channel': channel,
    '--ratio': `${maps.tile[1]} / ${maps.tile[0]}`,
    'aria-label': `channel ${channel}, number ${rank + 1} by strength${exact ? ', with exact numbers' : ''}`,
    onclick: () => goTo({at: place.number, channel, direction}),
  }, canvas, make('span', {}, exact ? `Σ ${channel}` : channel));
}

// The arrow keys, Home and End along the tiles of a strip.
function walk(event, row, grow) {
  const tiles = [...row.children], at = tiles.indexOf(event.target);
  if (event.key === 'End' || at + 1 === tiles.length) grow();
  const to = {ArrowRight: row.children[at + 1], ArrowLeft: row.children[at - 1], Home: row.firstChild,
    End: row.lastChild}[event.key];
  if (!to) return;
  event.preventDefault();
  event.target.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}
