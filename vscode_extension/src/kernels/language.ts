/** Which of VS Code's languages the cells of a kernel are in. */

// Names that kernels use, where VS Code's differ.
const NAMES: Record<string, string> = {
  "c++": "cpp",
  "c#": "csharp",
  "f#": "fsharp",
  bash: "shellscript",
  ipython: "python",
};

// A cell may be in another language if its first line says so to the kernel, as %%bash does.
const IN_MAGIC = ["plaintext", "html", "javascript", "markdown", "latex", "shellscript", "sql"];

/** Returns VS Code's name of a kernel's language. */
export function cellLanguage(language: string): string {
  const name = language.toLowerCase().replace(/^c\+\+\d+$/, "c++");
  return NAMES[name] ?? name;
}

/** Returns all languages of cells that a kernel runs; new cells are in the first. */
export function cellLanguages(language: string): string[] {
  // VS Code opens a notebook with the kernel's own name of the language, and one that names no language
  // as Python.
  const names = [cellLanguage(language), language.toLowerCase(), "python"];
  return [...new Set([...names, ...IN_MAGIC])];
}
