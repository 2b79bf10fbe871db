// Tags in use in this dataset, as far as this page has asked. An answer that came back short holds every match, so
// longer texts that start the same are answered from it without asking: a small vocabulary is asked for once.

import { getJson } from "../lib/http.js";
import { folded } from "./names.js";

const LIMIT = 50;
const FRESH_FOR = 60000;
// What was entered is not stored anywhere before its suggestions are known.
const MOST_WAITED = 1500;

const startsWith = (name, query) => folded(name).startsWith(query);

/** The server's order: those that start with the text, then by use, then by name. */
function ranked(tags, query) {
  const rank = (tag) => (startsWith(tag.name, query) ? 0 : 1);
  return tags.sort((a, b) => rank(a) - rank(b) || b.count - a.count || a.name.localeCompare(b.name));
}

const matching = (tags, query) => ranked(tags.filter((tag) => folded(tag.name).includes(query)).map((tag) => ({ ...tag })), query);

export class Vocabulary {
  constructor({ api, datasetId, get = getJson }) {
    this.address = `${api}datasets/${datasetId}/tag-suggestions`;
    this.get = get;
    this.answers = new Map();
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

  /** The matches as known now, or `null` where the server must be asked. */
  known(text) {
    const query = folded(text);
    for (let end = query.length; end >= 0; end -= 1) {
      const answer = this.answers.get(query.slice(0, end));
      if (!answer || performance.now() - answer.at > FRESH_FOR) continue;
      if (end === query.length) return answer.tags;
      if (answer.isWhole) return matching(answer.tags, query);
    }
    return null;
  }

  /** The matches, asking the server where needed; a question that is overtaken ends with an AbortError. */
  async find(text) {
    const known = this.known(text);
    if (known) return known;
    this.controller?.abort();
    this.controller = new AbortController();
    return this.ask(folded(text), this.controller.signal);
  }

  /** The matches for a text that was already entered: a question that nothing overtakes, with a guess where no answer comes. */
  async findForSure(text) {
    const known = this.known(text);
    if (known) return known;
    try {
      return await this.ask(folded(text), AbortSignal.timeout(MOST_WAITED));
    } catch {
      return this.guess(text);
    }
  }

  async ask(query, signal) {
    const parameters = new URLSearchParams({ q: query, limit: LIMIT });
    const { tags } = await this.get(`${this.address}?${parameters}`, { signal });
    this.answers.set(query, { tags, isWhole: tags.length < LIMIT, at: performance.now() });
    return tags;
  }

  /** What can be said without the server: every tag seen so far that matches. */
  guess(text) {
    const all = new Map();
    for (const { tags } of this.answers.values()) for (const tag of tags) all.set(tag.name, tag);
    return matching([...all.values()], folded(text));
  }

  /** A tag was put on an image (`by` 1) or taken off one (-1) here: every answer it belongs to says so. */
  learn(name, by) {
    for (const [query, answer] of this.answers) {
      if (!folded(name).includes(query)) continue;
      const there = answer.tags.find((tag) => tag.name === name);
      const count = Math.max(0, (there?.count ?? 0) + by);
      const rest = answer.tags.filter((tag) => tag.name !== name);
      // A new word may only join an answer that is whole; in another one its rank is not known.
      const joins = count > 0 && (there || answer.isWhole);
      answer.tags = ranked(joins ? [...rest, { name, count }] : rest, query);
      answer.isWhole &&= answer.tags.length < LIMIT;
    }
  }

  /** Ask again for the most used tags, and forget the rest: other people tag too. */
  async refresh() {
    try {
      const fresh = await this.ask("", undefined);
      const whole = this.answers.get("");
      this.answers = new Map([["", whole]]);
      return fresh;
    } catch {
      return this.known("") ?? [];
    }
  }
}
