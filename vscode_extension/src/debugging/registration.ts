/** Registers the debuggers with VS Code. Their code is loaded with the first debug session. */

import * as vscode from "vscode";

import { LANGUAGES, type Language } from "../languages/table.ts";

/** What the code of the debuggers does. */
export interface Debugging {
  /** Returns examples for a new launch.json. */
  examples(type: string): vscode.DebugConfiguration[];
  /** Completes a configuration, which is empty without launch.json. Returns undefined after it has
   * said why that is impossible. */
  complete(
    type: string,
    folder: vscode.WorkspaceFolder | undefined,
    configuration: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined>;
  /** Returns the configuration if its debugger is there, and otherwise says what is missing. */
  check(configuration: vscode.DebugConfiguration): Promise<vscode.DebugConfiguration | undefined>;
  /** Starts the debugger. */
  adapter(session: vscode.DebugSession): Promise<vscode.DebugAdapterDescriptor>;
}

interface Contribution {
  readonly type: string;
  readonly languages?: readonly string[];
}

const TYPES = [...new Set(LANGUAGES.flatMap(({ debuggers }) => debuggers ?? []))];

/** Registers the debuggers of the enabled languages. Those for which another extension has a debugger
 * are left to it, as VS Code allows one for each type, and asks a person who has two. */
export function register(
  context: vscode.ExtensionContext,
  enabled: readonly Language[],
  load: () => Debugging,
): void {
  const registered = new Map<string, vscode.Disposable>();
  const hidden = new Set<string>();

  function update(): void {
    const others = vscode.extensions.all
      .filter(({ id }) => id !== context.extension.id)
      .flatMap(contributions);
    for (const type of TYPES) {
      const languages = enabled.filter(({ debuggers }) => debuggers?.includes(type));
      const documents = languages.flatMap((language) => language.documents);
      const hasType = others.some((other) => other.type === type);
      const hasLanguage = others.some((other) =>
        other.languages?.some((document) => documents.includes(document)),
      );
      const isOurs = languages.length > 0 && !hasType && !hasLanguage;
      if (!isOurs) registered.get(type)?.dispose();
      if (!isOurs) registered.delete(type);
      else if (!registered.has(type)) registered.set(type, registerOne(type, load));
      // Contributions of the same type are merged, so ours must not hide another extension's.
      hide(type, !isOurs && !hasType);
    }
  }

  function hide(type: string, isHidden: boolean): void {
    if (hidden.has(type) === isHidden) return;
    if (isHidden) hidden.add(type);
    else hidden.delete(type);
    void vscode.commands.executeCommand(
      "setContext",
      `jupyterCodeserver.hidesDebugger.${type}`,
      isHidden,
    );
  }

  update();
  context.subscriptions.push(vscode.extensions.onDidChange(update), {
    dispose: () => registered.forEach((each) => each.dispose()),
  });
}

function registerOne(type: string, load: () => Debugging): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.debug.registerDebugConfigurationProvider(type, {
      provideDebugConfigurations: () => load().examples(type),
      resolveDebugConfiguration: (folder, configuration) =>
        load().complete(type, folder, configuration),
      resolveDebugConfigurationWithSubstitutedVariables: (_folder, configuration) =>
        load().check(configuration),
    }),
    vscode.debug.registerDebugAdapterDescriptorFactory(type, {
      createDebugAdapterDescriptor: (session) => load().adapter(session),
    }),
  );
}

function contributions({ packageJSON }: vscode.Extension<unknown>): readonly Contribution[] {
  return packageJSON.contributes?.debuggers ?? [];
}
