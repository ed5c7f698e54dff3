'use strict';
// The network as a map: a box for every block, a line for what goes from one to the next, with its shape.

function drawMap() {
  const place = byId('map');
  const found = layout(place.clientWidth);
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.block : null;
  const backward = state.direction === 'backward';
  const tips = ['tip', 'tip-dim'].map((id) => draw('marker', {id, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7,
    markerHeight: 7, orient: 'auto-start-reverse'}, draw('path', {d: 'M0 0L8 4L0 8Z'})));
  const svg = draw('svg', {width: found.width, height: found.height, 'aria-hidden': 'true'}, draw('defs', {}, ...tips));
  for (const {from, to, path, label, shape} of found.lines) {
    const dim = backward && norm(blocks.get(to).result) === undefined;
    const end = backward ? 'marker-start' : 'marker-end'; // the arrow points to where something goes
    svg.append(
      draw('path', {d: path, class: dim ? 'line dim' : 'line', [end]: dim ? 'url(#tip-dim)' : 'url(#tip)'}),
      ...lineTexts(from, to, shape, label));
  }
  place.style.height = `${found.height}px`;
  place.classList.toggle('narrow', found.narrow);
  document.body.classList.toggle('backward', backward);
  const span = decades();
  place.replaceChildren(svg, ...[...found.boxes].map(([name, box]) => boxButton(blocks.get(name), box, span)));
  markMap();
  if (focused) place.querySelector(`[data-block="${focused}"]`).focus({preventScroll: true});
  byId('legend').replaceChildren(...legend(span));
}

// What stands at a line: the shape, above and below it where it is too long for the gap between two boxes; and on the
// way to the total the weight.
function lineTexts(from, to, shape, {x, y, anchor}) {
  const weight = data.weights && data.weights[from.replace('loss ', '')];
  let words = [shapeText(shape)];
  if (!shape.length) words = [weight === 1 || weight === undefined ? '' : `× ${weight}`];
  else if (anchor === 'middle' && words[0].length > 8) words = [`${shape[0]} ×`, `${shape[1]}×${shape[2]}`];
  return words.map((text, i) => draw('text', {x, y: y + 20 * i, 'text-anchor': anchor}, text));
}

function boxButton(block, {x, y, width, height}, span) {
  const size = norm(block.result), backward = state.direction === 'backward';
  const text = size === undefined ? 'not reached' : shown(size);
  const what = backward ? `gradient of ${state.loss}` : 'activations';
  const share = backward && state.loss === 'total' ? sharesText(block.result) : '';
  const classes = ['node', size === undefined ? 'unreached' : '', block.inputs.length ? '' : 'first'];
  return make('button', {type: 'button', class: classes.join(' ').trim(), 'data-block': block.name,
    '--x': `${x}px`, '--y': `${y}px`, '--w': `${width}px`, '--h': `${height}px`, '--heat': heat(size, span),
    'aria-label': `${block.name}, ${blockText(block)}: ${what} ${text}${share ? `, from ${share}` : ''}. Open it`,
    title: share ? `from ${share}` : null,
    onclick: () => { goTo({at: block.result.number}); byId('block-title').scrollIntoView({block: 'nearest'}); },
  }, make('b', {}, block.name), make('span', {class: 'what'}, size === undefined ? text : blockText(block)),
  make('span', {class: 'size'}, size === undefined ? '' : text),
  share ? sharesBar(block.result) : '');
}

// What is selected, and where the replay is: marked without drawing all anew.
function markMap() {
  const open = state.at === null ? null : blockName(data.places[state.at]);
  const current = state.step === null ? null : blockName(data.places[state.step]);
  for (const box of byId('map').querySelectorAll('.node')) {
    box.setAttribute('aria-pressed', box.dataset.block === open);
    box.classList.toggle('current', box.dataset.block === current);
  }
}

// ---- colors -------------------------------------------------------------------------------------------------------

// The smallest and the largest of what the boxes show, of all losses, so that these can be compared. Losses
// themselves are left out: their own gradient is 1.
function decades() {
  const results = [...blocks.values()].map((block) => block.result).filter((place) => place.shape.length);
  const names = state.direction === 'forward' ? ['y'] : LOSSES;
  const sizes = results.flatMap((place) => names.map((name) => place.norms[name])).filter((size) => size > 0);
  return sizes.length ? [Math.min(...sizes), Math.max(...sizes)] : [1, 1];
}

// How hot a box is, 0 to 1, on a logarithmic scale.
function heat(size, [lowest, highest]) {
  if (!(size > 0)) return 0;
  const share = highest > lowest ? Math.log(size / lowest) / Math.log(highest / lowest) : 1;
  return (0.08 + 0.92 * Math.min(1, Math.max(0, share))).toFixed(3);
}

function legend(span) {
  const [lowest, highest] = span, backward = state.direction === 'backward';
  const scale = make('span', {class: 'scale', 'aria-hidden': 'true'});
  const parts = [make('span', {}, backward ? `Size of the gradient of ${state.loss}:` : 'Size of what comes out:'),
    make('span', {class: 'ramp'}, shown(lowest), scale, shown(highest)),
    make('span', {class: 'soft'}, 'each step to the right is the same factor')];
  if (!backward) return parts;
  const key = (kind, text) => make('span', {class: 'key'}, make('span', {class: `swatch ${kind}`}), text);
  parts.push(key('unreached', 'not reached by this loss'));
  if (state.loss === 'total' && shares(data.places[0]).length) {
    parts.push(...shares(data.places[0]).map(([loss]) => key(`of-${loss}`, `share of ${loss}`)));
  }
  return parts;
}

// What the shares at the bottom of the network say, in a sentence.
function mapSentence() {
  if (state.direction === 'forward') {
    return 'Forward: the picture goes from the stem to the classifier. The number in a box is the typical size (root '
      + 'mean square) of what comes out of it; a line says how many maps of which height and width go along it.';
  }
  const losses = 'Backward: the arrows turn around. The number is the typical size of the gradient of '
    + `${state.loss}, ${LOSS_TEXTS[state.loss]}, at the block’s result: how much the loss would change if those `
    + 'numbers changed.';
  const first = sharesText(data.places[0]), last = sharesText(blocks.get('inception5b')?.result || data.places[0]);
  if (state.loss === 'total' && first) {
    return `${losses} The bars say which loss it comes from: in inception5b ${last}, at the picture ${first}.`;
  }
  const empty = [...blocks.values()].filter((block) => norm(block.result) === undefined).length;
  return empty ? `${losses} It does not depend on the ${empty} empty boxes, so nothing comes back to them.` : losses;
}

function startMap() {
  let width = 0;
  new ResizeObserver(() => {
    if (byId('map').clientWidth === width) return;
    width = byId('map').clientWidth;
    drawMap();
  }).observe(byId('map'));
  const say = () => { byId('map-text').textContent = mapSentence(); };
  showing(['direction', 'loss'], () => { drawMap(); say(); });
  showing(['at', 'step'], markMap);
  say();
  byId('map-why').replaceWith(texts(['heads', 'total']));
}
