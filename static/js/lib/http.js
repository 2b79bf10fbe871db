// Every call to the server. The one place that knows of CSRF and of how the server says no.

import { gettext } from "./i18n.js";

/** Told to the window with every answer, whatever it says: the way to the server is open. */
export const SERVER_ANSWERS = "tagger:server-answers";

/** What the server, or the way to it, answered: `status` (0: no answer) and `detail`, a sentence for a person. */
export class HttpError extends Error {
  constructor(status, detail, body = null) {
    super(detail);
    this.name = "HttpError";
    this.status = status;
    this.detail = detail;
    this.body = body;
  }

  /** Whether the same call may well work in a moment. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || (this.status >= 500 && this.status !== 507);
  }
}

export function csrfToken() {
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return cookie ? decodeURIComponent(cookie.slice("csrftoken=".length)) : "";
}

/**
 * Send a request and return the answer's JSON, or `null` where it has none.
 *
 * `json` is sent as JSON, `body` as raw bytes; `keepalive` lets a small request outlive the page.
 */
export async function send(method, address, { json, body, signal, keepalive = false } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (json !== undefined) headers["Content-Type"] = "application/json";
  if (body !== undefined) headers["Content-Type"] = "application/octet-stream";
  const payload = json === undefined ? body : JSON.stringify(json);
  let response;
  try {
    response = await fetch(address, { method, headers, body: payload, signal, keepalive, credentials: "same-origin" });
  } catch (error) {
    throw unanswered(error);
  }
  window.dispatchEvent(new Event(SERVER_ANSWERS));
  return read(response, address);
}

/** What a call that got no answer fails with; one that was given up on purpose stays what it is. */
const unanswered = (error) => (error.name === "AbortError" ? error : new HttpError(0, gettext("The server does not answer.")));

async function read(response, address) {
  // An answer that broke off is none.
  const text = await response.text().catch((error) => {
    throw unanswered(error);
  });
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    answer = null;
  }
  if (response.ok) return answer;
  throw new HttpError(response.status, detailOf(response.status, answer, address), answer);
}

// Kinds of problems (docs/api.md) that the server words for scripts; a page knows better what its person can do.
const FOR_SCRIPTS = /:(not-found|page-too-old)$/u;

function detailOf(status, answer, address) {
  if (status === 401) return gettext("You are signed out. Reload the page and sign in again.");
  if (typeof answer?.detail === "string" && !FOR_SCRIPTS.test(answer.type)) return answer.detail;
  if (status === 403) return gettext("This is not allowed, or the page is too old. Reload it and try again.");
  if (status === 404 && /\/(images|datasets)\/\d/u.test(address)) return gettext("This picture or its dataset was deleted.");
  if (status === 404) return gettext("This is no longer here. Reload the page.");
  if (status === 422) return gettext("The server did not understand this. Reload the page and try again.");
  return gettext("Something went wrong on the server. Try again in a moment.");
}

export const getJson = (address, options) => send("GET", address, options);
export const postJson = (address, json, options) => send("POST", address, { ...options, json });
export const putJson = (address, json, options) => send("PUT", address, { ...options, json });
export const patchJson = (address, json, options) => send("PATCH", address, { ...options, json });
export const putBytes = (address, body, options) => send("PUT", address, { ...options, body });

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Milliseconds before the next attempt: doubling from `first` up to `most`, spread so that pages do not return as one. */
export function backoff(attempt, first = 500, most = 15000) {
  const full = Math.min(most, first * 2 ** attempt);
  return full / 2 + (Math.random() * full) / 2;
}
