'use strict';
// What is being looked at. It stands in the address too, behind the #: a link keeps it, and the back button goes back.

const LOSSES = ['main', 'aux1', 'aux2', 'total'].filter((loss) => loss in data.losses);

const state = {
  data,
  direction: 'forward', // what maps show: activations, or "backward": gradients
  loss: LOSSES.at(-1), // of which loss the gradients are
  at: null, // the number of a place
  channel: null, // of that place, enlarged
  pixel: null, // [row, column] of that channel, whose sum is open
  overlay: null, // which of data.overlays lies over the picture
  order: 'numbers', // of maps: those with all their numbers first, or 'strength'
  step: null, // the place that the replay of backward has reached
};
// In the beginning the first Inception block is open.
const first = data.places.findLast((place) => place.block === 'inception3a');
if (first) state.at = first.number;
const BEGINNING = {...state};

// Each part of the page: the values that it shows, and how it is drawn anew when one of them has changed.
const parts = [];
function showing(names, drawAnew) {
  parts.push({names, drawAnew});
}

// Change the state and draw what shows it. Another place has another channel, and another channel another pixel.
// quietly: the back button passes over it.
function goTo(change, quietly = false) {
  const moved = (name) => name in change && change[name] !== state[name];
  if (moved('at')) change = {channel: null, pixel: null, ...change};
  if (moved('channel')) change = {pixel: null, ...change};
  const before = {...state};
  Object.assign(state, change);
  if (address() !== location.hash) history[quietly ? 'replaceState' : 'pushState'](null, '', address());
  redraw(before);
}

function redraw(before) {
  for (const {names, drawAnew} of parts) {
    if (names.some((name) => String(state[name]) !== String(before[name]))) drawAnew();
  }
}

// The state as it stands in the address: what is not as in the beginning.
function address() {
  const words = Object.keys(BEGINNING)
    .filter((name) => name !== 'data' && String(state[name]) !== String(BEGINNING[name]))
    .map((name) => `${name}=${state[name]}`);
  return `#${words.join('&')}`;
}

// The other way. An address may be old, or typed by hand: what it cannot mean is left out.
function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  const number = (name, end) => {
    const value = words.has(name) && /^\d+$/.test(words.get(name)) ? Number(words.get(name)) : null;
    return value !== null && value < end ? value : BEGINNING[name];
  };
  const found = {...BEGINNING};
  if (['forward', 'backward'].includes(words.get('direction'))) found.direction = words.get('direction');
  if (LOSSES.includes(words.get('loss'))) found.loss = words.get('loss');
  if (words.get('order') === 'strength') found.order = 'strength';
  found.at = number('at', data.places.length);
  found.step = number('step', data.places.length);
  found.overlay = number('overlay', data.overlays.length);
  const [channels = 1, height = 1, width = 1] = found.at === null ? [0] : data.places[found.at].shape;
  found.channel = number('channel', channels);
  const pixel = (words.get('pixel') || '').match(/^(\d+),(\d+)$/);
  if (found.channel !== null && pixel && pixel[1] < height && pixel[2] < width) {
    found.pixel = [Number(pixel[1]), Number(pixel[2])];
  }
  const before = {...state};
  Object.assign(state, found);
  redraw(before);
}

addEventListener('popstate', readAddress);
