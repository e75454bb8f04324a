/** Answers for widgets that cannot be shown: with their text, and the way to JupyterLab. */

import * as vscode from "vscode";

import { RENDERER, WIDGET_VIEW, type FromRenderer, type ToRenderer } from "./widgets/messages.ts";

const { l10n } = vscode;

/** Returns what the notebook stores as the text of a widget. */
function storedText(notebook: vscode.NotebookDocument, model: string): string {
  const decode = (item: vscode.NotebookCellOutputItem) => new TextDecoder().decode(item.data);
  const outputs = notebook.getCells().flatMap((cell) => cell.outputs);
  const shows = ({ items }: vscode.NotebookCellOutput) =>
    items.some((item) => item.mime === WIDGET_VIEW && decode(item).includes(model));
  const text = outputs.find(shows)?.items.find((item) => item.mime === "text/plain");
  return text ? decode(text) : "";
}

/** Answers the renderers in this window. */
export function serve(context: vscode.ExtensionContext): void {
  const messaging = vscode.notebooks.createRendererMessaging(RENDERER);
  const listener = messaging.onDidReceiveMessage(({ editor, message }) => {
    const request = message as FromRenderer;
    if (request.type === "openInJupyterLab") {
      const { uri } = editor.notebook;
      void vscode.commands.executeCommand("jupyterCodeserver.openInJupyterLab", uri);
    } else if (request.type === "fallback") {
      const { model, module } = request;
      const answer: ToRenderer = {
        type: "fallback",
        model,
        text: storedText(editor.notebook, model),
        reason: module
          ? l10n.t("VS Code cannot show widgets of {0}.", module)
          : l10n.t("Run the cell to use this widget."),
        link: l10n.t("Open in JupyterLab"),
      };
      void messaging.postMessage(answer, editor);
    }
  });
  context.subscriptions.push(listener);
}
