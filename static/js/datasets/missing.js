// An import that was left half-way: which files the server still waits for, and finding them among dropped ones.

import { $, el, fill } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { getJson } from "../lib/http.js";
import { interpolate, ngettext } from "../lib/i18n.js";

const PAGE = 500;
const MOST_LISTED = 200;

/** All items that wait for their bytes. */
export async function fetchWaiting(address) {
  const waiting = [];
  let after = 0;
  do {
    const query = new URLSearchParams({ state: "WAITING", after, limit: PAGE });
    const page = await getJson(`${address}/items?${query}`);
    waiting.push(...page.items);
    after = page.next;
  } while (after !== null);
  return waiting;
}

const path = (folder, name) => `${folder}\n${name}`;
const key = (folder, name, size) => `${path(folder, name)}\n${size}`;

/**
 * Pair waiting items with files of the same folder, name and size.
 *
 * A person may drop the files themselves instead of their folder: a file whose name and size fit exactly one waiting
 * item is taken too.
 */
export function pairUp(waiting, files) {
  const exact = new Map(files.map((one) => [key(one.folder, one.name, one.file.size), one]));
  const loose = new Map();
  for (const one of files) {
    const name = key("", one.name, one.file.size);
    loose.set(name, loose.has(name) ? null : one);
  }
  const twice = new Set();
  const seen = new Set();
  for (const item of waiting) {
    const name = key("", item.name, item.size);
    if (seen.has(name)) twice.add(name);
    seen.add(name);
  }
  const pairs = [];
  for (const item of waiting) {
    const name = key("", item.name, item.size);
    const one = exact.get(key(item.folder, item.name, item.size)) ?? (twice.has(name) ? null : loose.get(name));
    if (one) pairs.push({ item, file: one.file });
  }
  return pairs;
}

/** Pair items under another name: files of the same size and, as the server was told before, of the same bytes. */
export async function pairRenamed(waiting, files, hasher) {
  const bySize = new Map();
  for (const item of waiting) {
    if (item.sha256) bySize.set(item.size, [...(bySize.get(item.size) ?? []), item]);
  }
  const pairs = [];
  for (const { file } of files) {
    const candidates = bySize.get(file.size);
    if (!candidates?.length) continue;
    const sum = await hasher.sum(file).catch(() => "");
    const index = candidates.findIndex((item) => item.sha256 === sum);
    if (index >= 0) pairs.push({ item: candidates.splice(index, 1)[0], file });
  }
  return pairs;
}

/** What pairs leave over: `rest` of the waiting items, and `others` of the files. */
export function unpaired(waiting, files, pairs) {
  const found = new Set(pairs.map(({ item }) => item));
  const taken = new Set(pairs.map(({ file }) => file));
  return { rest: waiting.filter((item) => !found.has(item)), others: files.filter(({ file }) => !taken.has(file)) };
}

/** The waiting items whose file is there under its name, with another size than it had. */
export function resized(waiting, files) {
  const sizes = new Map(files.map((one) => [path(one.folder, one.name), one.file.size]));
  return waiting.filter((item) => {
    const size = sizes.get(path(item.folder, item.name));
    return size !== undefined && size !== item.size;
  });
}

export function showMissing(root, waiting) {
  const box = $("[data-missing]", root);
  box.hidden = waiting.length === 0;
  const count = waiting.length;
  $("[data-missing-title]", box).textContent = interpolate(
    ngettext("%(count)s file has not arrived", "%(count)s files have not arrived", count),
    { count: formatNumber(count) },
  );
  const listed = waiting.slice(0, MOST_LISTED).map((item) => {
    const where = item.folder ? `${item.folder}/${item.name}` : item.name;
    return el("li", {}, el("bdi", { text: where }));
  });
  fill($("[data-missing-list]", box), listed, count > MOST_LISTED && el("li", { text: "…" }));
}
