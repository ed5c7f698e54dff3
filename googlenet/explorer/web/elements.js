'use strict';
// Elements of the page, and how numbers and shapes are written.

// An element with its attributes and children. Strings become text, never HTML: names come from outside.
// An attribute that is a function listens ({onclick: f}); null, undefined and false leave an attribute out.
function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

// The same for a part of a drawing.
function draw(tag, attributes = {}, ...children) {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (name.startsWith('--')) element.style.setProperty(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ''));
  return element;
}

// A name from outside, whichever way its letters run: it does not turn the words around it.
function named(text) {
  return make('bdi', {title: text.length > 40 ? text : null}, text);
}

// The same where words are needed, not an element: cut, and between Unicode's marks for text of its own direction.
function inWords(name) {
  const letters = [...name.replace(/[\u2066-\u2069]/g, '')];
  return `\u2068${letters.length > 60 ? `${letters.slice(0, 59).join('')}…` : letters.join('')}\u2069`;
}

function byId(id) {
  return document.getElementById(id);
}

// Three digits that count: 12.3, 0.00123, 4.56e-7.
function shown(number) {
  if (number === 0) return '0';
  const size = Math.abs(number);
  return size >= 1e5 || size < 1e-3 ? number.toExponential(2) : String(Number(number.toPrecision(3)));
}

function percent(share) {
  return share > 0 && share < 0.005 ? '< 1%' : `${Math.round(100 * share)}%`;
}

// Channels × height × width; a loss is one number.
function shapeText(shape) {
  return shape.length ? shape.join('×') : '1 number';
}

// The same in words.
function shapeWords(shape) {
  if (shape.length < 2) return shape.length ? `${shape[0]} number${shape[0] > 1 ? 's' : ''}` : '1 number';
  return `${shape[0]} map${shape[0] > 1 ? 's' : ''} of ${shape[1]}×${shape[2]}`;
}

// Radio buttons in a row. options: [value, text] each; chosen(value) is called when one is picked.
function choices(label, name, options, value, chosen) {
  const buttons = options.map(([option, text]) => make('label', {},
    make('input', {type: 'radio', name, value: option, checked: option === value, onchange: () => chosen(option)}),
    make('span', {}, text)));
  return make('div', {class: 'choices', role: 'radiogroup', 'aria-label': label}, ...buttons);
}
