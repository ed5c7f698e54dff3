'use strict';
// Short answers where one would ask why, and what is said at the end of the page.

// The texts of these keys, closed; those that the page does not have are left out.
function texts(keys) {
  return keys.filter((key) => data.texts[key]).map((key) => {
    const details = make('details', {class: 'why'}, make('summary', {}, data.texts[key].title));
    const body = make('div', {});
    body.innerHTML = data.texts[key].html; // the course's own words, nothing from outside
    details.append(body);
    return details;
  });
}

// Which questions belong to an open block.
function whyHere(block) {
  return [];
}

function drawEnd() {
  byId('left-out').append(...data.left_out.map((sentence) => make('li', {}, sentence)));
  const rows = Object.entries(data.about).filter(([name]) => name !== 'command');
  byId('about').append(...rows.map(([name, value]) => make('tr', {}, make('th', {scope: 'row'}, name), make('td', {}, named(String(value))))));
  if (data.about.command) byId('command').textContent = data.about.command;
}
