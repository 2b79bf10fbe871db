// What a person chose or dropped, as a flat list of `{file, name, folder}`; folders are walked.

const READ_AT_ONCE = 8;
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

/** Walk what `holdDrop` held. `onCount` hears how many files were found so far. */
export async function readDrop({ entries, files }, onCount = () => {}) {
  const found = files.map((file) => ({ file, name: file.name, folder: "" }));
  const queue = entries.map((entry) => ({ entry, folder: "" }));
  const walkOne = async ({ entry, folder }) => {
    if (entry.isFile) {
      if (isJunk(entry.name, folder)) return;
      const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
      if (file) found.push({ file, name: entry.name, folder });
    } else if (entry.isDirectory && entry.name !== "__MACOSX") {
      const inside = folder ? `${folder}/${entry.name}` : entry.name;
      for (const child of await readFolder(entry)) queue.push({ entry: child, folder: inside });
    }
  };
  while (queue.length) {
    await Promise.all(queue.splice(0, READ_AT_ONCE * 8).map(walkOne));
    onCount(found.length);
  }
  return found;
}

async function readFolder(entry) {
  const reader = entry.createReader();
  const all = [];
  for (;;) {
    // A reader gives at most a hundred at a time and an empty list at the end.
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) return all;
    all.push(...some);
  }
}

/** The files of an `<input type=file>`, plain or `webkitdirectory`. */
export function readInput(input) {
  return [...input.files]
    .map((file) => ({ file, name: file.name, folder: file.webkitRelativePath.split("/").slice(0, -1).join("/") }))
    .filter(({ name, folder }) => !isJunk(name, folder) && !folder.split("/").includes("__MACOSX"));
}
