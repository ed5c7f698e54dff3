'use strict';
// The one choice that all of the page follows: activations, or the gradients of one of the losses.

function showChoice(name) {
  const options = [['forward', 'activations'], ...LOSSES.map((loss) => [loss, loss])];
  const value = state.direction === 'forward' ? 'forward' : state.loss;
  const element = choices('What maps and numbers show', name, options, value, (picked) => {
    goTo(picked === 'forward' ? {direction: 'forward'} : {direction: 'backward', loss: picked});
  });
  element.children[0].after(make('span', {class: 'of'}, 'gradients of'));
  for (const input of element.querySelectorAll('input')) input.dataset.keep = `${name}-${input.value}`;
  return element;
}

function startChoice() {
  byId('choice').append(showChoice('choice'));
  showing(['direction', 'loss'], () => {
    const value = state.direction === 'forward' ? 'forward' : state.loss;
    for (const input of document.querySelectorAll('#choice input')) input.checked = input.value === value;
  });
}
