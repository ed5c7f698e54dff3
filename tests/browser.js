// What tests/browser.py looks for in a page. Elements are told as `button#go.big "Its text"`.
globalThis.browserChecks = (() => {
  const visible = (element) => {
    const box = element.getBoundingClientRect();
    return element.checkVisibility({visibilityProperty: true, opacityProperty: true}) && box.width > 1 && box.height > 1;
  };
  const all = (selector = "*") => [...document.body.querySelectorAll(selector)].filter(visible);
  const ownTexts = (element) => [...element.childNodes].filter((node) => node.nodeType === 3 && node.data.trim());
  const textBoxes = (element) => ownTexts(element).flatMap((node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [...range.getClientRects()];
  });
  const ancestors = (element) => element ? [element, ...ancestors(element.parentElement)] : [];
  const told = (element) => {
    const text = (element.textContent || element.value || "").trim().replace(/\s+/g, " ");
    return element.localName + (element.id && "#" + element.id) + [...element.classList].map((name) => "." + name).join("")
      + ' "' + (text.length > 40 ? text.slice(0, 39) + "…" : text) + '"';
  };

  // ---- the mouse ----------------------------------------------------------------------------------------------------

  function place(selector, text, across, down) {
    const element = all(selector).find((one) => one.textContent.includes(text));
    if (!element) throw new Error(`no visible ${selector}` + (text && ` with the text "${text}"`));
    element.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
    const box = element.getBoundingClientRect();
    const x = box.left + across * box.width, y = box.top + down * box.height, top = document.elementFromPoint(x, y);
    if (!top || !(element.contains(top) || top.contains(element) || [...top.labels ?? []].includes(element)))
      throw new Error(`${told(element)} is covered by ${top && told(top)}`);
    return [x, y];
  }

  // ---- the keyboard -------------------------------------------------------------------------------------------------

  const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex^='-']), "
    + "[onclick], [contenteditable], " + ["button", "link", "tab", "slider", "checkbox", "switch", "radio", "menuitem",
      "menuitemcheckbox", "menuitemradio", "option", "treeitem", "spinbutton", "combobox", "textbox", "searchbox"]
      .map((role) => `[role=${role}]`).join(", ");
  const GROUPS = ["tablist", "radiogroup", "toolbar", "grid", "listbox", "tree", "menu", "menubar"]
    .map((role) => `[role=${role}]`).join(", ");
  const LOOK = ["outline", "box-shadow", "border-color", "border-width", "background", "color", "text-decoration", "fill",
    "stroke", "stroke-width", "transform"];
  let looks, stops, groups;

  const outlined = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
    && rgba(style.outlineColor)[3] > 0;
  // Where a control is itself not to be seen, such as a radio button behind its label, others tell the focus.
  const look = (element) => [element, element.parentElement, ...element.labels ?? [], ...element.children]
    .filter((one) => one && visible(one)).map((one) => {
      const style = getComputedStyle(one);
      return LOOK.map((name) => name === "outline" && !outlined(style) ? "" : style[name]).join("|");
    }).join("\n");

  function toTheTop() {
    document.activeElement?.blur();
    looks = new Map([...document.body.querySelectorAll("*")].map((element) => [element, look(element)]));
    [stops, groups] = [new Map(), new Set()];
    const top = document.createElement("span");  // the next Tab starts from where this was
    top.tabIndex = -1;
    document.body.prepend(top);
    top.focus();
    top.remove();
  }

  function reached() {  // null: it has been all around; otherwise whether it is in a group that has an arrow to be tried
    const element = document.activeElement;
    if (!element || element === document.body || element === document.documentElement || stops.has(element)) return null;
    stops.set(element, looks.get(element) !== look(element));
    const group = element.closest(GROUPS);
    return Boolean(group && !groups.has(group));
  }

  function movedInGroup() {
    const last = [...stops.keys()].at(-1), now = document.activeElement, group = last.closest(GROUPS);
    if (now === last || !group.contains(now)) return false;
    groups.add(group);
    return true;
  }

  function unreachable() {
    const radios = new Set([...stops.keys()].filter((stop) => stop.type === "radio").map((stop) => stop.name));
    const missed = all(CONTROLS).filter((element) => !stops.has(element) && !element.closest(":disabled, [inert]")
      && !(element.type === "radio" && radios.has(element.name)) && !groups.has(element.closest(GROUPS)));
    return [...missed.map((element) => `Tab does not reach ${told(element)}`),
      ...[...stops].filter(([, seen]) => !seen).map(([element]) => `the focus is not to be seen on ${told(element)}`)];
  }

  // ---- width --------------------------------------------------------------------------------------------------------

  function tooWide() {
    const root = document.scrollingElement, room = root.clientWidth;
    // What is longer than its box is no fault where the box scrolls, or ends in dots. Elsewhere it is cut off.
    const holds = (element) => element !== document.body && element !== root
      && (["auto", "scroll"].includes(getComputedStyle(element).overflowX)
        || getComputedStyle(element).textOverflow === "ellipsis");
    const out = all().filter((element) => !element.ownerSVGElement && !ancestors(element.parentElement).some(holds)
      && [element.getBoundingClientRect(), ...holds(element) ? [] : textBoxes(element)]
        .some((box) => box.right > room + 1 || box.left < -1)).map((element) => `sticks out: ${told(element)}`);
    return root.scrollWidth > room ? [`the page scrolls sideways: ${root.scrollWidth} pixels in ${room}`, ...out] : out;
  }

  // ---- contrast -----------------------------------------------------------------------------------------------------

  const brush = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true}), known = new Map();
  function rgba(color) {  // any color of CSS as four numbers from 0 to 1, the first three times the fourth
    if (!known.has(color)) {
      brush.clearRect(0, 0, 1, 1);
      brush.fillStyle = "transparent";  // for what is no color, such as url(#gradient)
      brush.fillStyle = color;
      brush.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
      known.set(color, [r * a, g * a, b * a, 255 * a].map((part) => part / 255 / 255));
    }
    return known.get(color);
  }
  const faded = (color, by) => color.map((part) => part * by);
  const over = (front, back) => front.map((part, i) => part + back[i] * (1 - front[3]));
  const luminance = (color) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) =>
    sum + weight * (color[i] <= 0.04045 ? color[i] / 12.92 : ((color[i] + 0.055) / 1.055) ** 2.4), 0);
  const contrast = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const number = (text) => text.endsWith("%") ? parseFloat(text) / 100 : parseFloat(text);

  function shapesUnder(text, x, y) {  // in the drawing that holds it, drawn before it, and there: the last one first
    const svg = ancestors(text).findLast((one) => one.localName === "svg");
    return [...svg.querySelectorAll("rect, circle, ellipse, path, polygon, polyline")].filter((shape) => {
      if (!(text.compareDocumentPosition(shape) & Node.DOCUMENT_POSITION_PRECEDING) || !visible(shape)) return false;
      const point = new DOMPoint(x, y).matrixTransform(shape.getScreenCTM().inverse());
      return getComputedStyle(shape).fill !== "none" && shape.isPointInFill(point);
    }).reverse().map((shape) => {
      const style = getComputedStyle(shape);
      const opacity = ancestors(shape).filter((one) => one.ownerSVGElement)
        .reduce((product, one) => product * number(getComputedStyle(one).opacity), number(style.fillOpacity));
      return faded(rgba(style.fill), opacity);
    });
  }

  function backgrounds(style) {  // what an element itself has behind its text: one color, or those of a gradient
    const color = rgba(style.backgroundColor), image = style.backgroundImage;
    const stops = image.includes("gradient") && image.match(/(rgba?|hsla?|oklab|oklch|color)\([^()]*\)/g);
    return stops ? stops.map((stop) => over(rgba(stop), color)) : [color];
  }

  function canvas() {  // the color behind the page, which is another one in a page with a dark scheme
    const probe = document.documentElement.appendChild(document.createElement("span"));
    probe.style.backgroundColor = "Canvas";
    const color = getComputedStyle(probe).backgroundColor;
    probe.remove();
    return rgba(color);
  }

  function contrastOf(element, color, x, y, base) {
    // Two stacks of colors grow upwards through the ancestors: with the text on top, and without it.
    let stacks = [[color, [0, 0, 0, 0]]];
    for (const one of ancestors(element)) {
      const style = getComputedStyle(one);
      let behind = one.ownerSVGElement ? [[0, 0, 0, 0]] : backgrounds(style);
      if (element.ownerSVGElement && one.localName === "svg" && !one.ownerSVGElement)
        behind = behind.map((back) => [...shapesUnder(element, x, y), back].reduce(over));
      stacks = stacks.flatMap((stack) => behind.map((back) => stack.map((part) => faded(over(part, back), number(style.opacity)))));
    }
    return Math.min(...stacks.map(([text, back]) => contrast(over(text, base), over(back, base))));
  }

  function lowContrast(minimum, large) {
    const found = [], base = canvas();
    for (const element of all()) {
      const field = element.matches("input:not([type=checkbox], [type=radio], [type=range], [type=color]), select, textarea");
      const boxes = field ? [element.getBoundingClientRect()] : textBoxes(element).filter((box) => box.width > 1);
      if (!boxes.length || element.closest(":disabled, [aria-disabled=true]")) continue;
      const svg = Boolean(element.ownerSVGElement);
      const style = getComputedStyle(element, field && !element.value && element.placeholder ? "::placeholder" : null);
      const color = svg ? faded(rgba(style.fill), number(style.fillOpacity)) : rgba(style.color);
      const [box] = boxes, x = box.left + box.width / 2, y = box.top + box.height / 2;
      const size = parseFloat(style.fontSize) * (svg ? Math.hypot(element.getScreenCTM().a, element.getScreenCTM().b) : 1);
      const least = size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? large : minimum;
      const ratio = contrastOf(element, color, x, y, base);
      if (ratio < least) found.push([ratio, `contrast ${ratio.toFixed(2)}, not ${least}: ${told(element)}`]);
    }
    return found.sort((a, b) => a[0] - b[0]).map(([, line]) => line);
  }

  return {place, toTheTop, reached, movedInGroup, unreachable, tooWide, lowContrast};
})();
