// What mends a finding: words through the history, which can be taken back; or another option of the export.

import { getJson, pause, postJson } from "../../lib/http.js";
import { gettext, interpolate, ngettext } from "../../lib/i18n.js";
import { formatNumber } from "../../lib/format.js";
import { toast, toastError } from "../../lib/toast.js";
import { makeKey } from "../../lib/uuid.js";
import { undoChange, undoneText } from "../undoing.js";

const ENDED = ["DONE", "CANCELLED", "FAILED"];
const ASK_EVERY = 500;

/** Mend the words of a finding and offer to take it back; `onChanged` is called whenever words changed. */
export async function mendWords({ api, dataset, finding, options, onChanged }) {
  try {
    const body = { key: makeKey(), rule: finding.rule, fix: finding.fix.id, options };
    const done = await wait(api, await postJson(`${api}datasets/${dataset}/lint-fixes`, body));
    await onChanged();
    const text = interpolate(ngettext("%(count)s image is mended.", "%(count)s images are mended.", done.changed), { count: formatNumber(done.changed) });
    toast(text, { action: done.change !== null && { label: gettext("Undo"), run: () => takeBack(api, done.change, onChanged) } });
  } catch (error) {
    toastError(error);
  }
}

/** Few are done at once, many by a job. */
async function wait(api, { job, change, changed }) {
  if (!job) return { change, changed };
  let latest = job;
  while (!ENDED.includes(latest.state)) {
    await pause(ASK_EVERY);
    latest = await getJson(`${api}bulk-jobs/${job.id}`).catch((error) => {
      if (!error.isPassing) throw error;
      return latest;
    });
  }
  if (latest.state === "FAILED") toast(latest.error, { kind: "danger" });
  return latest;
}

async function takeBack(api, change, onChanged) {
  try {
    const undone = await undoChange(api, change);
    await onChanged();
    toast(undoneText(undone), { seconds: 5 });
  } catch (error) {
    toastError(error);
  }
}
