/** Positions in code, which kernels count in characters and VS Code in UTF-16 units, and what kernels
 * say of them. */

/** Returns the position as kernels count it. */
export function toKernel(code: string, offset: number): number {
  return [...code.slice(0, offset)].length;
}

/** Returns the position as VS Code counts it. */
export function fromKernel(code: string, position: number): number {
  return [...code].slice(0, position).join("").length;
}

/** Returns text without the codes that colour it in a terminal. */
export function plain(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\x1b\[[0-9;]*[A-Za-z]/g, "");
}
