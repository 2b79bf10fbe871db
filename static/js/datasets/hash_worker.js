// SHA-256 of files, in a thread of its own: `{number, file}` comes in, `{number, sum}` or `{number, unreadable}` goes out.

import { sha256 } from "../../vendor/noble-hashes/sha2.js";

const BLOCK_BYTES = 4 * 1024 * 1024;
// The browser's own SHA-256 is several times faster, but takes a file whole or not at all, and is missing on a page
// that came over plain http from another machine.
const WHOLE_BYTES = 16 * 1024 * 1024;

const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

async function sumOf(file) {
  if (file.size <= WHOLE_BYTES) return toHex(await sumOfBytes(await file.arrayBuffer()));
  const hash = sha256.create();
  for (let start = 0; start < file.size; start += BLOCK_BYTES) {
    hash.update(new Uint8Array(await file.slice(start, start + BLOCK_BYTES).arrayBuffer()));
  }
  return toHex(hash.digest());
}

async function sumOfBytes(bytes) {
  if (globalThis.crypto?.subtle) return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return sha256(new Uint8Array(bytes));
}

addEventListener("message", async ({ data: { number, file } }) => {
  try {
    postMessage({ number, sum: await sumOf(file) });
  } catch {
    postMessage({ number, unreadable: true });
  }
});
