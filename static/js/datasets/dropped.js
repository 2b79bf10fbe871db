// What a person chose or dropped, as a flat list of `{file, name, folder}`; folders are walked.

import { gettext } from "../lib/i18n.js";

const READ_AT_ONCE = 8;
const OPENED_AT_ONCE = 64;
// What operating systems leave behind in folders: nobody means to import it. Hidden files of a folder stay behind too;
// one that was chosen by itself is meant.
const JUNK = /^(\.ds_store|thumbs\.db|desktop\.ini|\._.*)$/i;

const isJunk = (name, folder) => JUNK.test(name) || (folder !== "" && name.startsWith("."));

/** Whether something that is dragged over the page brings files. */
export const bringsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** Take hold of a drop's contents. Must be called before the event is over: the browser empties it then. */
export function holdDrop(dataTransfer) {
  const entries = [];
  const files = [];
  for (const item of dataTransfer.items) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry?.();
    if (entry) entries.push(entry);
    else if (item.getAsFile()) files.push(item.getAsFile());
  }
  return { entries, files };
}

/** Why a file could not be taken, for a person. */
export const fileUnreadable = () =>
  gettext("Your browser could not read this file: it was moved, changed or locked. Choose it again.");

const folderUnreadable = () =>
  gettext("Your browser could not read all of this folder: it was moved or is locked. Drop it again.");

/**
 * Walk what `holdDrop` held. `onCount` hears how many files were found so far.
 *
 * Returns `{files, unreadable}`; each of the files has `name` and `folder`, and gets its `file` from `openFiles`: that
 * takes the browser longer than all the walking. Each of the unreadable ones has its path as `name`, and a `reason`.
 */
export async function readDrop({ entries, files }, onCount = () => {}) {
  const found = files.map((file) => ({ file, name: file.name, folder: "" }));
  const unreadable = [];
  const queue = entries.map((entry) => ({ entry, folder: "" }));
  const walkOne = async ({ entry, folder }) => {
    const path = folder ? `${folder}/${entry.name}` : entry.name;
    if (entry.isFile) {
      if (isJunk(entry.name, folder)) return;
      found.push({ entry, name: entry.name, folder });
    } else if (entry.isDirectory && entry.name !== "__MACOSX") {
      const { children, isWhole } = await readFolder(entry);
      if (!isWhole) unreadable.push({ name: path, reason: folderUnreadable() });
      for (const child of children) queue.push({ entry: child, folder: path });
    }
  };
  while (queue.length) {
    await Promise.all(queue.splice(0, READ_AT_ONCE * 8).map(walkOne));
    onCount(found.length);
  }
  return { files: found, unreadable };
}

/** Get hold of walked files; returns `{files, unreadable}` as `readDrop` does. */
export async function openFiles(walked) {
  const files = [];
  const unreadable = [];
  const openOne = async (one) => {
    one.file ??= await new Promise((resolve) => one.entry.file(resolve, () => resolve(null)));
    if (one.file) files.push(one);
    else unreadable.push({ name: one.folder ? `${one.folder}/${one.name}` : one.name, reason: fileUnreadable() });
  };
  for (let start = 0; start < walked.length; start += OPENED_AT_ONCE) {
    await Promise.all(walked.slice(start, start + OPENED_AT_ONCE).map(openOne));
  }
  return { files, unreadable };
}

async function readFolder(entry) {
  const reader = entry.createReader();
  const children = [];
  for (;;) {
    // A reader gives at most a hundred at a time and an empty list at the end.
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve(null)));
    if (!some?.length) return { children, isWhole: some !== null };
    children.push(...some);
  }
}

/** The files of an `<input type=file>`, plain or `webkitdirectory`. */
export function readInput(input) {
  return [...input.files]
    .map((file) => ({ file, name: file.name, folder: file.webkitRelativePath.split("/").slice(0, -1).join("/") }))
    .filter(({ name, folder }) => !isJunk(name, folder) && !folder.split("/").includes("__MACOSX"));
}
