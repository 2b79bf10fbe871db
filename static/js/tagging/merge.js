// Merging two texts that were made from one: word by word, where the two changes do not touch the same place. Pure.

// Beyond this the words are too many to compare each with each: sentences are compared instead.
const MOST_PAIRS = 4_000_000;

const wordsOf = (text) => text.match(/\S+\s*|\s+/gu) ?? [];
const sentencesOf = (text) => text.match(/[^.!?。！？\n]*(?:[.!?。！？\n]+\s*|$)/gu).filter(Boolean);

// A word is the same word at the end of a text as in its middle, where a blank follows it.
const bare = (piece) => piece.trim();

/**
 * Merge `mine` and `theirs`, both made from `base`.
 *
 * Returns `{isClean, text, parts}`: `text` has both changes; `isClean` says that no place was changed by both in two
 * ways. Where one was, `text` has theirs and then mine. `parts` are `{base, mine, theirs}` in order, whose texts make
 * up the three texts.
 */
export function merge(base, mine, theirs) {
  const [b, m, t] = pieces(base, mine, theirs);
  const parts = partsOf(b, matches(b, m), matches(b, t), m, t);
  const isClean = parts.every((part) => mergedPart(part) !== null);
  return { isClean, text: joined(parts.flatMap((part) => mergedPart(part) ?? bothOf(part))), parts: parts.map(textsOf) };
}

/** What makes `after` of `before`: `{kind, text}` with "same", "added" and "removed", in reading order. */
export function difference(before, after) {
  const [b, a] = pieces(before, after);
  const found = [];
  const say = (kind, list) => list.length > 0 && found.push({ kind, text: list.join("") });
  let [i, j] = [0, 0];
  for (const { from: [x, y], length } of [...runs(matches(b, a)), { from: [b.length, a.length], length: 0 }]) {
    say("removed", b.slice(i, x));
    say("added", a.slice(j, y));
    say("same", a.slice(y, y + length));
    [i, j] = [x + length, y + length];
  }
  return found;
}

function pieces(...texts) {
  const words = texts.map(wordsOf);
  const [first, ...others] = words;
  const isTooMuch = others.some((other) => first.length * other.length > MOST_PAIRS);
  return isTooMuch ? texts.map(sentencesOf) : words;
}

/** For each piece of `a` the place of the same one in `b`, or -1: a longest common subsequence. */
function matches(a, b) {
  const found = new Array(a.length).fill(-1);
  const isSame = (i, j) => bare(a[i]) === bare(b[j]);
  let start = 0;
  while (start < a.length && start < b.length && isSame(start, start)) found[start] = start++;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && isSame(endA - 1, endB - 1)) found[--endA] = --endB;
  const [rows, columns] = [endA - start, endB - start];
  const width = columns + 1;
  const longest = new Uint16Array((rows + 1) * width);
  for (let i = rows - 1; i >= 0; i -= 1) {
    for (let j = columns - 1; j >= 0; j -= 1) {
      const next = isSame(start + i, start + j) ? longest[(i + 1) * width + j + 1] + 1 : 0;
      longest[i * width + j] = Math.max(next, longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  for (let i = 0, j = 0; i < rows && j < columns; ) {
    if (isSame(start + i, start + j)) found[start + i++] = start + j++;
    else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) i += 1;
    else j += 1;
  }
  return found;
}

/** Matches that follow one another, as runs `{from: [a, b], length}`. */
function runs(found) {
  const all = [];
  found.forEach((at, index) => {
    if (at < 0) return;
    const last = all.at(-1);
    const isNext = last && last.from[0] + last.length === index && last.from[1] + last.length === at;
    if (isNext) last.length += 1;
    else all.push({ from: [index, at], length: 1 });
  });
  return all;
}

/** Cut the three where all agree: pieces that both kept, and what lies between them. */
function partsOf(base, toMine, toTheirs, mine, theirs) {
  const parts = [];
  let [i, j, k] = [0, 0, 0];
  const cut = (x, y, z) => {
    if (x > i || y > j || z > k) parts.push({ base: base.slice(i, x), mine: mine.slice(j, y), theirs: theirs.slice(k, z) });
    [i, j, k] = [x, y, z];
  };
  base.forEach((_piece, index) => {
    const [y, z] = [toMine[index], toTheirs[index]];
    if (y < 0 || z < 0) return;
    cut(index, y, z);
    cut(index + 1, y + 1, z + 1);
  });
  cut(base.length, mine.length, theirs.length);
  return parts;
}

const isAlike = (a, b) => a.length === b.length && a.every((piece, index) => bare(piece) === bare(b[index]));

/** What a part becomes, or `null` where both changed it, each in another way. */
function mergedPart({ base, mine, theirs }) {
  if (isAlike(mine, theirs)) return isAlike(base, mine) && joined(base) === joined(mine) ? theirs : mine;
  if (isAlike(base, mine)) return theirs;
  if (isAlike(base, theirs)) return mine;
  return null;
}

const bothOf = ({ mine, theirs }) => [...theirs, ...mine];

/** A piece that stood at the end of its text has no blank behind it; in the middle of another it needs one. */
function joined(list) {
  return list.map((piece, index) => (index < list.length - 1 && !/\s$/u.test(piece) && needsBlank(piece) ? `${piece} ` : piece)).join("");
}

// Scripts that write without blanks need none.
const needsBlank = (piece) => !/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}。！？]$/u.test(piece);

const textsOf = ({ base, mine, theirs }) => ({ base: base.join(""), mine: mine.join(""), theirs: theirs.join("") });
