/** Turns what a kernel shows into the bytes that VS Code keeps, and sorts it by preference. */

import type { Bundle } from "./outputs.ts";

export interface Item {
  readonly mime: string;
  readonly data: Uint8Array;
}

// VS Code shows the first type that it can. This is the order in which it opens a saved notebook.
const PREFERENCE = [
  /^application\/vnd\./,
  /^application\/vdom\./,
  /^application\/geo\+json$/,
  /^text\/html$/,
  /^application\/javascript$/,
  /^image\/gif$/,
  /^text\/latex$/,
  /^text\/markdown$/,
  /^image\/png$/,
  /^image\/svg\+xml$/,
  /^image\/jpeg$/,
  /^application\/json$/,
  /^text\/plain$/,
];

function rank({ mime, data }: Item): number {
  const found = PREFERENCE.findIndex((pattern) => pattern.test(mime));
  // Some libraries send an empty value of a type of their own beside what is to be seen.
  return found < 0 || data.length === 0 ? PREFERENCE.length : found;
}

function toBytes(mime: string, value: unknown): Uint8Array {
  if (/[/+]json$/.test(mime)) return Buffer.from(JSON.stringify(value));
  const text = Array.isArray(value) ? value.join("") : value;
  if (typeof text !== "string") return Buffer.from(JSON.stringify(text ?? ""));
  const isEncoded = mime.startsWith("image/") && mime !== "image/svg+xml";
  return Buffer.from(text, isEncoded ? "base64" : "utf8");
}

/** Returns the items of an output, the preferred one first. */
export function toItems(bundle: Bundle): Item[] {
  const items = Object.entries(bundle).map(([mime, value]) => ({
    mime,
    data: toBytes(mime, value),
  }));
  return items.sort((one, other) => rank(one) - rank(other));
}
