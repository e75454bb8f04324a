// Loaded by the node that a script around code-server starts: tells how it was started.
"use strict";

const path = require("path");

try {
  const entry = require.resolve(path.resolve(process.argv[1]));
  if (entry.endsWith("/out/node/entry.js")) {
    const told = {
      node: process.execPath,
      options: process.execArgv,
      root: path.resolve(entry, "../../.."),
      arguments: process.argv.slice(2),
      environment: process.env,
    };
    require("fs").writeSync(1, `${JSON.stringify(told)}\n`);
  }
} catch {
  // Another program of node's, which goes on as if nothing had been asked.
}
