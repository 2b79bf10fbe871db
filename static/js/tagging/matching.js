// Finding a command by what somebody remembers of its name. Predictable: every word typed has to be in it, in any order,
// or the letters typed are the first letters of its words.

const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
const wordsOf = (text) => folded(text).split(/[^\p{L}\p{N}]+/u).filter(Boolean);

/** How well a name goes with what was typed: smaller is better, `null` is not at all. `more` is found, but behind. */
export function rank(query, name, more = "") {
  const typed = wordsOf(query);
  if (typed.length === 0) return folded(name).includes(folded(query).trim()) ? 0 : null;
  const words = wordsOf(name);
  if (folded(name).startsWith(folded(query).trim())) return 0;
  if (typed.every((part) => words.some((word) => word.startsWith(part)))) return 1;
  if (typed.length === 1 && initialsOf(words).includes(typed[0])) return 2;
  const all = folded(`${name} ${more}`);
  return typed.every((part) => all.includes(part)) ? 3 : null;
}

const initialsOf = (words) => words.map((word) => word[0]).join("");

/** What goes with the query, best first; among equals those used last come first, then the order they are in. */
export function found(query, rows, recent = []) {
  const at = (row) => (recent.includes(row.id) ? recent.indexOf(row.id) : recent.length);
  return rows
    .map((row, index) => ({ row, index, rank: rank(query, row.label, row.group) }))
    .filter((match) => match.rank !== null)
    .sort((one, other) => one.rank - other.rank || at(one.row) - at(other.row) || one.index - other.index)
    .map((match) => match.row);
}
