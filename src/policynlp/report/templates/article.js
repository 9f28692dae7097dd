"use strict";

const STATUSES = { tagged: say("with a theme"), uncertain: say("uncertain"), none: say("no theme") };
const REASONS = {
  byline: say("byline"), comments: say("comments"), contact: say("contact"), copyright: say("copyright"),
  disclaimer: say("disclaimer"), editor: say("editor"), metadata: say("metadata"), navigation: say("navigation"),
  photo_credit: say("photo credit"), promotion: say("promotion"), related: say("related reading"),
  title: say("title"), tools: say("page tools"),
};

const MOST_ODDS = 6;
const SVG = "http://www.w3.org/2000/svg";

function percent(probability) {
  if (probability > 0.995 && probability < 1) return ">99%";
  return `${Math.round(100 * probability)}%`;
}

const hueOf = (theme) => `hue-${theme % 8}`;

function swatch(theme) {
  const shape = Math.floor(theme / 8) % 5;
  return make("span", { class: `swatch ${hueOf(theme)} shape-${shape}`, "aria-hidden": "true" });
}

// A theme's name beside its mark, with its probability where one is known.
function chip(names, theme, probability) {
  const figure = probability === undefined ? [] : [make("b", {}, percent(probability))];
  return make("span", { class: "chip" }, swatch(theme), names[theme], ...figure);
}

// Draws one article; `row` is its row in the index, `body` the rest of it.
function articleView(row, body, index) {
  const names = index.themes;
  const cut = body.text === null ? null : cutter(body.text);
  const parts = [
    make("h2", { tabindex: "-1", id: "title" }, row.title || row.id),
    metadata(row, body, index),
    make("p", { class: "chips" }, ...body.themes.map(([theme, p]) => chip(names, theme, p))),
    abstractView(row, body),
    ...body.themeAbstracts.filter(([, text]) => text).map(([theme, text]) =>
      make("div", { class: "abstract" }, make("h3", {}, say("Abstract: {theme}", { theme })), make("p", {}, text))),
  ];
  if (cut === null) {
    parts.push(make("p", { class: "soft" },
      say("The record holds no text: only abstract and evidence are shown. Score with --with-text to have it.")));
  } else if (body.removed.length) {
    parts.push(removedSwitch(body));
  }
  const view = cut === null
    ? body.sections.map((section) => sectionView(section, names, null, sectionHead(section, names)))
    : fullText(body, names, cut);
  return [...parts, ...view];
}

function metadata(row, body, index) {
  const known = [row.published, index.sources[row.source], body.author, row.id];
  const line = make("p", { class: "soft meta" });
  known.filter(Boolean).forEach((text) => line.append(make("bdi", {}, text)));
  if (/^https?:\/\//i.test(body.url)) {
    line.append(make("a", { href: body.url, target: "_blank", rel: "noopener noreferrer" }, say("Original page")));
  } else if (body.url) {
    line.append(make("bdi", {}, body.url));
  }
  line.append(make("span", {}, STATUSES[row.status]));
  return line;
}

function abstractView(row, body) {
  const box = make("div", { class: "abstract", id: "abstract" }, make("h3", {}, say("Abstract")));
  box.append(make("p", {}, row.abstract || say("(none)")));
  if (body.text !== null && body.sentences.length) {
    const places = make("p", { class: "soft places" }, say("In the text:"));
    body.sentences.forEach((_, i) => {
      const button = make("button", { type: "button", "aria-label": say("Sentence {n} in the text", { n: i + 1 }) }, `${i + 1}`);
      button.addEventListener("click", () => showSentence(i));
      places.append(button);
    });
    box.append(places);
  }
  return box;
}

function showSentence(i) {
  const found = document.querySelectorAll(`#content .sentence-${i}`);
  document.querySelectorAll("#content .shown").forEach((each) => each.classList.remove("shown"));
  found.forEach((each) => each.classList.add("shown"));
  if (found.length) {
    found[0].closest(".paragraph, h3").focus({ preventScroll: true });
    found[0].scrollIntoView({ block: "center" });
  }
}

function removedSwitch(body) {
  const characters = body.removed.reduce((sum, [start, end]) => sum + end - start, 0);
  const box = make("input", { type: "checkbox", id: "show-removed" });
  box.addEventListener("change", () =>
    document.getElementById("content").classList.toggle("with-removed", box.checked));
  return make("p", { class: "switch" }, make("label", {}, box,
    say("Show what was removed (places: {places}, characters: {characters})",
      { places: body.removed.length, characters })));
}

// Sections and what was removed, in the order of the text. What was removed within a section
// stands between its paragraphs.
function fullText(body, names, cut) {
  const marks = body.sentences.map(([start, end], i) => ({ start, end, sentence: i }));
  const removed = body.removed.map(([start, end, reason]) => ({ start, end, reason }));
  const blocks = [...removed, ...body.sections].sort((a, b) => a.start - b.start);
  const views = [];
  for (const block of blocks) {
    if (block.reason !== undefined) {
      const inside = body.sections.some((part) => block.start >= part.start && block.end <= part.end);
      if (!inside) views.push(removedView(block, cut));
    } else {
      const evidence = block.evidence.flatMap(([theme, quotes]) =>
        quotes.map(([start, end, weight]) => ({ start, end, theme, weight })));
      const all = [...marks, ...evidence];
      const between = removed.filter((each) => each.start >= block.start && each.end <= block.end);
      const content = [...between, ...block.paragraphs].sort((a, b) => a.start - b.start);
      const head = sectionHead(block, names, (start, end) => marked(start, end, all, names, cut));
      views.push(sectionView(block, names, content.map((each) => each.reason !== undefined
        ? removedView(each, cut) : paragraphView(each, block, all, names, cut)), head));
    }
  }
  return views;
}

