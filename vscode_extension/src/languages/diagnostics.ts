/** Which of a language server's errors are shown. */

import type { Choice } from "./table.ts";

/** What is read of an error. */
interface Diagnostic {
  readonly message: string;
  readonly code?: string | number | { readonly value: string | number };
  severity: number;
}

const [ERROR, WARNING, HINT] = [0, 1, 3]; // VS Code's numbers

/** Returns the chosen errors, with the chosen severity. Hints, which VS Code only fades, stay. */
export function chosen<T extends Diagnostic>(
  diagnostics: readonly T[],
  { errors, warnings, unless }: Choice,
): T[] {
  return diagnostics.filter((diagnostic) => {
    if (diagnostic.severity === HINT) return true;
    const { code } = diagnostic;
    const name = String(typeof code === "object" ? code.value : code);
    const isWarning = warnings.includes(name);
    diagnostic.severity = isWarning ? WARNING : ERROR;
    return (isWarning || errors.includes(name)) && !unless.test(diagnostic.message);
  });
}
