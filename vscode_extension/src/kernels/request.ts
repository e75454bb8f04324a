/** The message by which a kernel is asked to run a cell. */

import type { KernelMessage } from "@jupyterlab/services";
import { createMessage } from "@jupyterlab/services/lib/kernel/messages";

/** Returns the request to run `code`; an error in it ends the requests behind it too. */
export function executeRequest(
  msgId: string,
  session: string,
  code: string,
  cellId: string | undefined,
): KernelMessage.IExecuteRequestMsg {
  return createMessage<KernelMessage.IExecuteRequestMsg>({
    msgType: "execute_request",
    channel: "shell",
    msgId,
    session,
    metadata: { cellId: cellId ?? null, deletedCells: [] },
    content: {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: true,
      stop_on_error: true,
    },
  });
}
