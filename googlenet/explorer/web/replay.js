'use strict';
// Backward in slow motion: one place after the other, from the loss to the picture.

const SECONDS = 0.35; // a step takes so long in play
const SECONDS_CALM = 1.2; // where the system asks for less motion

let player = null;

// The places that this loss reaches, in an order in which all that a place waits for has come before.
function stepsOf(loss) {
  return data.places.filter((place) => loss in place.norms).reverse();
}

function startReplay() {
  const slider = make('input', {type: 'range', id: 'step', min: 0, value: 0, 'aria-describedby': 'step-text',
    oninput: () => { pause(); toStep(Number(slider.value)); }});
  const play = make('button', {type: 'button', class: 'play', onclick: () => (player ? pause() : start())}, 'Play');
  const step = (by) => () => { pause(); toStep(position() + by); };
  const arrow = (text, label, by) => make('button', {type: 'button', 'aria-label': label, onclick: step(by)}, text);
  byId('replay-controls').append(play, arrow('‹', 'One step towards the loss', -1), slider,
    arrow('›', 'One step towards the picture', 1));
  const start = () => {
    if (position() + 1 >= stepsOf(state.loss).length) toStep(0);
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    player = setInterval(() => {
      if (position() + 1 < stepsOf(state.loss).length) toStep(position() + 1);
      else pause();
    }, 1000 * (calm ? SECONDS_CALM : SECONDS));
    play.textContent = 'Pause';
  };
  const pause = () => {
    clearInterval(player);
    player = null;
    play.textContent = 'Play';
  };
  const show = () => {
    slider.max = stepsOf(state.loss).length - 1;
    slider.value = Math.max(0, position());
    drawStep();
  };
  byId('replay').after(texts(['sum']));
  showing(['step', 'loss'], show);
  show();
}

// At which step the replay is; -1 before the first.
function position() {
  return stepsOf(state.loss).findIndex((place) => place.number === state.step);
}

function toStep(number) {
  const steps = stepsOf(state.loss);
  const place = steps[Math.min(steps.length - 1, Math.max(0, number))];
  goTo({step: place.number, direction: 'backward'}, true);
  followInMap();
}

// Where the map is higher than the screen, it moves along between the choice above and the controls below, which stay.
function followInMap() {
  const box = document.querySelector('.node.current');
  box.style.scrollMarginTop = `${byId('choice').offsetHeight + 20}px`;
  box.style.scrollMarginBottom = `${byId('replay').offsetHeight + 20}px`;
  box.scrollIntoView({block: 'nearest'});
}

function drawStep() {
  const steps = stepsOf(state.loss), at = position();
  const place = at < 0 ? steps[0] : steps[at];
  byId('replay').classList.toggle('begun', at >= 0);
  byId('step-text').textContent = at < 0 ? `${steps.length} steps from the loss (${state.loss}) to the picture.`
    : `Step ${at + 1} of ${steps.length}: ${placeName(place)}, ${operationText(place)}`;
  byId('step').setAttribute('aria-valuetext', at < 0 ? 'not begun' : `step ${at + 1}, ${placeName(place)}`);
  byId('arrived').replaceChildren(...(at < 0 ? [make('p', {class: 'soft'}, 'Move the slider, or press Play.')] : [
    arrivedText(place), strip(place, 'backward', state.loss)]));
}

// What arrived at a place, from whom, and what it adds up to.
function arrivedText(place) {
  const came = (place.arrived || {})[state.loss] || [];
  const size = shown(norm(place, 'backward'));
  const open = make('button', {type: 'button', class: 'link', onclick: () => {
    goTo({at: place.number, direction: 'backward'});
    byId('block-title').scrollIntoView({block: 'nearest'});
  }}, 'Open its block');
  const begins = came.length === 1 && came[0][0] === null;
  if (begins && !place.shape.length) {
    return make('p', {}, 'Backward begins here: the gradient of a loss with respect to itself is 1. ', open);
  }
  const names = came.length ? came : consumers[place.number].map((number) => [number, null]);
  const nameOf = (number) => (number === null ? 'the loss' : placeName(data.places[number]));
  const terms = names.map(([number, rms]) => (rms === null ? nameOf(number) : `${nameOf(number)} (${shown(rms)})`));
  const text = terms.length === 1 ? `Arrived from ${terms[0]}; typical size ${size}. `
    : `Arrived from ${terms.slice(0, -1).join(', ')} and ${terms.at(-1)}; added up, because all of them used this `
      + `place: ${size}. `;
  return make('p', {}, text, open);
}
