// Builds the pages' files into ../static, named by their content, with a manifest of logical to built names.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const out = process.argv[2] ?? "../static";
const entries = [
  ...["voter.ts", "solver.ts", "share.ts", "proof.ts", "about.ts", "style.css"],
  ...["board.ts", "chart.ts", "screen.ts", "board.css", "staff.ts", "marking.ts"],
];
const forNode = 'export * from "./ballots"; export * from "./log_proof"; export { once, Problem } from "./api";';
const common = { bundle: true, target: "es2017", charset: "utf8", legalComments: "none", write: false, outdir: "/" };

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const built = await build({
  ...common,
  entryPoints: entries.map((name) => join("src", name)),
  minify: true,
  format: "iife",
});
// It needs BigInt, which es2017 does not have; a browser without it cannot check, and says so.
const newer = await build({ ...common, target: "es2020", entryPoints: ["src/ed25519.ts"], minify: true, format: "iife" });
const manifest = {};
for (const file of [...built.outputFiles, ...newer.outputFiles]) {
  const name = basename(file.path);
  const [stem, suffix] = name.split(".");
  const hash = createHash("sha256").update(file.contents).digest("hex").slice(0, 12);
  manifest[name] = `${stem}.${hash}.${suffix}`;
  writeFileSync(join(out, manifest[name]), file.contents);
}
// What the voter's page does without a DOM, for the tests, which run it under Node. It is in no manifest: nobody is served it.
const forTests = await build({ ...common, stdin: { contents: forNode, resolveDir: "src" }, format: "esm" });
writeFileSync(join(out, "ballots.mjs"), forTests.outputFiles[0].contents);
// The solver's code is altcha's, the share card's is WeChat's and the signature check is noble's, all under the MIT licence,
// whose text goes with them.
copyFileSync("node_modules/altcha/LICENSE.txt", join(out, "altcha-LICENSE.txt"));
copyFileSync("node_modules/@noble/ed25519/LICENSE", join(out, "noble-ed25519-LICENSE.txt"));
copyFileSync("node_modules/weixin-js-sdk/LICENSE", join(out, "weixin-js-sdk-LICENSE.txt"));
// The chart's is Apache ECharts, under the Apache licence, with its notice.
copyFileSync("node_modules/echarts/LICENSE", join(out, "echarts-LICENSE.txt"));
copyFileSync("node_modules/echarts/NOTICE", join(out, "echarts-NOTICE.txt"));
writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
for (const name of Object.values(manifest)) {
  console.error(`${name} ${readFileSync(join(out, name)).length} bytes`);
}
