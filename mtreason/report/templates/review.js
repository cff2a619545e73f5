"use strict";
const by = id => document.getElementById(id);
const {kind, name, digests, passages} = JSON.parse(by("data").textContent);
const list = by("passages");
const {source: sourceTag, sourceDir, target: targetTag, targetDir} = list.dataset;
const TITLES = {code: "markup of the file", literal: "stays as it is", number: "number", term: "term of the glossary", new: "not in the translation"};
const TAG = /<\/?\d{1,9}\/?>/;
const UNSEEN = /([\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb])/u;

// Elements are made from text only: nothing that is quoted is ever read as HTML.
function make(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function shown(text) {
  return text.split(UNSEEN).filter(part => part).map(part => {
    if (!UNSEEN.test(part)) return part;
    const code = part.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    return make("bdi", {class: "control", title: "a character that cannot be seen"}, `U+${code}`);
  });
}

function marked(runs, codes) {
  return runs.map(([text, what]) => {
    if (!what) return make("span", null, ...shown(text));
    const isCode = what.startsWith("code");
    const title = isCode && codes[text] ? `markup: ${codes[text]}` : what.split(" ").map(word => TITLES[word]).join(", ");
    return make(isCode ? "bdi" : "span", {class: what, title, dir: isCode && "ltr"}, ...shown(text));
  });
}

// What a person wrote: only codes and characters that cannot be seen are marked in it.
const written = text => text.split(new RegExp(`(${TAG.source})`)).filter(part => part).map(part => [part, TAG.test(part) ? "code" : ""]);

// Picks: segment -> text. Each has a key of its own in the store, so that two windows do not overwrite one another's.
const picks = new Map();
const key = segment => `mtreason review ${digests.translation} ${digests.trace} ${segment}`;
let kept = true;
let saved = true;

function store(segment) {
  try {
    if (picks.has(segment)) localStorage.setItem(key(segment), picks.get(segment));
    else localStorage.removeItem(key(segment));
  } catch {
    if (kept) warn("This browser keeps nothing for this page: save the picks before you close it.");
    kept = false;
  }
}

function load() {
  try {
    for (const {segment} of passages) {
      const text = localStorage.getItem(key(segment));
      if (text !== null) picks.set(segment, text);
    }
  } catch {
    kept = false;
    warn("This browser keeps nothing for this page: save the picks before you close it.");
  }
}

function warn(message) {
  by("warning").textContent = message;
  by("warning").hidden = false;
}

const views = passages.map((passage, index) => ({passage, index, ...row(passage, index)}));
const bySegment = new Map(views.map(view => [view.passage.segment, view]));
const texts = views.map(({passage}) => [passage.place, passage.text, ...passage.source.map(([text]) => text)].join("").toLowerCase());
let order = views.slice();
let active = null;
let editing = false;

function row(passage, index) {
  const id = `segment-${passage.segment}`;
  const state = make("span", {class: "state"});
  const target = make("p", {class: "text target", lang: targetTag, dir: targetDir});
  const [notes, terms] = ["notes", "terms"].map(what => make("ul", {class: what}));
  const work = make("div", {class: "work"});
  const article = make("article", {"aria-labelledby": id, tabindex: -1, class: passage.passed ? "passed" : ""},
    make("h2", {id}, make("b", null, `Segment ${passage.segment}`), make("span", null, ...shown(passage.place)),
      ...(passage.score === null ? [] : [make("span", {title: "reward of the search"}, `score ${passage.score.toFixed(3)}`)]), state),
    make("div", {class: "pair"}, make("p", {class: "text source", lang: sourceTag, dir: sourceDir}, ...marked(passage.source, passage.codes)), target),
    notes, terms, work);
  const item = make("li", {onclick: () => activate(views[index]), onfocusin: () => activate(views[index])}, article);
  return {item, article, state, target, notes, terms, work};
}

function hit(term, followed) {
  const wanted = term.targets.length ? term.targets.join(", ") : "kept as it is";
  const [sign, said] = followed === undefined ? ["", ""] : followed ? ["✓ ", " (followed)"] : ["✗ ", " (not followed)"];
  return make("li", null, sign, make("bdi", {lang: sourceTag}, ...shown(term.source)), " → ", make("bdi", {lang: targetTag}, ...shown(wanted)), said);
}

function choice(passage) {
  const text = picks.get(passage.segment);
  if (text === undefined) return "";
  if (text === passage.text) return "kept";
  const other = passage.others.findIndex(own => own.text === text);
  return other < 0 ? "edited" : `draft ${other + 2}`;
}

function draw(view) {
  const {passage} = view;
  const text = picks.get(passage.segment) ?? passage.text;
  const what = choice(passage);
  // What is known of a draft is not known of what a person wrote.
  const own = [passage, ...passage.others].find(draft => draft.text === text) ?? {runs: written(text), notes: [], followed: []};
  view.target.replaceChildren(...marked(own.runs, passage.codes));
  view.notes.replaceChildren(...own.notes.map(note => make("li", null, ...shown(note))));
  view.terms.replaceChildren(...passage.terms.map((term, i) => hit(term, own.followed[i])));
  const wrong = what === "edited" && missing(passage, text);
  view.state.className = wrong ? "state lacking" : "state";
  view.state.textContent = what && (wrong ? `✎ ${what}, but ${wrong}` : `${what === "edited" ? "✎" : "✓"} ${what}`);
  if (view === active && !editing) drawWork(view);
}

function drawWork(view) {
  const {passage} = view;
  const picked = picks.get(passage.segment);
  const had = view.work.contains(document.activeElement) && document.activeElement.dataset.draft;
  const drafts = [{text: passage.text, runs: passage.runs, score: passage.score, notes: []}, ...passage.others];
  const codes = Object.entries(passage.codes);
  view.work.replaceChildren(
    make("ol", {class: "drafts", "aria-label": `Drafts of segment ${passage.segment}`}, ...drafts.map((draft, i) => make("li", null, button(view, draft, i, picked)))),
    ...(codes.length ? [make("p", {class: "codes"}, "Markup: ", ...codes.flatMap(([tag, raw]) => [make("bdi", {class: "code"}, tag), " ", make("bdi", null, ...shown(raw)), " "]))] : []),
    make("div", {class: "actions"}, act("Edit", "e", () => edit(view)), act("Take back", "u", () => undo(view), picked === undefined),
      act("Next that is not reviewed", "n", nextOpen)));
  if (had !== undefined && had !== false) view.work.querySelector(`[data-draft="${had}"]`)?.focus({preventScroll: true});
}

function button(view, draft, i, picked) {
  return make("button", {type: "button", class: "draft", "data-draft": i, "aria-pressed": String(draft.text === picked), onclick: () => take(view, draft.text)},
    make("kbd", null, String(i + 1)), make("bdi", {class: "text", lang: targetTag, dir: targetDir}, ...marked(draft.runs, view.passage.codes)),
    ...(draft.notes.length ? [make("small", {class: "against"}, ...shown(draft.notes.join(", ")))] : []),
    make("small", null, i === 0 ? "as it is" : draft.score === null ? "not clean" : draft.score.toFixed(3)));
}

function act(label, letter, doing, disabled) {
  return make("button", {type: "button", disabled: disabled ? "" : undefined, onclick: event => { event.stopPropagation(); doing(); }}, `${label} `, make("kbd", null, letter));
}

function take(view, text) {
  picks.set(view.passage.segment, text);
  changed(view);
  say(`Segment ${view.passage.segment}: ${choice(view.passage)}.`);
}

function undo(view) {
  if (!picks.delete(view.passage.segment)) return;
  changed(view);
  view.article.focus({preventScroll: true});
  say(`Segment ${view.passage.segment}: not reviewed.`);
}

function changed(view) {
  saved = false;
  store(view.passage.segment);
  draw(view);
  count();
}

function count() {
  const wanted = passages.filter(passage => !passage.passed);
  const done = wanted.filter(passage => picks.has(passage.segment)).length;
  by("progress").max = Math.max(wanted.length, 1);
  by("progress").value = done;
  by("count").textContent = `${done} of ${wanted.length} reviewed`;
}

const say = message => { by("said").textContent = message; };

// What a text lacks of what its source has, in words; "" where nothing is missing.
function missing(passage, text) {
  const many = (where, part) => where.filter(own => own === part).length;
  const lost = [...new Set(passage.needed)].filter(part => text.split(part).length - 1 < many(passage.needed, part));
  const more = (text.match(new RegExp(TAG, "g")) || []).filter((tag, i, all) => many(all, tag) > many(passage.needed, tag));
  return [...(lost.length ? [`lacks ${lost.join(" ")}`] : []), ...(more.length ? [`has too many of ${[...new Set(more)].join(" ")}`] : [])].join("; ");
}

function edit(view) {
  const {passage} = view;
  editing = true;
  const lacks = make("p", {class: "missing", role: "status"});
  const field = make("textarea", {lang: targetTag, dir: targetDir, "aria-label": `Translation of segment ${passage.segment}`, spellcheck: "true", rows: 3});
  field.value = picks.get(passage.segment) ?? passage.text;
  const check = () => { lacks.textContent = missing(passage, field.value); };
  field.addEventListener("input", () => {
    const text = field.value.replace(/[\r\n]+/g, " ");
    if (text.trim()) picks.set(passage.segment, text);
    else picks.delete(passage.segment);
    check();
    changed(view);
  });
  field.addEventListener("keydown", event => {
    if (event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      event.stopPropagation();
      finish(view);
      if (event.key === "Enter") accept(view);
    }
  });
  check();
  view.work.replaceChildren(field, lacks, make("div", {class: "actions"}, act("Done", "Esc", () => finish(view))));
  field.focus();
}

function finish(view) {
  editing = false;
  draw(view);
  view.article.focus({preventScroll: true});
}

function activate(view, move) {
  if (view !== active) {
    const before = active;
    active = view;
    editing = false;
    if (before) {
      before.work.replaceChildren();
      before.item.removeAttribute("aria-current");
      before.article.tabIndex = -1;
    }
    view.item.setAttribute("aria-current", "true");
    view.article.tabIndex = 0;
    draw(view);
  }
  if (move) {
    view.article.focus({preventScroll: true});
    view.article.scrollIntoView({block: "nearest"});
  }
}

const visible = () => order.filter(view => !view.item.hidden);

function step(steps) {
  const there = visible();
  if (!there.length) return;
  const at = there.indexOf(active);
  activate(there[at < 0 ? 0 : Math.min(Math.max(at + steps, 0), there.length - 1)], true);
}

function accept(view) {
  if (!picks.has(view.passage.segment)) take(view, view.passage.text);
  step(1);
}

function nextOpen() {
  const there = visible();
  const at = there.indexOf(active);
  const next = [...there.slice(at + 1), ...there.slice(0, at + 1)].find(view => !view.passage.passed && !picks.has(view.passage.segment));
  if (next) activate(next, true);
  else say("All segments that are shown are reviewed.");
}

const wanted = {
  all: () => true,
  open: ({passage}) => !passage.passed && !picks.has(passage.segment),
  doubtful: ({passage}) => !passage.passed && (passage.notes.length > 0 || passage.followed.includes(false)),
  changed: ({passage}) => ["edited", "draft"].includes(choice(passage).split(" ")[0]),
};

function filter() {
  const search = by("search").value.toLowerCase();
  const fits = wanted[by("shown").value];
  let some = false;
  for (const view of views) {
    view.item.hidden = !(fits(view) && (texts[view.index].includes(search) || (picks.get(view.passage.segment) ?? "").toLowerCase().includes(search)));
    some ||= !view.item.hidden;
  }
  by("nothing").hidden = some;
  if (active?.item.hidden && some) activate(visible()[0]);
}

const unsureFirst = () => by("order").getAttribute("aria-pressed") === "true";

function sort() {
  const unsure = unsureFirst();
  order = views.slice().sort((a, b) => (unsure ? a.passage.rank - b.passage.rank : a.index - b.index));
  const had = document.activeElement;
  list.append(...order.map(view => view.item));
  had?.focus({preventScroll: true});
}

function turn() {
  by("order").setAttribute("aria-pressed", String(!unsureFirst()));
  sort();
  active?.article.scrollIntoView({block: "nearest"});
  say(unsureFirst() ? "Least sure first." : "In the order of the document.");
}

function save() {
  const own = [...picks].sort(([a], [b]) => a - b).map(([segment, text]) => ({segment, text}));
  if (!own.length) return say("Nothing is reviewed yet.");
  const lacking = own.filter(({segment, text}) => choice(bySegment.get(segment).passage) === "edited" && missing(bySegment.get(segment).passage, text));
  const file = new Blob([JSON.stringify({kind, name, digests, picks: own}, null, 1), "\n"], {type: "application/json"});
  const link = make("a", {href: URL.createObjectURL(file), download: `${name}.picks.json`});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  saved = true;
  say(`Saved: ${own.length} picks.` + (lacking.length ? ` Segment ${lacking.map(({segment}) => segment).join(", ")}: see what is missing there, markup has to be complete.` : ""));
}

const keys = {
  j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1), Enter: () => active && accept(active),
  e: () => active && edit(active), u: () => active && undo(active), n: nextOpen, o: turn, s: save,
  "/": () => by("search").focus(), "?": () => by("keys").showModal(),
};

