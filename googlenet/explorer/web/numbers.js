'use strict';
// What the page shows: its data, and the exact numbers, which are packed.

const data = JSON.parse(byId('data').textContent);

// All exact numbers, one array behind the other; null until they are unpacked.
let allNumbers = null;

// base64 of gzip of float32, little-endian as every processor that runs a browser is.
async function unpackNumbers() {
  const text = atob(byId('numbers').textContent.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  allNumbers = new Float32Array(await new Response(unpacked).arrayBuffer());
}

// One of the arrays by its name, as a view: rows one after the other, the last axis fastest.
function array(name) {
  const {at, shape} = data.arrays[name];
  return allNumbers.subarray(at, at + shape.reduce((size, side) => size * side, 1));
}
