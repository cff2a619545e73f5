"use strict";
const list = document.getElementById("segments");
const items = [...list.children];
const texts = new Map(items.map(item => [item, item.textContent.toLowerCase()]));
const by = id => document.getElementById(id);
const orders = {
  losses: (a, b) => a.dataset.delta - b.dataset.delta,
  wins: (a, b) => b.dataset.delta - a.dataset.delta,
  id: (a, b) => a.dataset.id.localeCompare(b.dataset.id, undefined, {numeric: true}),
};
function show() {
  const wanted = by("search").value.toLowerCase();
  const domain = by("domain").value;
  let count = 0;
  for (const item of items) {
    item.hidden = !texts.get(item).includes(wanted) || (domain && item.dataset.domain !== domain);
    count += !item.hidden;
  }
  by("count").textContent = `${count} segments`;
}
by("search").addEventListener("input", show);
by("domain").addEventListener("change", show);
by("order").addEventListener("change", event => list.append(...items.sort(orders[event.target.value])));
