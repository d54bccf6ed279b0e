// `npm run test:ffmpegs`: every version of ffmpeg in FFCLUSTER_FFMPEGS=DIR (DIR/VERSION/ffmpeg) on every case, over two
// clients, held against a plain run of the same ffmpeg. Ends with a table version × case.
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { CASES } from "./cases.ts";
import { type Cell, cellsOf, isBad } from "./matrix.ts";

const { values } = parseArgs({
  options: {
    ffmpegs: { type: "string" },
    version: { type: "string", multiple: true },
    case: { type: "string" },
    "at-once": { type: "string", default: "2" },
  },
});

const write = (line: string) => process.stderr.write(`${line}\n`);
const byNumber = (a: string, b: string) => Number.parseFloat(a) - Number.parseFloat(b) || a.localeCompare(b);

/** Folders of FFCLUSTER_FFMPEGS that hold an ffmpeg for this machine, the oldest first. */
async function versionsIn(folder: string): Promise<string[]> {
  const names = values.version ?? (await readdir(folder));
  return names.filter((name) => existsSync(join(folder, name, "ffmpeg"))).sort(byNumber);
}

function lineOf({ version, name, result, text }: Cell): string {
  return `${version.padEnd(5)} ${name.padEnd(36)} ${result.padEnd(8)} ${result === "exact" ? "" : text.slice(0, 300)}`;
}

function table(versions: readonly string[], cells: readonly Cell[]): string[] {
  const names = [...new Set(cells.map(({ name }) => name))];
  const row = (name: string) =>
    [
      name.padEnd(36),
      ...versions.map((version) => {
        const cell = cells.find((one) => one.name === name && one.version === version);
        return (cell?.result ?? "").padEnd(8);
      }),
    ].join(" ");
  return [["".padEnd(36), ...versions.map((version) => version.padEnd(8))].join(" "), ...names.map(row)];
}

const given = values.ffmpegs ?? process.env.FFCLUSTER_FFMPEGS;
if (given === undefined || given === "") {
  write("Name the folder that holds the versions: FFCLUSTER_FFMPEGS=DIR, with DIR/9.0/ffmpeg and the like.");
  process.exit(2);
}
const folder = resolve(given);
const versions = await versionsIn(folder);
const wanted = CASES.filter(({ name }) => values.case === undefined || name.includes(values.case));
const cells: Cell[] = [];
for (const version of versions) {
  try {
    cells.push(
      ...(await cellsOf(join(folder, version), wanted, Number(values["at-once"]), (cell) => write(lineOf(cell)))),
    );
  } catch (thrown) {
    const cell: Cell = { version, name: "cluster", result: "failed", text: String(thrown).slice(0, 600) };
    write(lineOf(cell));
    cells.push(cell);
  }
}
const bad = cells.filter(isBad);
process.stdout.write(`\n${table(versions, cells).join("\n")}\n\n`);
for (const cell of cells) if (cell.result !== "exact") process.stdout.write(`${lineOf(cell)}\n`);
const counts = (["exact", "refused", "skipped", "failed", "WRONG"] as const).map(
  (result) => `${cells.filter((cell) => cell.result === result).length} ${result}`,
);
process.stdout.write(`\n${versions.length} versions, ${cells.length} cells: ${counts.join(", ")}\n`);
process.exitCode = bad.length === 0 && cells.length > 0 ? 0 : 1;
