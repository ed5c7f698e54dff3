'use strict';
// The losses: the softmax of logits, and the numbers that the way back begins with.

// Whether a place has a number for each class. Of presets that sum them, logits are multiplied and added before the
// loss.
function isLogits(place) {
  return (
    place.shape.length === 1 &&
    consumers[place.number]
      .map((number) => data.places[number])
      .some((to) => to.operation === 'CrossEntropy' || (['Mul', 'Add'].includes(to.operation) && isLogits(to)))
  );
}

function lossLabel() {
  return data.places.find((place) => place.operation === 'CrossEntropy').exact.forward.label;
}

// softmax of the logits of a place, all of which are open: [{channel, logit, e, probability}].
function softmaxOf(place) {
  const logits = place.open.map((channel) => valueAt(place, channel, 0, 0, 'y')),
    top = Math.max(...logits);
  const e = logits.map((logit) => Math.exp(logit - top)),
    sum = e.reduce((a, b) => a + b, 0);
  return {
    top,
    sum,
    classes: place.open.map((channel, n) => ({channel, logit: logits[n], e: e[n], probability: e[n] / sum})),
  };
}

// Where the way back of a loss begins: with 1, or at logits with what softmax gets wrong.
function beginning(place, channel, loss) {
  if (!place.shape.length) return {kind: 'begin', terms: [{text: `${loss} for itself`, value: 1}], value: 1};
  return wrongBySoftmax(place, channel, 1);
}

function wrongBySoftmax(place, channel, gradient) {
  const softmax = softmaxOf(place),
    {probability} = softmax.classes[channel],
    target = channel === lossLabel() ? 1 : 0;
  const terms = [
    {text: 'probability', value: probability * gradient},
    {text: 'target', value: -target * gradient},
  ];
  return {kind: 'softmax', probability, target, gradient, terms, value: (probability - target) * gradient};
}
