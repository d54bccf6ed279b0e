// Makes MP4 files that lie: a box of the header is renamed, so that readers pass over it and every offset stays.
import { readFile, writeFile } from "node:fs/promises";

/** Every box of these names becomes a `free` one. Errors: a name is not in the file's header. */
export async function forgetBoxes(path: string, names: readonly string[], target: string): Promise<void> {
  const file = await readFile(path);
  const moov = file.indexOf("moov");
  for (const name of names) {
    let found = 0;
    for (let at = file.indexOf(name, moov); at !== -1; at = file.indexOf(name, at + 4)) {
      file.write("free", at);
      found += 1;
    }
    if (moov === -1 || found === 0) throw new Error(`${path} has no ${name} box`);
  }
  await writeFile(target, file);
}

/** Rewrites the numbers of the file's first `stss` box, one for one. Errors: it has none, or another count of them. */
export async function rewriteSyncSamples(path: string, samples: readonly number[], target: string): Promise<void> {
  const file = await readFile(path);
  const at = file.indexOf("stss", file.indexOf("moov"));
  // Behind the name: version and flags, then the count.
  if (at === -1 || file.readUInt32BE(at + 8) !== samples.length) throw new Error(`${path} marks other samples`);
  for (const [number, sample] of samples.entries()) file.writeUInt32BE(sample, at + 12 + 4 * number);
  await writeFile(target, file);
}
