/** Where a file lies below the folder that JupyterLab shows. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";

import { pathFromRoot } from "../../vscode_extension/src/root.ts";

test("a file is found below the root, and below what the root links to", () => {
  const folder = fs.realpathSync(
    fs.mkdtempSync(path.join(os.tmpdir(), "root-")),
  );
  const [real, link] = [path.join(folder, "real"), path.join(folder, "link")];
  fs.mkdirSync(real);
  fs.symlinkSync(real, link);
  fs.writeFileSync(path.join(real, "a.ipynb"), "");
  assert.equal(pathFromRoot(path.join(link, "b.ipynb"), link), "b.ipynb");
  assert.equal(pathFromRoot(path.join(real, "a.ipynb"), link), "a.ipynb");
  assert.equal(pathFromRoot(path.join(folder, "a.ipynb"), link), undefined);
  assert.equal(pathFromRoot(path.join(real, "..a.ipynb"), real), "..a.ipynb");
  assert.equal(pathFromRoot(path.join(real, "a.ipynb"), undefined), undefined);
});
