// Runs in the node that a script around code-server starts, and prints how node was started.
"use strict";

const path = require("path");

try {
  const entry = require.resolve(path.resolve(process.argv[1]));
  if (entry.endsWith("/out/node/entry.js")) {
    const start = {
      node: process.execPath,
      options: process.execArgv,
      root: path.resolve(entry, "../../.."),
      arguments: process.argv.slice(2),
      environment: process.env,
    };
    require("fs").writeSync(1, `${JSON.stringify(start)}\n`);
  }
} catch {
  // This is another program of node's, which runs on undisturbed.
}
