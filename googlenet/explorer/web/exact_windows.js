'use strict';
// Windows: which pixels of the input a kernel or a pool sees for one of its results, and which of the results see a
// pixel.

function windowOf(place) {
  return {kernel: place.kernel || [1, 1], stride: place.stride || [1, 1], padding: place.padding || [0, 0]};
}

// The pixels under the kernel at (i, j), row by row: {p, q, u, v, inside}. p, q in the input, u, v in the kernel.
function patchAt(place, i, j, [height, width]) {
  const {
    kernel: [kh, kw],
    stride: [sh, sw],
    padding: [ph, pw],
  } = windowOf(place);
  return Array.from({length: kh}, (_, u) =>
    Array.from({length: kw}, (__, v) => {
      const p = i * sh + u - ph,
        q = j * sw + v - pw;
      return {p, q, u, v, inside: p >= 0 && q >= 0 && p < height && q < width};
    }),
  );
}

// The other side: the outputs whose patch has the input's pixel (i, j), each with the kernel's number that it met.
function outputsOf(place, i, j) {
  const {
      kernel: [kh, kw],
      stride: [sh, sw],
      padding: [ph, pw],
    } = windowOf(place),
    [height, width] = mapSize(place);
  const along = (at, k, s, p, size) => {
    const found = [];
    for (let o = Math.max(0, Math.ceil((at + p - k + 1) / s)); o <= Math.min(size - 1, Math.floor((at + p) / s)); o++)
      found.push([o, at + p - o * s]);
    return found;
  };
  return along(i, kh, sh, ph, height).map(([p, u]) => along(j, kw, sw, pw, width).map(([q, v]) => ({p, q, u, v})));
}

// Rows and columns of an adaptive window: [start, end) of each.
function adaptiveWindow(place, i, j, size) {
  return mapSize(place).map((count, axis) => {
    const at = axis ? j : i;
    return [Math.floor((at * size[axis]) / count), Math.ceil(((at + 1) * size[axis]) / count)];
  });
}

// The pixels that an average pool takes the mean of at (i, j), and what it divides by.
function averaged(place, i, j) {
  const size = mapSize(data.places[place.inputs[0]]);
  if (place.operation === 'AdaptiveAvgPool2d') {
    const [[top, bottom], [left, right]] = adaptiveWindow(place, i, j, size);
    const rows = Array.from({length: bottom - top}, (_, p) =>
      Array.from({length: right - left}, (__, q) => ({p: top + p, q: left + q, inside: true})),
    );
    return {rows, count: (bottom - top) * (right - left)};
  }
  const rows = patchAt(place, i, j, size),
    {padding} = windowOf(place);
  const counted = place.exact.forward.count_include_pad
    ? rows.flat().filter(({p, q}) => p < size[0] + padding[0] && q < size[1] + padding[1])
    : rows.flat().filter(({inside}) => inside);
  return {rows, count: counted.length};
}

// The outputs of an average pool that have the input's pixel in them.
function averagesOf(place, i, j) {
  if (place.operation !== 'AdaptiveAvgPool2d') return outputsOf(place, i, j).flat();
  const [height, width] = mapSize(place),
    size = mapSize(data.places[place.inputs[0]]),
    found = [];
  for (let p = 0; p < height; p++) {
    for (let q = 0; q < width; q++) {
      const [[top, bottom], [left, right]] = adaptiveWindow(place, p, q, size);
      if (i >= top && i < bottom && j >= left && j < right) found.push({p, q});
    }
  }
  return found;
}

// The pixel that a max pool takes at (i, j): the first of the largest in row order.
function winnerAt(place, channel, i, j) {
  const input = data.places[place.inputs[0]];
  let best = null;
  for (const {p, q, inside} of patchAt(place, i, j, mapSize(input)).flat()) {
    const value = inside ? valueAt(input, channel, p, q, 'y') : -Infinity;
    if (inside && (!best || value > best.value)) best = {p, q, value};
  }
  return best;
}
