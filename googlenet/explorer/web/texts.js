'use strict';
// Short answers where one would ask why, and what is said at the end of the page.

const opened = new Set(); // texts that are open stay so when what is around them is drawn anew

// The texts of these keys, side by side until one is opened; those that the page does not have are left out.
function texts(keys) {
  const found = [...new Set(keys)].filter((key) => data.texts[key]).map((key) => {
    const details = make('details', {class: 'why', open: opened.has(key),
      ontoggle: () => opened[details.open ? 'add' : 'delete'](key)}, make('summary', {}, data.texts[key].title));
    const body = make('div', {});
    body.innerHTML = data.texts[key].html; // the course's own words, nothing from outside
    details.append(body);
    return details;
  });
  return make('div', {class: 'whys'}, ...found);
}

const WHY_BLOCKS = [ // by the beginning of a block's name
  ['inception', ['branches', '1x1', 'reductions', 'concat']], ['conv', ['convolution']], ['maxpool', ['maxpool']],
  ['norm', ['lrn']], ['aux', ['heads']], ['avgpool', ['avgpool']], ['loss', ['crossentropy']], ['total', ['total']],
];

// Which questions belong to an open block.
function whyBlock(block) {
  return WHY_BLOCKS.filter(([begin]) => block.name.startsWith(begin)).flatMap(([, keys]) => keys);
}

const WHY_OPERATIONS = {
  Conv2d: {forward: ['convolution'], backward: ['spread', 'sum']},
  BatchNorm: {forward: ['batchnorm'], backward: ['batchnorm']},
  ReLU: {forward: ['relu'], backward: ['relu', 'sum']},
  MaxPool2d: {forward: ['maxpool'], backward: ['spread', 'sum']},
  LocalResponseNorm: {forward: ['lrn'], backward: ['lrn']},
  Concat: {forward: ['concat'], backward: ['sum', 'spread']},
  AdaptiveAvgPool2d: {forward: ['avgpool'], backward: ['avgpool']},
  Linear: {backward: ['crossentropy']},
  Input: {backward: ['spread']},
};

// Which belong to a pixel of a place, and the direction in which one looks.
function whyPixel(place) {
  return (WHY_OPERATIONS[place.operation] || {})[state.direction] || [];
}

function drawEnd() {
  byId('left-out').append(...data.left_out.map((sentence) => make('li', {}, sentence)));
  const rows = Object.entries(data.about).filter(([name]) => name !== 'command');
  byId('about').append(...rows.map(([name, value]) => make('tr', {},
    make('th', {scope: 'row'}, name), make('td', {}, named(String(value))))));
  if (data.about.command) byId('command').textContent = data.about.command;
}
