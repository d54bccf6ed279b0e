// How long `ffcluster --version` takes against an executable that Bun makes of one line, and what else starts often: the
// guard of an ffmpeg. Runs alternate, so that what else the machine does meets all of them alike.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { median, print } from "./lib.ts";

const GOAL_MS = 50;
const OURS = resolve(import.meta.dir, "../dist/ffcluster");
const runs = Number(parseArgs({ options: { runs: { type: "string", default: "40" } } }).values.runs);

interface Figures {
  readonly wallMs: number[];
  readonly cpuMs: number[];
}

/** Compiled as ours is, so that only what it loads differs. */
async function bareExecutable(folder: string): Promise<string> {
  const entry = join(folder, "bare.ts");
  const outfile = join(folder, "bare");
  await writeFile(entry, 'console.log("bare 0.1.0");\n');
  await Bun.build({
    entrypoints: [entry],
    minify: true,
    bytecode: true,
    format: "esm",
    target: "bun",
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  });
  return outfile;
}

async function measure(command: readonly string[], { wallMs, cpuMs }: Figures): Promise<void> {
  const began = performance.now();
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed`);
  wallMs.push(performance.now() - began);
  cpuMs.push(Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1000);
}

const folder = await mkdtemp(join(tmpdir(), "ffcluster-bench-"));
try {
  const bare = await bareExecutable(folder);
  const commands = {
    "a bare executable of Bun": [bare],
    "ffcluster --version": [OURS, "--version"],
    "ffcluster serve --help": [OURS, "serve", "--help"],
    "ffcluster --help": [OURS, "--help"],
    "guard of `true`": [OURS, "__exec", "true"],
  };
  const rows = Object.entries(commands).map(([name, command]) => {
    const figures: Figures = { wallMs: [], cpuMs: [] };
    return { name, command, figures };
  });
  for (const { command } of rows) await measure(command, { wallMs: [], cpuMs: [] }); // into the page cache
  for (let round = 0; round < runs; round += 1)
    for (const { command, figures } of rows) await measure(command, figures);
  const base = rows[0]?.figures;
  for (const { name, figures } of rows) {
    const [wall, cpu] = [median(figures.wallMs), median(figures.cpuMs)];
    const over =
      base === undefined || figures === base ? "" : `, ${(wall - median(base.wallMs)).toFixed(0)} ms over the bare one`;
    const least = Math.min(...figures.wallMs);
    print(`${name.padEnd(26)} ${wall.toFixed(0)} ms (at best ${least.toFixed(0)}), ${cpu.toFixed(0)} ms of CPU${over}`);
  }
  print(`goal of --version: < ${GOAL_MS} ms over the bare one`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
