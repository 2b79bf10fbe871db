// Which tab this is, and which others are gone. Each holds a lock by its name while it lives; so what a dead one left
// behind is known, and taken by one tab alone. Where there are no locks (a page over plain http), tabs ask each other.

import { pause } from "../lib/http.js";
import { makeKey } from "../lib/uuid.js";

const REMEMBERED = "tagger.tab";
const ANSWER_WITHIN = 200;
// Who is busy answers late, and what a tab that is gone left behind can wait.
const GONE_AFTER = 2000;

const lockOf = (id) => `tagger.tab.${id}`;

function remembered() {
  try {
    return sessionStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}

function remember(id) {
  try {
    sessionStorage.setItem(REMEMBERED, id);
  } catch {
    // After a reload it is another tab, which takes over what this one left.
  }
}

/** Find this tab's name: the one it had before a reload, or a new one where a copy of it lives ("duplicate tab"). */
export async function claimTab(locks = navigator.locks) {
  const tabs = locks ? new LockedTabs(locks) : new AskingTabs();
  const before = remembered();
  const id = before !== null && (await tabs.hold(before)) ? before : makeKey();
  if (id !== before) await tabs.hold(id);
  remember(id);
  tabs.id = id;
  return tabs;
}

class LockedTabs {
  constructor(locks) {
    this.locks = locks;
    this.watched = new Set();
  }

  /** Returns whether the name was free; from then on it is held until the page ends. */
  hold(id) {
    return new Promise((resolve) => {
      const held = (lock) => {
        resolve(lock !== null);
        return lock ? new Promise(() => {}) : undefined;
      };
      this.locks.request(lockOf(id), { ifAvailable: true }, held).catch(() => resolve(false));
    });
  }

  /** Call `run` once, as soon as that tab is gone; no other tab runs its own meanwhile. */
  whenGone(id, run) {
    if (this.watched.has(id)) return;
    this.watched.add(id);
    this.locks
      .request(lockOf(id), () => run())
      .catch(() => {})
      .finally(() => this.watched.delete(id));
  }
}

class AskingTabs {
  constructor() {
    this.channel = new BroadcastChannel("tagger.tabs");
    this.answered = new Set();
    this.channel.onmessage = ({ data }) => {
      if (data.asked !== undefined && data.asked === this.id) this.channel.postMessage({ here: this.id });
      if (data.here !== undefined) this.answered.add(data.here);
    };
  }

  async hold(id) {
    return !(await this.lives(id));
  }

  async lives(id, within = ANSWER_WITHIN) {
    this.answered.delete(id);
    this.channel.postMessage({ asked: id });
    await pause(within);
    return this.answered.has(id);
  }

  /** Two tabs may both take over: an edit sent by both counts once, as its key is the same. */
  async whenGone(id, run) {
    if (!(await this.lives(id, GONE_AFTER))) await run();
  }
}
