// Builds the mini program into dist/, with the service's address and the contest of config.json or of the environment.
import { build } from "esbuild";
import { cpSync, readFileSync, rmSync } from "node:fs";

const config = JSON.parse(readFileSync("config.json", "utf-8"));
const service = process.env.MINIPROGRAM_SERVICE ?? config.service;
const contest = process.env.MINIPROGRAM_CONTEST ?? config.contest;
const pages = ["list", "entry", "ballots", "confirm"].map((name) => `src/pages/${name}/index.ts`);
const common = { outdir: "dist", outbase: "src", format: "cjs", target: "es2017", charset: "utf8", legalComments: "none" };

rmSync("dist", { recursive: true, force: true });
cpSync("src", "dist", { recursive: true, filter: (name) => !name.endsWith(".ts") && !name.endsWith("words.json") });
await build({ ...common, entryPoints: ["src/app.ts", ...pages] });
// The rules of sending a ballot are the web page's own. One module for all pages: they share what is under way.
await build({
  ...common,
  entryPoints: ["src/voting.ts"],
  bundle: true,
  inject: ["src/crypto.ts"],
  define: { SERVICE: JSON.stringify(service.replace(/\/$/, "")), CONTEST: JSON.stringify(contest) },
});
