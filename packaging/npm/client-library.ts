// Makes the client library of the npm package: one file of JavaScript for Node and Bun, with all that it needs inside, and
// its types.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { declarations } from "./declarations.ts";

const ENTRY = join(import.meta.dir, "../../src/api/sdk/ffcluster-client.ts");

/** Writes `client.js` and `client.d.ts` into `folder`. */
export async function placeClientLibrary(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { outputs } = await Bun.build({
    entrypoints: [ENTRY],
    target: "node",
    format: "esm",
    minify: { whitespace: true, syntax: true, identifiers: false }, // names stay, for stack traces
  });
  const [output] = outputs;
  if (output === undefined || outputs.length !== 1) throw new Error("the client library is not one file");
  const text = await output.text();
  const own = /\bBun\.|\bimport\.meta\.require|"bun:/.exec(text);
  if (own !== null)
    throw new Error(`the client library uses what only Bun has: ${text.slice(own.index - 60, own.index + 60)}`);
  await writeFile(join(folder, "client.js"), text);
  await writeFile(join(folder, "client.d.ts"), await declarations());
}
