// Builds the pages' files into ../static, named by their content, with a manifest of logical to built names.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const out = process.argv[2] ?? "../static";
const entries = ["voter.ts", "solver.ts", "board.ts", "style.css"];

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const built = await build({
  entryPoints: entries.map((name) => join("src", name)),
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2017",
  charset: "utf8",
  legalComments: "none",
  write: false,
  outdir: "/",
});
const manifest = {};
for (const file of built.outputFiles) {
  const name = basename(file.path);
  const [stem, suffix] = name.split(".");
  const hash = createHash("sha256").update(file.contents).digest("hex").slice(0, 12);
  manifest[name] = `${stem}.${hash}.${suffix}`;
  writeFileSync(join(out, manifest[name]), file.contents);
}
// The solver's code is altcha's, under the MIT licence, whose text goes with it.
copyFileSync("node_modules/altcha/LICENSE.txt", join(out, "altcha-LICENSE.txt"));
writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
for (const name of Object.values(manifest)) {
  console.error(`${name} ${readFileSync(join(out, name)).length} bytes`);
}
