'use strict';
// All parts of the page, in the order in which they stand.

const ready = unpackNumbers().catch(() => {
  byId('trouble').textContent = 'This browser cannot unpack the exact numbers (it is too old, or the file is damaged): '
    + 'pictures and sizes are shown, sums are not.';
});

drawPicture();
drawScores();
startChoice();
startMap();
startReplay();
drawBlock();
showing(['at', 'direction', 'loss', 'order'], drawBlock);
startEnlarged();
drawEnd();
readAddress();
