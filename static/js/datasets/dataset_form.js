// The form of a new dataset: the file prefix follows the name until the person writes one.

import { $ } from "../lib/dom.js";

const LONGEST_PREFIX = 40;

const form = $("[data-dataset-form]");
const name = form.elements.name;
const prefix = form.elements.file_prefix;
const example = $("[data-example]", form);
const splitWords = new Set(form.dataset.splitWords.split(" "));

// The same rule as `suggest_prefix` on the server, which has the last word.
function suggestPrefix(text) {
  const ascii = text.normalize("NFKD").replace(/[^\x00-\x7f]/g, "").toLowerCase();
  const words = ascii.split(/[^a-z0-9]+/).filter((word) => word && !splitWords.has(word));
  return words.join("-").slice(0, LONGEST_PREFIX).replace(/^-+|-+$/g, "") || "image";
}

let follows = prefix.value === "" || prefix.value === suggestPrefix(name.value);

function showExample() {
  // In exports only hyphens join: some trainers cut names at underscores.
  const shown = prefix.value.trim().toLowerCase().replace(/[-_]+/g, "-") || suggestPrefix(name.value);
  $("[data-example-name]", form).textContent = `${shown}-0001.jpg, ${shown}-0001.txt`;
  example.hidden = name.value.trim() === "" && prefix.value.trim() === "";
}

// A dataset that exists keeps its prefix when it is renamed: its exports are known by it.
const isNew = "isNew" in form.dataset;

function follow() {
  if (follows && isNew) prefix.value = name.value.trim() ? suggestPrefix(name.value) : "";
  showExample();
}

name.addEventListener("input", follow);
prefix.addEventListener("input", () => {
  follows = prefix.value === "";
  showExample();
});

// Who is quicker than this script has written already, and stays where they are.
follow();
if (!form.contains(document.activeElement)) ($("[aria-invalid=true]", form) ?? (isNew ? name : null))?.focus();
