// Everything one can do on the desk: what it is called, its keys, and what it does. Keys, button hints and the help
// page all come from this list. Entries without `run` belong to the tag box or the chips, which hear those keys first.

import { gettext } from "../lib/i18n.js";

/** `more` are the actions of features; they stand behind those of their group. */
export function makeActions(desk, more = []) {
  const pictures = gettext("From picture to picture");
  const box = gettext("In the tag box");
  const chips = gettext("On a tag");
  const page = gettext("On this page");
  const mayUndo = (event) => desk.mayUndo(event);
  return [
    { id: "next", group: pictures, label: gettext("Next picture"), keys: ["Alt+ArrowRight", "PageDown"], repeats: true, run: () => desk.next() },
    { id: "previous", group: pictures, label: gettext("Previous picture"), keys: ["Alt+ArrowLeft", "PageUp"], repeats: true, run: () => desk.previous() },
    { id: "nextUntagged", group: pictures, label: gettext("Next untagged picture"), keys: ["$mod+KeyJ"], run: () => desk.nextUntagged() },
    { id: "goOn", group: box, label: gettext("Next picture, when the box is empty"), keys: ["Enter"] },
    { id: "take", group: box, label: gettext("Take the first suggestion"), keys: ["Enter", "Tab"] },
    { id: "keep", group: box, label: gettext("Add exactly what was typed"), keys: ["$mod+Enter", ","] },
    { id: "choose", group: box, label: gettext("Go through the suggestions"), keys: ["ArrowDown", "ArrowUp"] },
    { id: "erase", group: box, label: gettext("Select, then remove the last tag"), keys: ["Backspace"] },
    { id: "sameAsPrevious", group: box, label: gettext("Same tags as the picture before"), keys: ["$mod+KeyD"], run: () => desk.sameAsPrevious() },
    { id: "undo", group: box, label: gettext("Take back"), keys: ["$mod+KeyZ"], when: mayUndo, run: () => desk.undo() },
    { id: "redo", group: box, label: gettext("Do again"), keys: ["$mod+Shift+KeyZ", "$mod+KeyY"], when: mayUndo, run: () => desk.redo() },
    { id: "moveEarlier", group: chips, label: gettext("Move earlier"), keys: ["Alt+ArrowUp", "Alt+Shift+ArrowLeft"] },
    { id: "moveLater", group: chips, label: gettext("Move later"), keys: ["Alt+ArrowDown", "Alt+Shift+ArrowRight"] },
    { id: "removeTag", group: chips, label: gettext("Remove"), keys: ["Delete"] },
    { id: "caption", group: page, label: gettext("Caption"), keys: ["Alt+KeyC"], run: () => desk.toCaption() },
    { id: "captionToo", group: page, label: gettext("Caption, when nothing is being typed"), keys: ["c"], when: "reading", run: () => desk.toCaption() },
    { id: "tagBox", group: page, label: gettext("Back to the tag box"), keys: ["Escape"], run: () => desk.toTagBox() },
    { id: "tagBoxToo", group: page, label: gettext("Tag box, when nothing is being typed"), keys: ["/", "t"], when: "reading", run: () => desk.toTagBox() },
    { id: "trash", group: page, label: gettext("Move to the trash"), keys: ["Shift+Delete"], when: mayUndo, run: () => desk.toTrash() },
    { id: "help", group: page, label: gettext("All keys"), keys: ["F1"], run: () => desk.help() },
    { id: "helpToo", group: page, label: gettext("All keys, when the tag box is empty"), keys: ["[Shift]+?"], when: (event) => desk.mayAskForHelp(event), run: () => desk.help() },
    ...more,
  ];
}
