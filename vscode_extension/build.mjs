// Builds the companion extension into the Python package. `make vscode-extension` calls it.

import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";

const BUILT = "../jupyter_codeserver_proxy/vscode_extension";
// What npm needs, and VS Code does not. Each window is sent the manifest twice.
const NOT_VSCODES = ["scripts", "dependencies", "devDependencies", "prettier", "private"];
// VS Code loads the first; it loads the others when a window needs them.
const IN_NODE = ["extension", "debugging", "kernels", "languages"];

const common = { bundle: true, minify: true, metafile: true, legalComments: "none" };

/** Returns the text of a package's licence. Project Jupyter's packages contain none, but have ours. */
async function readLicence(folder, { name, license, author }) {
  const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
  if (file) return (await readFile(path.join(folder, file), "utf8")).trim();
  if (license !== "BSD-3-Clause") throw new Error(`${name} has no text of its licence.`);
  const ours = await readFile("../LICENSE", "utf8");
  return ours.replace(/^Copyright .*$/m, `Copyright (c) ${author.name ?? author}`).trim();
}

/** Writes the licences of all packages that the bundles contain, as their licences ask. */
async function writeNotices(metafiles) {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const folders = inputs.map(
    (input) => /^((?:[^:]*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1],
  );
  const texts = [];
  for (const folder of [...new Set(folders.filter(Boolean))].sort()) {
    const manifest = JSON.parse(await readFile(`${folder}/package.json`));
    const { name, version, license } = manifest;
    texts.push(`${name} ${version} (${license})\n\n${await readLicence(folder, manifest)}\n`);
  }
  await writeFile(`${BUILT}/ThirdPartyNotices.txt`, texts.join(`\n${"-".repeat(80)}\n\n`));
}

await rm(BUILT, { recursive: true, force: true });
await mkdir(BUILT, { recursive: true });
const { metafile } = await build({
  ...common,
  entryPoints: IN_NODE.map((name) => ({ in: `src/${name}.ts`, out: name })),
  outdir: BUILT,
  platform: "node",
  target: "node18",
  external: ["vscode", ...IN_NODE.map((name) => `./${name}.js`)],
});
// VS Code loads it into a notebook's webview.
const { metafile: browserMetafile } = await build({
  ...common,
  entryPoints: ["src/widgets.ts"],
  outdir: BUILT,
  platform: "browser",
  format: "esm",
  target: "es2022",
  loader: { ".woff2": "file" },
  assetNames: "[name]",
});
await writeNotices([metafile, browserMetafile]);
const manifest = JSON.parse(await readFile("package.json"));
for (const key of NOT_VSCODES) delete manifest[key];
await writeFile(`${BUILT}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
await copyFile("package.nls.json", `${BUILT}/package.nls.json`);