function removedView(block, cut) {
  const reason = REASONS[block.reason] || block.reason;
  return make("p", { class: "removed" }, make("span", { class: "reason" }, reason),
    cut(block.start, block.end).trim());
}

function sectionHead(section, names, mark) {
  const head = make("div", { class: "head" });
  if (section.heading) {
    const end = section.start + Array.from(section.heading).length;
    const text = mark ? mark(section.start, end) : [section.heading];
    head.append(make("h3", { tabindex: "-1" }, ...text));
  }
  const known = new Map(section.probabilities);
  const chips = section.themes.map((theme) => chip(names, theme, known.get(theme)));
  if (!chips.length) chips.push(make("span", { class: "chip quiet" }, STATUSES[section.status]));
  const line = make("p", { class: "chips odds-holder", tabindex: "0" }, ...chips);
  line.append(odds(section, names));
  head.append(line);
  return head;
}

function sectionView(section, names, content, head) {
  const hue = section.themes.length ? hueOf(section.themes[0]) : "hue-none";
  const view = make("section", { class: `part ${hue}` }, head);
  if (section.abstract) {
    view.append(make("details", { class: "section-abstract", open: !content },
      make("summary", {}, say("Abstract of the section")), make("p", {}, section.abstract)));
  }
  view.append(...(content || quotes(section, names)));
  return view;
}

// What raised a section's themes, where there is no text to mark it in.
function quotes(section, names) {
  return section.evidence.filter(([, found]) => found.length).map(([theme, found]) =>
    make("p", { class: "quotes" }, say("Evidence of {theme}: ", { theme: names[theme] }), ...found.flatMap(([, , weight, text]) =>
      [make("mark", { class: hueOf(theme), title: weightText(weight) }, text), " "])));
}

function paragraphView(paragraph, section, marks, names, cut) {
  const text = marked(paragraph.start, paragraph.end, marks, names, cut);
  const view = make("div", { class: "paragraph odds-holder", tabindex: "0" }, make("p", {}, ...text));
  const own = paragraph.themes.filter((theme) => !section.themes.includes(theme));
  if (own.length) {
    view.append(make("p", { class: "chips own" }, say("This paragraph: "), ...own.map((theme) => chip(names, theme))));
  }
  view.append(odds(paragraph, names));
  return view;
}

function weightText(weight) {
  return say("{weight} log-odds", { weight: `${weight < 0 ? "−" : "+"}${Math.abs(weight).toFixed(2)}` });
}

// The text from start to end with its evidence marked and its abstract sentences findable.
function marked(start, end, marks, names, cut) {
  return pieces(start, end, marks).map((piece) => {
    const text = cut(piece.start, piece.end);
    const evidence = piece.marks.filter((mark) => mark.theme !== undefined)
      .sort((a, b) => b.weight - a.weight);
    const sentences = piece.marks.filter((mark) => mark.sentence !== undefined)
      .map((mark) => `sentence-${mark.sentence}`);
    if (evidence.length) {
      const says = evidence.map((mark) => `${names[mark.theme]} ${weightText(mark.weight)}`);
      const classes = [hueOf(evidence[0].theme), ...sentences].join(" ");
      return make("mark", { class: classes, title: says.join(say("; ")) }, text);
    }
    return sentences.length ? make("span", { class: sentences.join(" ") }, text) : text;
  });
}

// The greatest probabilities of a part, shown while it is pointed at or has the focus.
function odds(part, names) {
  const most = Math.max(MOST_ODDS, part.themes.length);
  const listed = part.probabilities.slice(0, most);
  const lines = listed.map(([theme, p]) =>
    make("li", {}, swatch(theme), make("span", {}, names[theme]), meter(theme, p), make("b", {}, percent(p))));
  if (listed.length < part.probabilities.length) {
    lines.push(make("li", { class: "soft" }, say("further themes, lower: {n}", { n: names.length - listed.length })));
  } else if (listed.length < names.length) {
    lines.push(make("li", { class: "soft" }, listed.length ? say("every other theme is below 1%") : say("every theme is below 1%")));
  }
  return make("div", { class: "odds" }, make("ul", {}, ...lines));
}

function meter(theme, probability) {
  const svg = document.createElementNS(SVG, "svg");
  const value = document.createElementNS(SVG, "rect");
  svg.setAttribute("class", `meter ${hueOf(theme)}`);
  svg.setAttribute("aria-hidden", "true");
  value.setAttribute("class", "tagged");
  value.setAttribute("width", `${100 * probability}%`);
  value.setAttribute("height", "100%");
  svg.append(value);
  return svg;
}
