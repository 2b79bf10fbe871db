// Tags to offer, as far as this page has asked. An answer belongs to a text and to the tags of the picture it was asked
// for: what goes with them ranks higher. What the person adds or removes is known here before any server counts it.

import { getJson } from "../lib/http.js";
import { folded, matchOf, MATCHES, tidy } from "./names.js";

const LIMIT = 50;
const FRESH_FOR = 60000;
// What was entered is not stored anywhere before its suggestions are known.
const MOST_WAITED = 1500;
const MOST_ANSWERS = 200;
const MOST_LEARNED = 500;
// An address has a longest length; of a picture's tags the last ones are told.
const LONGEST_CONTEXT = 1500;

/** The server's order: by match, by what goes with the picture, by use here, by the vocabulary's count, by name. */
function ranked(tags) {
  const rank = (tag) => MATCHES.indexOf(tag.match);
  return tags.sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (b.together ?? 0) - (a.together ?? 0) ||
      b.count - a.count ||
      (b.vocabulary_count ?? 0) - (a.vocabulary_count ?? 0) ||
      (a.name < b.name ? -1 : 1),
  );
}

function matching(tags, query) {
  if (query === "") return tags.filter((tag) => tag.count > 0).map((tag) => ({ ...tag, alias: "", match: "exact" }));
  const found = tags.map((tag) => {
    const byName = matchOf(folded(tag.name), query);
    const byAlias = tag.alias && byName === null ? matchOf(folded(tag.alias), query) : null;
    return { ...tag, alias: byName === null ? tag.alias : "", match: byName ?? byAlias };
  });
  return found.filter((tag) => tag.match !== null);
}

export class Vocabulary {
  /** `present()` names the tags of the picture that is shown. */
  constructor({ api, datasetId, get = getJson, present = () => [] }) {
    this.address = `${api}datasets/${datasetId}/tag-suggestions`;
    this.get = get;
    this.present = present;
    this.answers = new Map();
    this.learned = new Map();
    this.spellings = new Map();
    this.controller = null;
  }

  /** The spelling under which the server stored what was typed, as far as it is known to differ. */
  spelling(name) {
    return this.spellings.get(name) ?? name;
  }

  /** The server stored tags that were typed: where it spells one otherwise, the typed form is forgotten. Returns whether one was. */
  stored(typed, before, after) {
    const strange = typed.filter((name) => !after.includes(name));
    const fresh = after.filter((name) => !before.includes(name) && !typed.includes(name));
    // Added in order at the end. Where the numbers differ somebody else was there too, or one was there already.
    const isPaired = strange.length === fresh.length;
    strange.forEach((name, index) => {
      if (isPaired) this.spellings.set(name, fresh[index]);
      this.learn(name, -1);
    });
    if (strange.length > 0) fresh.forEach((name) => this.learn(name, 1));
    return strange.length > 0;
  }

  /** The last tags of the picture, as many as an address has room for. */
  context() {
    let room = LONGEST_CONTEXT;
    const names = [];
    for (const name of this.present().slice(-30).reverse()) {
      room -= encodeURIComponent(name).length + 5;
      if (room < 0) break;
      names.unshift(name);
    }
    return names;
  }

  /** The answer for this text and picture as it is known now, or `null` where the server must be asked. */
  known(text) {
    const answer = this.answers.get(this.key(folded(text), this.context()));
    if (!answer || performance.now() - answer.at > FRESH_FOR) return null;
    return this.withLearned(answer.tags, folded(text));
  }

  /** The latest answer for this text, for whichever picture; `null` where there is none. */
  latest(text) {
    const query = folded(text);
    const answer = [...this.answers.values()].findLast((each) => each.query === query);
    return answer ? this.withLearned(answer.tags, query) : null;
  }

  /** The matches, asking the server where needed; a question that is overtaken ends with an AbortError. */
  async find(text) {
    const known = this.known(text);
    if (known) return known;
    this.controller?.abort();
    this.controller = new AbortController();
    return this.ask(text, this.controller.signal);
  }

  /** The matches for a text that was already entered: a question that nothing overtakes, with a guess where no answer comes. */
  async findForSure(text) {
    const known = this.known(text);
    if (known) return known;
    try {
      return await this.ask(text, AbortSignal.timeout(MOST_WAITED));
    } catch {
      return this.guess(text);
    }
  }

  async ask(text, signal) {
    const context = this.context();
    const query = folded(text);
    const parameters = new URLSearchParams({ q: tidy(text), limit: LIMIT });
    for (const name of context) parameters.append("tag", name);
    const { tags } = await this.get(`${this.address}?${parameters}`, { signal });
    const key = this.key(query, context);
    this.answers.delete(key);
    this.answers.set(key, { query, tags, at: performance.now() });
    while (this.answers.size > MOST_ANSWERS) this.answers.delete(this.answers.keys().next().value);
    return this.withLearned(tags, query);
  }

  key(query, context) {
    return [query, ...context].join("\n");
  }

  /** An answer with what was added here and the server did not count yet. */
  withLearned(tags, query) {
    const there = new Set(tags.map((tag) => tag.name));
    const fresh = matching([...this.learned.values()], query).filter((tag) => !there.has(tag.name));
    return fresh.length > 0 ? ranked([...tags, ...fresh]) : tags;
  }

  /** What can be said without the server: every tag seen so far that matches. */
  guess(text) {
    const all = new Map(this.learned);
    for (const { tags } of this.answers.values()) for (const tag of tags) all.set(tag.name, tag);
    return ranked(matching([...all.values()], folded(text)));
  }

  /** A tag was put on an image (`by` 1) or taken off one (-1) here: every answer it is in says so. */
  learn(name, by) {
    for (const answer of this.answers.values()) {
      answer.tags = answer.tags.map((tag) => (tag.name === name ? { ...tag, count: Math.max(0, tag.count + by) } : tag));
    }
    const count = (this.learned.get(name)?.count ?? 0) + by;
    this.learned.delete(name);
    if (count > 0) this.learned.set(name, { name, count, alias: "", category: null });
    while (this.learned.size > MOST_LEARNED) this.learned.delete(this.learned.keys().next().value);
  }

  /** The category of a tag as {category, colour}, by word and colour, as far as answers tell; empty for none. */
  categoryOf(name) {
    for (const { tags } of this.answers.values()) {
      const found = tags.find((tag) => tag.name === name)?.category;
      if (found) return { category: found.name, colour: found.colour };
    }
    return { category: "", colour: "" };
  }

  /** Ask again for what goes with the picture, and forget the rest: other people tag too. */
  async refresh() {
    this.answers.clear();
    try {
      return await this.ask("", undefined);
    } catch {
      return [];
    }
  }
}
