// Commands that lead from page to page, and those that every page has.

import { $ } from "../lib/dom.js";
import { gettext } from "../lib/i18n.js";

const pages = gettext("Pages");

/** `urls` has the addresses of what there is to go to; what is not there is no command. `go(address)` leaves the page. */
export function makePageActions({ urls, go, openPalette }) {
  const leads = (id, label, address, keys = [], when = "always") =>
    address && { id, group: pages, label, keys, when, isPage: true, run: () => go(address) };
  const theme = () => $("[data-theme-switch]");
  return [
    { id: "palette", group: pages, label: gettext("All commands"), keys: ["$mod+KeyK"], run: openPalette },
    leads("grid", gettext("All pictures of this dataset"), urls.grid, ["Alt+KeyG"]),
    leads("gridToo", gettext("All pictures, when nothing is being typed"), urls.grid, ["KeyG"], "reading"),
    leads("tagging", gettext("Tag this dataset"), urls.tag),
    leads("export", gettext("Export"), urls.export),
    leads("import", gettext("Add pictures"), urls.import),
    leads("board", gettext("Board of this dataset"), urls.board),
    leads("datasetHistory", gettext("History of this dataset"), urls.history),
    leads("versions", gettext("Versions of this dataset"), urls.versions),
    leads("duplicates", gettext("Duplicates"), urls.duplicates),
    leads("trashPage", gettext("Trash of this dataset"), urls.trash),
    leads("datasets", gettext("All datasets"), urls.datasets),
    leads("vocabulary", gettext("Vocabulary"), urls.vocabulary),
    leads("sessions", gettext("Your sessions"), urls.sessions),
    leads("keys", gettext("Change the keys"), urls.keys),
    { id: "theme", group: pages, label: gettext("Light, dark, or like the system"), keys: [], can: () => theme() !== null, run: () => theme()?.click() },
  ].filter(Boolean);
}
