// The words of an image, and what an operation makes of them. Pure: what is shown is what the server holds with the
// operations on top that it has not acknowledged yet, so a refused one takes itself back.

const has = (tags, name) => tags.some((tag) => tag.name === name);

function placed(tags, tag, before) {
  const rest = tags.filter((other) => other.name !== tag.name);
  const found = before === null || before === undefined ? -1 : rest.findIndex((other) => other.name === before);
  const at = found < 0 ? rest.length : found;
  return [...rest.slice(0, at), tag, ...rest.slice(at)];
}

const changes = {
  add: (state, { tag, before }) =>
    has(state.tags, tag) ? state : { ...state, tags: placed(state.tags, { name: tag, source: "PERSON" }, before) },
  remove: (state, { tag }) => ({ ...state, tags: state.tags.filter((other) => other.name !== tag) }),
  move: (state, { tag, before }) => {
    const moving = state.tags.find((other) => other.name === tag);
    return moving && before !== tag ? { ...state, tags: placed(state.tags, moving, before) } : state;
  },
  caption: (state, { text }) => ({ ...state, caption: { ...state.caption, text } }),
};

/** The state after one operation; the same one twice changes nothing more. */
export function applyOperation(state, operation) {
  const next = changes[operation.kind](state, operation);
  return { ...next, tagged: next.tags.length > 0 || next.caption.text.trim() !== "" };
}

export const applyAll = (state, operations) => operations.reduce(applyOperation, state);

/** The name of the tag behind this one, or `null` at the end: where to put it back. */
export function tagBehind(state, name) {
  const at = state.tags.findIndex((tag) => tag.name === name);
  return state.tags[at + 1]?.name ?? null;
}

/** What takes an operation back, seen from the state before it; `null` where it changes nothing. */
export function inverseOf(state, operation) {
  const { kind, tag } = operation;
  const there = has(state.tags, tag);
  if (kind === "add") return there ? null : { kind: "remove", tag };
  if (kind === "remove") return there ? { kind: "add", tag, before: tagBehind(state, tag) } : null;
  if (kind === "move") return there ? { kind: "move", tag, before: tagBehind(state, tag) } : null;
  return { kind: "caption", text: state.caption.text };
}

/** Whether a state still has what an operation made of it, between the tags it was put between. */
export function isUntouched(state, { kind, tag, text }, { ahead, behind } = {}) {
  if (kind === "caption") return state.caption.text.trim() === text.trim();
  const at = state.tags.findIndex((other) => other.name === tag);
  if (kind === "remove") return at < 0;
  if (kind === "add" || at < 0) return at >= 0;
  // Others may have put something on one side of it; with another neighbour on both it was moved.
  return (state.tags[at - 1]?.name ?? null) === ahead || (state.tags[at + 1]?.name ?? null) === behind;
}

/** The names of the tags around one, `null` at the ends. */
export function neighbours(state, name) {
  const at = state.tags.findIndex((tag) => tag.name === name);
  return { ahead: state.tags[at - 1]?.name ?? null, behind: state.tags[at + 1]?.name ?? null };
}
