// Every change of an image's words goes through here: optimistic on the page, an operation on its way to the server,
// and a step that can be taken back.

import { makeKey } from "../lib/uuid.js";
import { applyOperation, inverseOf, isUntouched, neighbours, tagBehind } from "./state.js";
import { History } from "./undo.js";

export class Editing {
  /**
   * `shown(image)` is the state as the page shows it now, `version(image)` the version of its caption on the server;
   * `onMany(action)` is told of an action of several operations.
   */
  constructor({ datasetId, saver, mayEdit = true, vocabulary, shown, version, onChange, onMany }) {
    Object.assign(this, { saver, mayEdit, vocabulary, shown, version, onChange, onMany });
    this.history = new History(datasetId);
    // What was never stored cannot be taken back.
    saver.addEventListener("refused", ({ detail }) => this.history.forgetEdit(detail.operation.key));
    saver.addEventListener("conflict", ({ detail }) => detail.keys.forEach((key) => this.history.forgetEdit(key)));
  }

  /** Do operations on an image as one action; returns the steps that changed something. */
  apply(image, operations) {
    // Nothing is begun that the server refuses.
    const steps = this.mayEdit ? this.plan(image, operations) : [];
    // One entry of the history on the server, however many calls bring them.
    const group = steps.length > 1 ? { group: makeKey() } : {};
    for (const step of steps) {
      const facts = { ...group, ...undoesOf(step), ...this.versionOf(image, step) };
      step.key = this.saver.add(image, { ...step.operation, ...facts }, baseOf(step));
      this.learn(step.operation);
    }
    if (steps.length > 0) this.onChange(image);
    return steps;
  }

  plan(image, operations) {
    let state = this.shown(image);
    const steps = [];
    for (const { version, base, undoes, ...operation } of operations) {
      const before = state;
      state = applyOperation(before, operation);
      if (JSON.stringify(state) === JSON.stringify(before)) continue;
      const place = operation.kind === "move" ? neighbours(state, operation.tag) : undefined;
      steps.push({ operation, inverse: inverseOf(before, operation), place, version, base, undoes });
    }
    return steps;
  }

  versionOf(image, { operation, version }) {
    return operation.kind === "caption" ? { version: version ?? this.version(image) } : {};
  }

  learn({ kind, tag }) {
    if (kind === "add") this.vocabulary.learn(tag, 1);
    if (kind === "remove") this.vocabulary.learn(tag, -1);
  }

  do(image, operations) {
    const steps = this.apply(image, operations);
    const action = this.history.record(image, steps.map(remembered));
    if (steps.length > 1) this.onMany(action);
    return steps.length;
  }

  /** What a person typed or pasted may hold a slip of the finger: the server asks where a new tag looks like one. */
  add(image, names, { mayBeSlips = false } = {}) {
    const more = mayBeSlips ? { is_meant: false } : {};
    return this.do(image, names.map((tag) => ({ kind: "add", tag, before: null, ...more })));
  }

  /** With `keep_impliers` it stays away, though it follows from others that are there. */
  remove(image, tag, how = {}) {
    return this.do(image, [{ kind: "remove", tag, ...how }]);
  }

  /** Put another tag into the place of one that waits for an answer, and was never stored. */
  instead(entry, tag) {
    const { image, key, operation } = entry;
    const isThere = this.shown(image).tags.some((other) => other.name === tag);
    this.history.forgetEdit(key);
    this.learn({ kind: "remove", tag: operation.tag });
    if (isThere) {
      this.saver.dropAsked(entry);
    } else {
      this.saver.useAsked(entry, tag);
      this.learn({ kind: "add", tag });
      this.history.record(image, [{ key, operation: { kind: "add", tag }, inverse: { kind: "remove", tag } }]);
    }
    this.onChange(image);
  }

  /** Put another tag into the place of one, as one action. */
  replace(image, tag, other) {
    const before = tagBehind(this.shown(image), tag);
    return this.do(image, [{ kind: "remove", tag }, { kind: "add", tag: other, before }]);
  }

  move(image, tag, before) {
    return this.do(image, [{ kind: "move", tag, before }]);
  }

  /** Save a caption that was written on top of `base`, the text of that version. */
  caption(image, text, version, base) {
    return this.do(image, [{ kind: "caption", text, version, base }]);
  }

  /**
   * Let another text stay, and mine be found in the history all the same: both are stored, one behind the other.
   * What was mine can be brought back like any other.
   */
  yieldCaption(image, mine, theirs, version) {
    const group = makeKey();
    const one = { kind: "caption", text: mine, version, group };
    const other = { kind: "caption", text: theirs, version: version + 1, group };
    this.saver.addTogether(image, [one, other], { base: theirs, mine });
    const step = { operation: { kind: "caption", text: theirs }, inverse: { kind: "caption", text: mine } };
    this.history.record(image, [step]);
    this.onChange(image);
  }

  /** Take back the next action on this image; returns what came of it: `{taken, touched}`, or `null` for none. */
  undo(image) {
    const action = this.history.takeDone(image);
    return action && this.reverse(action, (steps) => this.history.recordUndone(image, steps));
  }

  redo(image) {
    const action = this.history.takeUndone(image);
    return action && this.reverse(action, (steps) => this.history.record(image, steps, { keepsRedo: true }));
  }

  /** Take back one certain action, if nobody else's hand or a key did already. */
  undoAction(id) {
    const action = this.history.byId(id);
    return action && this.reverse(action, (steps) => this.history.recordUndone(action.image, steps));
  }

  /** What others changed since is left as it is. */
  reverse({ image, steps }, record) {
    let state = this.shown(image);
    const [taken, touched] = [[], []];
    for (const step of [...steps].reverse()) {
      const isOurs = isUntouched(state, step.operation, step.place);
      (isOurs ? taken : touched).push(step);
      if (isOurs) state = applyOperation(state, step.inverse);
    }
    // What came along with it by a rule goes and comes with it, and no rule of today changes what it was.
    record(this.apply(image, taken.map(backOf)).map(remembered));
    return { taken: taken.reverse().map(operationOf), touched: touched.reverse().map(operationOf) };
  }
}

// The history on the server tells what was taken back: of sentences written in one go, from the first on.
const backOf = ({ key, first, inverse }) => ({ ...inverse, undoes: first ?? key });
const undoesOf = ({ undoes }) => (undoes ? { undoes } : {});
const operationOf = (step) => step.operation;
const remembered = ({ key, operation, inverse, place }) => ({ key, operation, inverse, place });
const baseOf = ({ operation, inverse, base }) => (operation.kind === "caption" ? { base: base ?? inverse.text } : {});
