'use strict';
// The picture with what can be laid over it, and what the three classifiers say of it.

const OVERLAYS = {
  gradient: 'How much the score of the class changes when a pixel changes a little: red pixels count most, and those '
    + 'that nothing lies over hardly count.',
  cam: 'Grad-CAM: the maps of this block, added up, each with the mean of its gradient as its weight. Red is where '
    + 'the block saw most of what speaks for the class. Late blocks are coarse: one of their pixels sees much of the '
    + 'picture.',
  occlusion: 'A square of the picture’s mean color is laid over each part of it in turn. Red is where the class '
    + 'becomes less probable without what is there, and blue where it becomes more probable.',
};

function drawPicture() {
  const [height, width] = data.picture.size;
  const over = make('img', {class: 'over', alt: '', hidden: true});
  const opacity = make('input', {type: 'range', id: 'opacity', min: 0, max: 100, value: 65,
    oninput: () => { over.style.opacity = opacity.value / 100; }});
  const choose = make('select', {id: 'overlay', onchange: () => {
    goTo({overlay: choose.value === '' ? null : Number(choose.value)}, true);
  }}, make('option', {value: ''}, 'the picture alone'),
  ...data.overlays.map((overlay, i) => make('option', {value: i}, overlay.name)));
  const said = make('p', {class: 'soft overlay-text', 'aria-live': 'polite'});
  const figure = make('figure', {class: 'picture', '--ratio': `${width} / ${height}`},
    make('img', {src: data.picture.src, alt: `the picture, ${width} by ${height} pixels`}), over);
  const show = () => {
    const overlay = data.overlays[state.overlay];
    figure.classList.toggle('covered', Boolean(overlay));
    choose.value = state.overlay === null ? '' : state.overlay;
    over.hidden = !overlay;
    if (overlay) over.src = overlay.src;
    over.style.opacity = opacity.value / 100;
    opacity.disabled = !overlay;
    said.replaceChildren(...(overlay ? [`${OVERLAYS[overlay.kind]} `, overlayScale(overlay)]
      : ['This is what the network sees: cut and scaled to its size. Lay over it what counted for the answer.']));
  };
  byId('picture').append(figure,
    make('div', {class: 'over-choice'}, make('label', {for: 'overlay'}, 'Over it'), choose,
      make('label', {for: 'opacity'}, 'Opacity'), opacity),
    said);
  showing(['overlay'], show);
  show();
}

// What its colors stand for.
function overlayScale({lowest, highest}) {
  if (lowest === highest) return 'Here it is the same everywhere: nothing stands out.';
  const colors = lowest < 0 ? data.colors.signed : [`${data.colors.heat[0]}00`, data.colors.heat[1]];
  return make('span', {class: 'ramp'}, shown(lowest),
    make('span', {class: 'scale', 'aria-hidden': 'true', '--colors': colors.join(', ')}), shown(highest));
}

// ---- scores and losses --------------------------------------------------------------------------------------------

const CLASSIFIERS = {
  main: 'The network’s answer', aux1: 'The first head, on 4a', aux2: 'The second head, on 4d',
};

function drawScores() {
  const label = make('b', {}, named(data.classes[data.label]));
  byId('label').append(make('p', {}, 'Label: ', label, data.label_given
    ? ', given with the command (--label). '
    : ', which is the network’s own answer: no label was given. With --label it can be another. ',
  'All losses and gradients on this page are of this class.'), lossLine());
  for (const [loss, best] of Object.entries(data.scores)) {
    byId('scores').append(make('section', {class: 'card'}, make('h3', {}, CLASSIFIERS[loss]),
      make('ol', {class: 'top'}, ...best.map(([number, probability, logit]) => score(number, probability, logit)))));
  }
}

function score(number, probability, logit) {
  const right = number === data.label;
  return make('li', {class: right ? 'right' : null, '--share': probability},
    make('span', {class: 'class-name'}, named(data.classes[number]),
      right ? make('span', {class: 'mark'}, ' label') : ''),
    make('span', {class: 'probability', title: `logit ${shown(logit)}`}, `${(100 * probability).toFixed(1)}%`),
    make('span', {class: 'bar', 'aria-hidden': 'true'}));
}

// The losses, and what the total is made of.
function lossLine() {
  const terms = LOSSES.filter((loss) => loss !== 'total').map((loss) => {
    const weight = data.weights ? data.weights[loss] : 1;
    return `${weight === 1 || weight === undefined ? '' : `${weight} · `}${shown(data.losses[loss])} (${loss})`;
  });
  if (terms.length === 1) return make('p', {}, `Loss: ${terms[0]}. These weights have no auxiliary heads.`);
  return make('p', {}, data.weights
    ? `Loss in training: ${terms.join(' + ')} = ${shown(data.losses.total)} (total).`
    : `Losses: ${terms.join(', ')}. In training the three logits are added up, and their one loss is ${
      shown(data.losses.total)} (total).`);
}