document.addEventListener("keydown", event => {
  const on = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || by("keys").open) return;
  if (on.matches("textarea, input, select")) {
    if (event.key === "Escape" && active) active.article.focus({preventScroll: true});
    return;
  }
  if (on.matches("button, a") && ["Enter", " "].includes(event.key)) return;
  if (event.key.length === 1 && !by("single").checked) return;
  const draft = /^[1-9]$/.test(event.key) && active ? [active.passage, ...active.passage.others][event.key - 1] : null;
  if (draft) take(active, draft.text);
  else if (keys[event.key]) keys[event.key]();
  else return;
  event.preventDefault();
});
by("tools").addEventListener("submit", event => event.preventDefault());
by("search").addEventListener("input", filter);
by("shown").addEventListener("change", filter);
by("order").addEventListener("click", turn);
by("save").addEventListener("click", save);
by("help").addEventListener("click", () => by("keys").showModal());
window.addEventListener("beforeunload", event => { if (!kept && !saved) event.preventDefault(); });
window.addEventListener("storage", event => {
  const view = views.find(own => key(own.passage.segment) === event.key);
  if (!view || editing) return;
  if (event.newValue === null) picks.delete(view.passage.segment);
  else picks.set(view.passage.segment, event.newValue);
  draw(view);
  count();
});
load();
list.classList.toggle("long", views.length > 300);
views.forEach(draw);
sort();
count();
if (order.length) activate(order[0]);
