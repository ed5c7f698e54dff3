'use strict';
// Where the boxes of the map stand, and how the lines between them run. Wide: rows that are read like text, each head
// below the block that it hangs on. Narrow: one column, the heads beside it.

const WIDE = {width: 104, height: 74, x: 66, y: 44, margin: 20}; // a box, and from one to the next
const NARROW = {width: 152, height: 60, y: 26, margin: 16};
const FEWEST_COLUMNS = 4; // with fewer the map is narrow

// {boxes: name -> {x, y, width, height}, lines: [{from, to, path, label: {x, y, anchor}, shape}], width, height,
// narrow}
function layout(width) {
  const columns = Math.floor((width - 2 * WIDE.margin + WIDE.x) / (WIDE.width + WIDE.x));
  const names = [...blocks.keys()];
  const heads = ['aux1', 'aux2'].filter((name) => blocks.has(name)).map((name) => ({
    on: blocks.get(name).inputs[0].from, names: names.filter((other) => other === name || other === `loss ${name}`),
  }));
  const trunk = names.filter((name) => !heads.some((head) => head.names.includes(name)));
  return columns >= FEWEST_COLUMNS ? inRows(trunk, heads, columns) : inAColumn(trunk, heads, width);
}

// ---- wide ---------------------------------------------------------------------------------------------------------

function inRows(trunk, heads, columns) {
  const {width, height, margin} = WIDE, stepX = width + WIDE.x, stepY = height + WIDE.y;
  const boxes = new Map(), rows = [];
  const put = (name, column, row) => {
    boxes.set(name, {x: margin + column * stepX, y: 2 + row * stepY, width, height, column, row});
  };
  let row = 0;
  for (const part of cutIntoRows(trunk, columns)) {
    part.forEach((name, column) => put(name, column, row));
    const below = heads.filter(({on}) => part.includes(on));
    if (below.length) row += 1;
    for (const head of below) {
      const column = boxes.get(head.on).column;
      head.names.forEach((name, i) => put(name, column + i < columns ? column + i : column - i, row));
    }
    row += 1;
  }
  const widest = Math.max(...[...boxes.values()].map((box) => box.column)) + 1;
  return {boxes, narrow: false, lines: linesBetween(boxes, widest, wideLine),
    width: 2 * margin + widest * stepX - WIDE.x, height: row * stepY - WIDE.y + 4};
}

// The rows of the trunk; where there is room for a whole stage of the network, a row is a stage.
function cutIntoRows(names, columns) {
  const rows = [[]];
  const stages = columns >= 9 ? ['inception3a', 'inception5a'] : [];
  for (const name of names) {
    if (rows.at(-1).length === columns || stages.includes(name)) rows.push([]);
    rows.at(-1).push(name);
  }
  return rows;
}

// A line from one box to another, as points; lane: which of the two ways between rows it takes.
function wideLine(a, b, columns) {
  const middle = (box) => box.y + box.height / 2, center = (box) => box.x + box.width / 2;
  const right = WIDE.margin + columns * (WIDE.width + WIDE.x) - WIDE.x + 5;
  if (a.row === b.row) {
    const forward = b.x > a.x, start = forward ? a.x + a.width : a.x, end = forward ? b.x - 2 : b.x + b.width + 2;
    return {points: [[start, middle(a)], [end, middle(b)]], label: [(start + end) / 2, middle(a) - 7, 'middle']};
  }
  if (a.column === b.column && b.row === a.row + 1) {
    return {points: [[center(a), a.y + a.height], [center(a), b.y - 2]],
      label: [center(a) + 7, a.y + a.height + 25, 'start']};
  }
  if (b.column === 0) { // from the end of a row to the beginning of the next
    const way = b.y - 16;
    return {points: [[a.x + a.width, middle(a)], [a.x + a.width + 10, middle(a)], [a.x + a.width + 10, way], [8, way],
      [8, middle(b)], [b.x - 2, middle(b)]], label: [b.x + 4, way - 5, 'start']};
  }
  const below = a.y + a.height + 12, above = b.y - 32;
  const across = b.row === a.row + 1 ? [] : [[right, below], [right, above]];
  const last = across.length ? above : below;
  return {points: [[center(a), a.y + a.height], [center(a), below], ...across, [center(b), last], [center(b), b.y - 2]],
    label: [center(a) + 7, a.y + a.height + 27, 'start']};
}

// ---- narrow -------------------------------------------------------------------------------------------------------

function inAColumn(trunk, heads, available) {
  const {height, margin} = NARROW, step = height + NARROW.y;
  const width = Math.min(NARROW.width, (available - margin - 28) / 2);
  const boxes = new Map();
  trunk.forEach((name, row) => boxes.set(name, {x: 1, y: 2 + row * step, width, height, column: 0, row}));
  for (const head of heads) {
    const row = boxes.get(head.on).row;
    head.names.forEach((name, i) => boxes.set(name, {x: available - margin - width, y: 2 + (row + 1 + i) * step,
      width, height, column: 1}));
  }
  return {boxes, narrow: true, lines: linesBetween(boxes, available, narrowLine), width: available,
    height: trunk.length * step - NARROW.y + 4};
}

function narrowLine(a, b, available) {
  const center = (box) => box.x + box.width / 2, middle = (box) => box.y + box.height / 2;
  if (a.column === b.column) {
    return {points: [[center(a), a.y + a.height], [center(a), b.y - 2]],
      label: [center(a) + 7, a.y + a.height + 17, 'start']};
  }
  if (a.column === 0) { // to a head
    return {points: [[a.x + a.width, middle(a)], [center(b), middle(a)], [center(b), b.y - 2]],
      label: [a.x + a.width + 8, middle(a) - 6, 'start']};
  }
  const right = available - 4; // down to the total
  return {points: [[a.x + a.width, middle(a)], [right, middle(a)], [right, middle(b)], [b.x + b.width + 2, middle(b)]],
    label: [b.x + b.width + 10, middle(b) - 6, 'start']};
}

function linesBetween(boxes, extent, way) {
  const lines = [];
  for (const [to, box] of boxes) {
    for (const {from, shape} of blocks.get(to).inputs) {
      const {points, label: [x, y, anchor]} = way(boxes.get(from), box, extent);
      const path = `M${points.map((point) => point.join(' ')).join('L')}`;
      lines.push({from, to, path, label: {x, y, anchor}, shape});
    }
  }
  return lines;
}
