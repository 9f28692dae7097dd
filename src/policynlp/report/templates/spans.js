"use strict";

// Messages in the language of the page; one that is not there is said as it is.
const words = JSON.parse(document.getElementById("words").textContent);

function say(template, values) {
  return (words[template] || template).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// Elements are made here and hold text nodes only: nothing that an article says becomes markup.
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

// Records count Unicode code points, strings here UTF-16 units: they differ after characters
// beyond U+FFFF, which most articles do not have. Returns a function (start, end) => string.
function cutter(text) {
  if (!/[\ud800-\udbff][\udc00-\udfff]/.test(text)) return (start, end) => text.slice(start, end);
  const units = new Uint32Array(text.length + 1);
  let count = 0;
  let unit = 0;
  for (const character of text) {
    units[count++] = unit;
    unit += character.length;
  }
  units[count] = unit;
  return (start, end) => text.slice(units[Math.min(start, count)], units[Math.min(end, count)]);
}

// Cuts [start, end) where marks begin and end: pieces with the marks that cover them.
// A mark is {start, end, ...}.
function pieces(start, end, marks) {
  const inside = marks.filter((mark) => mark.start < end && mark.end > start);
  const edges = new Set([start, end]);
  for (const mark of inside) {
    edges.add(Math.max(mark.start, start));
    edges.add(Math.min(mark.end, end));
  }
  const sorted = [...edges].sort((a, b) => a - b);
  return sorted.slice(0, -1).map((from, i) => ({
    start: from,
    end: sorted[i + 1],
    marks: inside.filter((mark) => mark.start <= from && mark.end >= sorted[i + 1]),
  }));
}
