"use strict";

const byId = (id) => document.getElementById(id);
const index = JSON.parse(byId("index").textContent);
const bodies = document.querySelectorAll("script.article");
const SLICE = 50;

let found = [];
let shown = 0;
let leftAt = 0;

const bodyOf = (i) => JSON.parse(bodies[i].textContent);

// Width, case and compatibility forms make no difference to a search.
const folded = (text) => text.normalize("NFKC").toLowerCase();
const haystacks = new Array(index.articles.length);

function haystack(i) {
  if (haystacks[i] === undefined) {
    const row = index.articles[i];
    const body = bodyOf(i);
    const own = body.text === null
      ? body.sections.map((part) => `${part.heading}\n${part.abstract}`).join("\n") : body.text;
    haystacks[i] = folded([row.id, row.title, index.sources[row.source], row.abstract, own].join("\n"));
  }
  return haystacks[i];
}

// The first search would wait for the text of every article: it is read while nothing happens.
const idle = window.requestIdleCallback || ((run) => setTimeout(run, 30));
const TURN_MS = 8;
let prepared = 0;

function prepare() {
  const until = performance.now() + TURN_MS;
  while (prepared < haystacks.length && performance.now() < until) haystack(prepared++);
  if (prepared < haystacks.length) idle(prepare);
}

// Filters

function option(value, text) {
  return make("option", { value }, text);
}

function fillFilters() {
  index.themes.forEach((name, i) => {
    byId("themes").append(make("label", { class: "chip choice" },
      make("input", { type: "checkbox", name: "theme", value: i }), swatch(i), name));
  });
  byId("status").append(...Object.entries(STATUSES).map(([value, text]) => option(value, text)));
  byId("source").append(...index.sources.map((name, i) => option(i, name || say("unknown source"))));
}

function wanted() {
  const chosen = document.querySelectorAll("#themes input:checked");
  return {
    themes: new Set(Array.from(chosen, (box) => Number(box.value))),
    words: folded(byId("search").value).split(/\s+/).filter(Boolean),
    status: byId("status").value,
    source: byId("source").value,
    from: byId("from").value,
    to: byId("to").value,
  };
}

function matches(want, row, i) {
  return (!want.themes.size || row.themes.some((theme) => want.themes.has(theme)))
    && (!want.status || row.status === want.status)
    && (want.source === "" || row.source === Number(want.source))
    && (!want.from || row.day >= want.from)
    && (!want.to || (row.day !== "" && row.day <= want.to))
    && want.words.every((word) => haystack(i).includes(word));
}

function applyFilters() {
  const want = wanted();
  found = [...index.articles.keys()].filter((i) => matches(want, index.articles[i], i));
  shown = 0;
  byId("rows").replaceChildren();
  showMore();
  const all = index.articles.length;
  byId("count").textContent = found.length === all
    ? say("Articles: {all}", { all }) : say("Articles: {n} of {all}", { n: found.length, all });
}

// The list, in slices

function showMore(count = SLICE) {
  byId("rows").append(...found.slice(shown, shown + count).map(rowView));
  shown = Math.min(shown + count, found.length);
  byId("more").hidden = shown === found.length;
}

function rowView(i) {
  const row = index.articles[i];
  const link = make("a", { href: `#article-${i}` }, make("bdi", {}, row.title || row.id));
  const meta = [row.published, index.sources[row.source]].filter(Boolean);
  const chips = row.themes.map((theme) => chip(index.themes, theme));
  if (!chips.length) chips.push(make("span", { class: "chip quiet" }, STATUSES[row.status]));
  return make("li", {}, make("h3", {}, link),
    make("p", { class: "chips" }, ...chips, ...meta.map((text) => make("bdi", { class: "soft" }, text))),
    make("p", { class: "soft lines" }, row.abstract));
}

// One article, or the list

function route() {
  const [, number] = /^#article-(\d+)$/.exec(location.hash) || [];
  const i = Number(number);
  const open = number !== undefined && i < index.articles.length;
  const wasOpen = !byId("article").hidden;
  if (open && !wasOpen) leftAt = scrollY;
  document.body.classList.toggle("reading", open);
  byId("article").hidden = !open;
  byId("list").hidden = open;
  if (open) openArticle(i);
  else if (wasOpen) returnToList();
}

let current = -1;

function openArticle(i) {
  current = i;
  const row = index.articles[i];
  byId("content").classList.remove("with-removed");
  byId("content").replaceChildren(...articleView(row, bodyOf(i), index));
  const at = found.indexOf(i);
  byId("position").textContent = at < 0 ? "" : `${at + 1} / ${found.length}`;
  point(byId("previous"), at > 0 ? found[at - 1] : undefined);
  point(byId("next"), at >= 0 ? found[at + 1] : undefined);
  scrollTo(0, 0);
  byId("title").focus({ preventScroll: true });
}

function point(link, i) {
  if (i === undefined) link.removeAttribute("href");
  else link.setAttribute("href", `#article-${i}`);
}

function returnToList() {
  byId("content").replaceChildren();
  const at = found.indexOf(current);
  if (at >= shown) showMore(at + 1 - shown);
  const link = byId("rows").querySelector(`a[href="#article-${current}"]`);
  scrollTo(0, leftAt);
  (link || byId("list")).focus({ preventScroll: true });
  if (link) link.scrollIntoView({ block: "nearest" });
}

// Charts set the filter that shows what they count

function lastDay(period) {
  const [year, month] = period.split("-").map(Number);
  const days = new Date(Date.UTC(month ? year : year + 1, month || 0, 0));
  days.setUTCFullYear(year);
  return days.toISOString().slice(0, 10);
}

function filterBy({ theme, source, period }) {
  byId("filters").reset();
  if (theme !== undefined) byId("themes").querySelectorAll("input")[theme].checked = true;
  if (source !== undefined) byId("source").value = source;
  if (period !== undefined) {
    byId("from").value = period.length === 4 ? `${period}-01-01` : `${period}-01`;
    byId("to").value = lastDay(period);
  }
  applyFilters();
  byId("list").focus({ preventScroll: true });
  byId("list").scrollIntoView();
}

let timer;
byId("filters").addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(applyFilters, 80);
});
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters").addEventListener("reset", () => setTimeout(applyFilters));
byId("overview").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) filterBy(button.dataset);
});
byId("more").addEventListener("click", () => {
  const next = shown;
  showMore();
  byId("rows").children[next].querySelector("a").focus();
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("list").scrollIntoView();
  byId("list").focus({ preventScroll: true });
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !byId("article").hidden) location.hash = "#list";
});
addEventListener("hashchange", route);
addEventListener("beforeprint", () => showMore(found.length));
history.scrollRestoration = "manual";

fillFilters();
applyFilters();
route();
idle(prepare);
