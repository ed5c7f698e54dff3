'use strict';
// One map, enlarged over the page: which it is, its pixels (pixels.js), and the sum behind one of them (sums.js).

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
  const place = data.places[state.at], kept = whatStays(dialog);
  if (!dialog.open) dialog.showModal();
  placeCursor(place);
  dialog.replaceChildren(
    make('div', {class: 'enlarged-head'}, make('h2', {id: 'enlarged-title', tabindex: -1}, ...enlargedTitle(place)),
      make('button', {type: 'button', 'data-keep': 'close', onclick: closeEnlarged}, 'Close')),
    make('p', {class: 'soft'}, enlargedText(place)),
    make('div', {class: 'row'}, ...waysOn(place), showChoice('enlarged-choice')),
    make('div', {class: pixelsOf(place) === 1 ? 'enlarged-body single' : 'enlarged-body'},
      make('div', {class: 'pixels-part'}, ...pixels(place), texts(whyPixel(place))),
      make('div', {class: 'sum', id: 'sum'})));
  putBack(dialog, kept);
  drawSum(place);
}

// ---- what stays when it is drawn anew ----------------------------------------------------------------------------

// Which control has the focus, and how far one has scrolled, as long as it is the same map.
function whatStays(dialog) {
  const map = `${state.at} ${state.channel}`;
  const top = dialog.dataset.map === map ? dialog.scrollTop : 0;
  Object.assign(dialog.dataset, {map, channel: state.channel});
  return {top, focus: dialog.contains(document.activeElement) ? document.activeElement.dataset.keep : null};
}

function putBack(dialog, {top, focus}) {
  const same = focus && dialog.querySelector(`[data-keep="${focus}"]:not(:disabled)`);
  (same || byId('pixels') || byId('enlarged-title')).focus({preventScroll: true});
  dialog.scrollTop = top;
}

// Close, and let the focus be where one would go on: on the map that was enlarged last.
function backToTile(dialog) {
  dialog.close();
  const row = document.querySelector(`#block [data-place="${state.at}"] .strip`);
  const tile = row && row.querySelector(`[data-channel="${dialog.dataset.channel}"]`);
  (tile || byId('block-title')).focus();
}

// ---- which map it is -----------------------------------------------------------------------------------------------

// A vector has numbers in the place of maps, and the logits are one for each class.
function enlargedTitle(place) {
  if (!place.shape.length) return [placeName(place)];
  if (place.shape.length > 1) return [`Channel ${state.channel} of ${placeName(place)}`];
  const name = `Number ${state.channel} of ${placeName(place)}`;
  return isLogits(place) ? [`${name}: the logit of `, named(data.classes[state.channel])] : [name];
}

function enlargedText(place) {
  const text = `${operationText(place)}.`;
  if (!place.shape.length) return text;
  const rank = place.order.indexOf(state.channel) + 1;
  return `${text} Number ${rank} of ${place.shape[0]} by its largest activation.`;
}

// Buttons to the channels beside it, in the order of the block, and to the pixel with all parts of its sum.
function waysOn(place) {
  if (!place.shape.length) return [];
  const channels = inOrder(place), at = channels.indexOf(state.channel);
  const button = (text, change) => make('button', {type: 'button', 'data-keep': text, disabled: !change,
    onclick: () => goTo(change)}, text);
  const to = (channel) => channel !== undefined && {channel};
  const ways = [button('‹ before', to(channels[at - 1])), button('next ›', to(channels[at + 1]))];
  const star = place.exact && place.exact[state.direction === 'forward' ? 'star' : 'gradient_star'];
  if (star) ways.push(button('★ the largest number', {channel: star[0], pixel: star.slice(1)}));
  return ways;
}

// ---- the sum -------------------------------------------------------------------------------------------------------

async function drawSum(place) {
  const {channel, direction, loss} = state, element = byId('sum');
  const pixel = state.pixel || (pixelsOf(place) === 1 ? [0, 0] : null);
  if (!canOpen(place, channel)) {
    element.replaceChildren(...noSum(place));
  } else if (!pixel) {
    element.replaceChildren(make('p', {}, 'Which numbers made this pixel? Click on one; or go there with the arrow '
      + 'keys and press Enter. Its sum is written out here, number by number.'));
  } else {
    await ready;
    if (element.isConnected && allNumbers) showSum(element, place, channel, ...pixel, direction, loss);
  }
}

// How to get a page that has the numbers of this channel.
function noSum(place) {
  const some = place.open.length ? `Here ${place.open.length} channels have them, those with a Σ.` : '';
  const parts = [make('p', {}, 'The numbers of this channel are not on this page, only its picture: all numbers of '
    + `all channels would make it too large. ${some}`)];
  if (!data.about.command) return parts;
  const command = data.about.command.replace(/ --(channels|layers) \S+| --full/g, '');
  const layers = place.block ? ` --layers ${place.block}` : '';
  return [...parts, make('p', {}, `This writes a page with all numbers${place.block ? ` of ${place.block}` : ''}:`),
    make('pre', {class: 'command'}, `${command}${layers} --full`)];
}
