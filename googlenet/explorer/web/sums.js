'use strict';
// The panel of a sum: the number of a pixel, what it was made of (sums_forward.js) or came from (sums_backward.js), and
// whether that is what the library has there.

function showSum(element, place, channel, i, j, direction, loss) {
  const only =
    direction === 'backward' &&
    !lossesAt(place).includes(loss) &&
    lossesAt(place).includes('total') &&
    loss in place.norms;
  const of = only ? 'total' : loss;
  if (direction === 'backward' && !lossesAt(place).includes(of)) {
    element.replaceChildren(
      make('p', {}, `The loss ${loss} does not depend on this place: no gradient of it comes back to here.`),
    );
    return;
  }
  const sum = sumAt(place, channel, i, j, direction, of),
    value = valueAt(place, channel, i, j, direction === 'forward' ? 'y' : of);
  const here = make('h3', {}, capital(where({at: place.number, channel, pixel: [i, j]}, false)));
  const title = make(
    'p',
    {},
    direction === 'forward'
      ? 'The result here is '
      : `The gradient of ${of === 'total' ? 'the total' : `the loss ${of}`} here is `,
    make('span', {class: 'value'}, fourDigits(value)),
  );
  element.replaceChildren(
    here,
    title,
    only
      ? make(
          'p',
          {class: 'trouble'},
          'Of a map as large as this only the gradient of the total is on the page in numbers: it is shown in the ' +
            `place of ${loss}.`,
        )
      : '',
    ...(direction === 'forward'
      ? forwardParts(place, channel, i, j, sum)
      : backwardParts(place, channel, i, j, of, sum)),
    sum ? agreement(sum) : '',
  );
}

// The library's number beside the sum; a warning where more than rounding lies between them.
function agreement({value, library, difference, agrees}) {
  if (!agrees) {
    return make(
      'p',
      {class: 'trouble sum-wrong', role: 'alert'},
      'This does not add up: the library has ',
      fourDigits(library),
      ', the numbers on this page give ',
      fourDigits(value),
      '. The page may be damaged.',
    );
  }
  return make(
    'p',
    {class: 'agrees'},
    'The library has ',
    make('span', {class: 'number'}, exactText(library)),
    ', the sum of what is shown here is ',
    make('span', {class: 'number'}, exactText(value)),
    difference ? ': they differ by ' : ': the same.',
    difference ? fourDigits(difference) : '',
    difference ? ', rounding.' : '',
  );
}

const SMALLEST = 1e-30; // what is smaller may be 0 in float32

// The sum of a pixel beside what the library has there: {value, library, difference, agrees: whether only rounding
// differs, which is measured by the largest numbers that were added up}.
function sumAt(place, channel, i, j, direction, loss) {
  const what = direction === 'forward' ? 'y' : loss;
  const sum = direction === 'forward' ? forwardSum(place, channel, i, j) : backwardSum(place, channel, i, j, loss);
  if (!sum) return null;
  const library = valueAt(place, channel, i, j, what),
    difference = sum.value - library;
  const size = Math.max(total(sum.terms.map((term) => Math.abs(term.value))), largestOf(place, what));
  return {...sum, library, difference, agrees: Math.abs(difference) <= 1e-5 * size + SMALLEST};
}
