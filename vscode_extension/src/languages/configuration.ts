/** The settings of language servers: ours, and a student's own over them. */

type Json = unknown;

function isObject(value: Json): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns `own` over `standard`, key by key. */
export function merged(standard: Json, own: Json): Json {
  if (own === undefined || own === null) return standard ?? null;
  if (!isObject(standard) || !isObject(own)) return own;
  const result = { ...standard };
  for (const [key, value] of Object.entries(own)) result[key] = merged(standard[key], value);
  return result;
}

/** Returns what settings have in a section, such as "basedpyright.analysis"; all without one. */
export function section(settings: Json, name: string | undefined): Json {
  if (!name) return settings;
  return name
    .split(".")
    .reduce((inner, key) => (isObject(inner) ? inner[key] : undefined), settings);
}

/** Returns the settings with the chosen interpreter in them. */
export function withPython<T>(settings: T, python: string): T {
  return JSON.parse(JSON.stringify(settings ?? null), (_key, value: Json) =>
    value === "{python}" ? python : value,
  ) as T;
}
