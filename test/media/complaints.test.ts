// `npm run test:media`: files like those in public complaints, built by the make.sh of each folder of FFCLUSTER_CASES
// (else ../shared/cases beside the checkout), into MKV and MP4 over two clients, each held against plain ffmpeg.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Lab, textOf } from "../differential/lab.ts";
import { isHonest } from "../differential/refusals.ts";
import { mustRun } from "../support/versus-plain/tools.ts";

const FOLDER = process.env.FFCLUSTER_CASES || resolve(import.meta.dir, "../../../shared/cases");
const CASES = existsSync(FOLDER)
  ? readdirSync(FOLDER)
      .filter((name) => existsSync(join(FOLDER, name, "make.sh")))
      .sort()
  : [];
const PARAMS = "-c:v libx264 -preset ultrafast -qp 0";
const CASE_WITHIN_MS = 900_000;

/** Inputs that are no films, or that must be refused: an honest no is right, whatever plain ffmpeg makes of them. */
const MAY_REFUSE = /^(28-inputs|32-cenc|33-odd-size)$/;

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.open(null);
}, 180_000);

afterAll(async () => {
  await lab[Symbol.asyncDispose]();
}, 60_000);

for (const name of CASES) {
  test(
    name,
    async () => {
      const folder = await lab.folder(name);
      await mkdir(folder, { recursive: true });
      await mustRun(["bash", join(FOLDER, name, "make.sh"), folder]);
      const sources = (await readdir(folder)).filter((file) => file.startsWith("in")).sort();
      expect(sources.length).toBeGreaterThan(0);
      const wrong: string[] = [];
      for (const file of sources) {
        for (const container of ["mkv", "mp4"]) {
          const output = join(folder, `out-${file}.${container}`);
          const verdict = await lab.hold({ source: join(folder, file), params: PARAMS, output });
          const isRight =
            verdict.kind === "exact" ||
            (verdict.kind === "refused" && (MAY_REFUSE.test(name) || isHonest(verdict.reason, verdict.isPlainWorking)));
          if (!isRight) wrong.push(`${file} to ${container}: ${textOf(verdict)}`);
        }
      }
      expect(wrong).toEqual([]);
    },
    CASE_WITHIN_MS,
  );
}

if (CASES.length === 0) test.skip("files like those in public complaints (set FFCLUSTER_CASES)", () => undefined);
