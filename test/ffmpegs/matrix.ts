// Every case on one version of ffmpeg: doctor's self-test, the option tables of the hardware encoders, and the corpus
// over two clients, each held against a plain run of the same ffmpeg.
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Lab, textOf } from "../differential/lab.ts";
import { runTool } from "../support/versus-plain/tools.ts";
import type { Case } from "./cases.ts";

export type Result = "exact" | "refused" | "skipped" | "failed" | "WRONG";

export interface Cell {
  readonly version: string;
  readonly name: string;
  readonly result: Result;
  readonly text: string;
}

/** No cell of these is right: a refusal is, where it names the version or where plain ffmpeg gives up too. */
export function isBad({ result }: Cell): boolean {
  return result === "failed" || result === "WRONG";
}

async function listed(ffmpeg: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const what of ["-encoders", "-filters"]) {
    const { stdout } = await runTool([ffmpeg, "-hide_banner", "-v", "error", what]);
    for (const line of new TextDecoder().decode(stdout).split("\n")) names.add(line.trim().split(/\s+/)[1] ?? "");
  }
  return names;
}

async function selfTest(lab: Lab, version: string): Promise<Cell> {
  const checks = await lab.doctor();
  const found = checks.filter(({ name }) => name === "ffmpeg" || name.startsWith("self-test: "));
  const bad = found.filter(({ ok }) => !ok);
  const isThere = found.length > 1;
  const text = isThere ? bad.map(({ name, detail }) => `${name}: ${detail}`).join("; ") : "doctor has no self-test";
  return { version, name: "doctor", result: bad.length === 0 && isThere ? "exact" : "failed", text };
}

const TABLES = "src/media/request/translate/real-tables.test.ts";

/** The tables of hardware encoders are a test of their own, which reads `-h encoder=` of the ffmpeg that it is given. */
async function hardwareTables(folder: string, version: string, names: ReadonlySet<string>): Promise<Cell> {
  const name = "hardware option tables";
  if (![...names].some((one) => /_(nvenc|qsv|amf|vaapi)$/.test(one))) {
    return { version, name, result: "skipped", text: "no hardware encoder is built in" };
  }
  const root = join(import.meta.dir, "../..");
  const child = Bun.spawn([process.execPath, "test", "--timeout=180000", `./${TABLES}`], {
    cwd: root,
    env: { ...process.env, FFCLUSTER_FFMPEG_DIR: folder },
    stdout: "ignore",
    stderr: "pipe",
  });
  const [stderr, exitCode] = await Promise.all([child.stderr.text(), child.exited]);
  return { version, name, result: exitCode === 0 ? "exact" : "failed", text: exitCode === 0 ? "" : stderr.slice(-600) };
}

async function cellOf(lab: Lab, one: Case, version: string, names: ReadonlySet<string>): Promise<Cell> {
  const lacking = one.needs.filter((need) => !names.has(need));
  const cell = (result: Result, text: string): Cell => ({ version, name: one.name, result, text });
  if (lacking.length > 0) return cell("skipped", `no ${lacking.join(", ")}`);
  const folder = await lab.folder(`case-${Bun.hash(one.name).toString(36)}`);
  try {
    const source = await one.make(lab.makers, folder);
    const output = join(folder, `out.${one.container}`);
    const plain = one.plainParams === undefined ? {} : { plainParams: one.plainParams(source) };
    const verdict = await lab.hold({ source, params: one.params, output, ...plain });
    const text = textOf(verdict);
    if (verdict.kind !== "refused") return cell(verdict.kind, text);
    return cell(!verdict.isPlainWorking || text.includes(version) ? "refused" : "failed", text);
  } catch (thrown) {
    return cell("failed", String(thrown)); // an output that can't be read, a file that can't be made
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** All cells of one version, so many at once. `onCell` hears of each as it is there. */
export async function cellsOf(
  folder: string,
  cases: readonly Case[],
  atOnce: number,
  onCell: (cell: Cell) => void,
): Promise<Cell[]> {
  const version = basename(folder);
  await using lab = await Lab.open(folder);
  const names = await listed(lab.tools.ffmpeg);
  const waiting: (() => Promise<Cell>)[] = [
    () => selfTest(lab, version),
    () => hardwareTables(folder, version, names),
    ...cases.map((one) => () => cellOf(lab, one, version, names)),
  ];
  const cells: Cell[] = [];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const cell = await next();
      cells.push(cell);
      onCell(cell);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return cells;
}
