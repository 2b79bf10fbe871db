// What changed between two lists of tags, or two texts, as parts that stayed, went and came.

// Longer texts are shown as a whole, before and after: comparing each word with each would take too long.
const MOST_WORDS = 600;

/** The parts of two lists, in order: {kind: "same" | "gone" | "new", value}. */
export function differences(before, after) {
  const rows = longestCommon(before, after);
  const parts = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      parts.push({ kind: "same", value: before[i] });
      i += 1;
      j += 1;
    } else if (i < before.length && (j >= after.length || rows[i + 1][j] >= rows[i][j + 1])) {
      parts.push({ kind: "gone", value: before[i] });
      i += 1;
    } else {
      parts.push({ kind: "new", value: after[j] });
      j += 1;
    }
  }
  return parts;
}

/** How long the longest common part is from each pair of places on. */
function longestCommon(before, after) {
  const rows = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      rows[i][j] = before[i] === after[j] ? rows[i + 1][j + 1] + 1 : Math.max(rows[i + 1][j], rows[i][j + 1]);
    }
  }
  return rows;
}

/** The parts of two texts, word by word; a run of one kind is one part. */
export function textDifferences(before, after) {
  const [one, other] = [before, after].map((text) => text.match(/\s+|[^\s]+/gu) ?? []);
  if (one.length > MOST_WORDS || other.length > MOST_WORDS) {
    return [{ kind: "gone", value: before }, { kind: "new", value: after }].filter((part) => part.value !== "");
  }
  const parts = [];
  for (const part of differences(one, other)) {
    if (parts.at(-1)?.kind === part.kind) parts.at(-1).value += part.value;
    else parts.push({ ...part });
  }
  return parts;
}

/** The tags of both lists: one that only changed its place is `moved` where it stands now. */
export function tagDifferences(before, after) {
  const stays = new Set(before.filter((name) => after.includes(name)));
  return differences(before, after)
    .filter((part) => part.kind !== "gone" || !stays.has(part.value))
    .map((part) => (part.kind === "new" && stays.has(part.value) ? { ...part, kind: "moved" } : part));
}
