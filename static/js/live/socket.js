// One socket a page. It only tells; what it misses is in the snapshot that the server sends first.
//
// Where a socket cannot be opened (a proxy that blocks them, a server that was stopped) the page asks every two
// seconds instead, so that progress is slower and never stuck. The banner appears only when neither way works.

import { backoff, pause } from "../lib/http.js";
import { connectionFound, connectionLost } from "./banner.js";
import { RIGHTS_NOW } from "./messages.js";
import { rightsNow } from "./rights.js";

const POLL_EVERY = 2000;
// A proxy that swallows the handshake answers nothing at all.
// Meanwhile the page asks; hundreds that come at once are let in one after the other.
const HANDSHAKE_LIMIT = 20000;
// How many messages are answered at once, and how soon fewer are.
const ANSWER_AFTER = 4;
const ANSWER_WITHIN = 1000;
// However long the server was away: so soon after it is back, at most, is every page.
const LONGEST_WAIT = 8000;
// The server closes a socket that says too much with this code; coming again at once would say still more.
const TOO_MUCH = 4429;
const WAIT_AFTER_TOO_MUCH = 30000;

class LiveSocket {
  constructor(path, { onMessage, onState = () => {}, poll = null, answers = false }) {
    this.pathNow = typeof path === "function" ? path : () => path;
    this.answers = answers;
    this.onMessage = onMessage;
    this.onState = onState;
    this.poll = poll;
    this.attempt = 0;
    this.state = "";
    this.isClosed = false;
    this.polling = null;
    this.connect();
    this.onOnline = () => this.retryNow();
    window.addEventListener("online", this.onOnline);
  }

  setState(state) {
    if (state === this.state) return;
    this.state = state;
    this.onState(state);
  }

  connect() {
    if (this.isClosed) return;
    clearTimeout(this.retryTimer);
    this.setState("connecting");
    const socket = this.make();
    this.socket = socket;
    if (!socket) {
      this.lost();
      return;
    }
    const limit = setTimeout(() => socket.close(), HANDSHAKE_LIMIT);
    const late = setTimeout(() => this.startPolling(), POLL_EVERY);
    socket.addEventListener("open", () => {
      clearTimeout(limit);
      clearTimeout(late);
      if (socket === this.socket) this.opened();
    });
    socket.addEventListener("message", (event) => {
      if (socket === this.socket) this.received(event.data);
    });
    socket.addEventListener("close", (event) => {
      clearTimeout(limit);
      clearTimeout(late);
      if (socket === this.socket) this.lost(event.code === TOO_MUCH ? WAIT_AFTER_TOO_MUCH : 0);
    });
  }

  make() {
    try {
      return new WebSocket(`${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${this.pathNow()}`);
    } catch {
      return null;
    }
  }

  opened() {
    this.attempt = 0;
    this.seen = 0;
    this.answered = 0;
    this.polling = null;
    connectionFound();
    this.setState("open");
  }

  received(text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    try {
      if (message.type === RIGHTS_NOW) rightsNow(message.data);
      else this.onMessage(message);
    } finally {
      this.answer();
    }
  }

  /** The server sends no more than a few messages that were not seen: a page that is asleep costs it no memory. */
  answer() {
    if (!this.answers) return;
    this.seen += 1;
    clearTimeout(this.answerTimer);
    if (this.seen - this.answered >= ANSWER_AFTER) this.sayAnswer();
    else this.answerTimer = setTimeout(() => this.sayAnswer(), ANSWER_WITHIN);
  }

  sayAnswer() {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.answered = this.seen;
    this.socket.send(JSON.stringify({ seen: this.seen }));
  }

  lost(leastWait = 0) {
    this.socket = null;
    if (this.isClosed) return;
    this.setState("closed");
    const wait = Math.max(leastWait, backoff(this.attempt, 1000, LONGEST_WAIT));
    this.attempt += 1;
    this.retryAt = performance.now() + wait;
    this.retryTimer = setTimeout(() => this.connect(), wait);
    if (this.poll) this.startPolling();
    else this.away();
  }

  away() {
    connectionLost({ at: this.retryAt, retry: () => this.retryNow() });
  }

  retryNow() {
    if (this.isClosed || this.socket) return;
    this.attempt = 0;
    this.connect();
  }

  async startPolling() {
    if (!this.poll || this.polling || this.isClosed) return;
    // Each run has a token of its own: a run that slept through a reconnection must not go on beside the next.
    const run = {};
    this.polling = run;
    while (this.polling === run) {
      const answers = await this.ask();
      if (this.polling !== run) return;
      if (answers) connectionFound();
      else this.away();
      await pause(POLL_EVERY);
    }
  }

  async ask() {
    try {
      await this.poll();
      return true;
    } catch (error) {
      // A refusal is an answer: the server is there.
      return error.status > 0 && error.status < 500;
    }
  }

  /** Open it again, at the address as it is by then. */
  reopen() {
    this.socket?.close();
  }

  close() {
    this.isClosed = true;
    this.polling = null;
    clearTimeout(this.retryTimer);
    window.removeEventListener("online", this.onOnline);
    connectionFound();
    this.socket?.close();
    this.setState("closed");
  }
}

/**
 * Open a socket and keep it open; returns something with `close()` and `reopen()`.
 *
 * `path` may be a function: a page that comes again says what it knows by then. With `answers` the server is told how
 * many messages were seen. `onMessage` gets `{type, data}`; `onState` one of "connecting", "open", "closed"; `poll`, where given, is called
 * every two seconds while no socket is open and returns a promise that fails when the server does not answer.
 */
export const openSocket = (path, options) => new LiveSocket(path, options);
