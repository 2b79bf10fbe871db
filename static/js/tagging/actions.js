// Everything one can do on the desk: what it is called, its keys, and what it does. Keys, buttons, help, the palette and
// the page of keys all come from this list.
//
// An action is {id, group, label, keys, when, run}. `when` says where the focus may be for its keys: "always" (also in a
// text field), "free" (nothing is being typed: the tag box is empty, or the focus is elsewhere), "reading" (not in a
// text field), "emptyBox", "filledBox", "tag", "stage", "merged" (the text of two captions), or a function of the event. `only` says that it is there in a
// mode alone, named by `mode`, and goes before others then; `can` whether it would do anything now; `repeats` that a
// held key goes on. With `heardAs` the tag box or the chips hear the key themselves, under the name given; `isFixed`
// keys cannot be changed.

import { gettext } from "../lib/i18n.js";

const pictures = gettext("From picture to picture");
const box = gettext("In the tag box");
const chips = gettext("On a tag");
const page = gettext("On this page");

/** `more` are the actions of features; they stand behind those of their group. */
export const makeActions = (desk, more = []) => [...ways(desk), ...boxActions(desk), ...chipActions(), ...pageActions(desk), ...more];

const ways = (desk) => [
  { id: "next", group: pictures, label: gettext("Next picture"), keys: ["Alt+ArrowRight", "PageDown"], repeats: true, run: () => desk.next() },
  { id: "previous", group: pictures, label: gettext("Previous picture"), keys: ["Alt+ArrowLeft", "PageUp"], repeats: true, run: () => desk.previous() },
  { id: "nextUntagged", group: pictures, label: gettext("Next untagged picture"), keys: ["$mod+KeyJ"], run: () => desk.nextUntagged() },
  { id: "nextUntaggedToo", group: pictures, label: gettext("Next untagged picture, when nothing is being typed"), keys: ["KeyU"], when: "reading", run: () => desk.nextUntagged() },
];

const boxActions = (desk) => [
  { id: "goOn", group: box, label: gettext("Next picture, when the box is empty"), keys: ["Enter"], when: "emptyBox", heardAs: { key: "Enter" }, run: () => desk.goOn() },
  { id: "take", group: box, label: gettext("Take the first suggestion"), keys: ["Enter", "Tab"], when: "filledBox", heardAs: { key: "Enter" } },
  { id: "keep", group: box, label: gettext("Add exactly what was typed"), keys: ["$mod+Enter"], when: "filledBox", heardAs: { key: "Enter", ctrlKey: true } },
  { id: "comma", group: box, label: gettext("End a tag, and begin the next"), keys: [","], when: "filledBox", isFixed: true },
  { id: "choose", group: box, label: gettext("Go through the suggestions"), keys: ["ArrowDown", "ArrowUp"], when: "box", isFixed: true },
  { id: "erase", group: box, label: gettext("Select, then remove the last tag"), keys: ["Backspace"], when: "emptyBox", heardAs: { key: "Backspace" } },
  { id: "sameAsPrevious", group: box, label: gettext("Same tags as the picture before"), keys: ["$mod+KeyD"], run: () => desk.sameAsPrevious() },
  { id: "undo", group: box, label: gettext("Take back"), keys: ["$mod+KeyZ"], when: "free", run: () => desk.undo() },
  { id: "redo", group: box, label: gettext("Do again"), keys: ["$mod+Shift+KeyZ", "$mod+KeyY"], when: "free", run: () => desk.redo() },
];

const chipActions = () => [
  { id: "moveEarlier", group: chips, label: gettext("Move earlier"), keys: ["Alt+ArrowUp", "Alt+Shift+ArrowLeft"], when: "tag", heardAs: { key: "ArrowUp", altKey: true } },
  { id: "moveLater", group: chips, label: gettext("Move later"), keys: ["Alt+ArrowDown", "Alt+Shift+ArrowRight"], when: "tag", heardAs: { key: "ArrowDown", altKey: true } },
  { id: "removeTag", group: chips, label: gettext("Remove"), keys: ["Delete", "Backspace"], when: "tag", heardAs: { key: "Delete" } },
];

const pageActions = (desk) => [
  { id: "caption", group: page, label: gettext("Caption"), keys: ["Alt+KeyC"], run: () => desk.toCaption() },
  { id: "captionToo", group: page, label: gettext("Caption, when nothing is being typed"), keys: ["KeyC"], when: "reading", run: () => desk.toCaption() },
  { id: "saveMerged", group: page, label: gettext("Save the merged caption"), keys: ["$mod+Enter"], when: "merged", can: () => desk.captions.isInConflict, run: () => desk.captions.saveMerged() },
  { id: "tagBox", group: page, label: gettext("Back to the tag box"), keys: ["Escape"], run: () => desk.toTagBox() },
  { id: "tagBoxToo", group: page, label: gettext("Tag box, when nothing is being typed"), keys: ["/", "KeyT"], when: "reading", run: () => desk.toTagBox() },
  { id: "trash", group: page, label: gettext("Move to the trash"), keys: ["Shift+Delete"], when: "free", run: () => desk.toTrash() },
  { id: "help", group: page, label: gettext("All keys"), keys: ["F1"], run: () => desk.help() },
  { id: "helpToo", group: page, label: gettext("All keys, when the tag box is empty"), keys: ["[Shift]+?"], when: "free", run: () => desk.help() },
];
