import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Log, silentLog } from "../../../base/log.ts";
import { openLearntSlots } from "./learnt-slots.ts";

const MACHINE = { cores: 2, ffmpeg: "5.1.9" };
const LEARNT = { slots: 1, refused: [2], fps: { 1: 41.5, 2: 38 } };
const WEEK_MS = 7 * 24 * 3600 * 1000;

let folder: string;
let path: string;
let warnings: string[];
const log: Log = { ...silentLog, warn: (message) => warnings.push(message) };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffc-slots-"));
  path = join(folder, "slots.json");
  warnings = [];
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

test("what is kept is there for the next run, for the same cores and ffmpeg, a week long", async () => {
  const first = await openLearntSlots({ path, machine: MACHINE, log, now: () => 0 });
  expect(first.get("libx264 1080p")).toBeNull();
  first.keep("libx264 1080p", { slots: 2, refused: [], fps: {} });
  first.keep("libx264 1080p", LEARNT);
  expect(first.get("libx264 1080p")).toEqual(LEARNT);
  await first.written();
  expect(await readdir(folder)).toEqual(["slots.json"]);

  const at = async (machine: typeof MACHINE, ms: number) =>
    (await openLearntSlots({ path, machine, log, now: () => ms })).get("libx264 1080p");
  expect(await at(MACHINE, WEEK_MS)).toEqual(LEARNT);
  expect(await at(MACHINE, WEEK_MS + 1)).toBeNull();
  expect(await at({ ...MACHINE, cores: 4 }, 0)).toBeNull();
  expect(await at({ ...MACHINE, ffmpeg: "7.1" }, 0)).toBeNull();
  expect(warnings).toEqual([]);
});

for (const broken of ["{", "[]", '{"k":{"slots":0,"refused":[],"fps":{},"learntAt":"2026-01-01T00:00:00Z"}}', ""]) {
  test(`a broken file is logged, ignored and overwritten: ${broken}`, async () => {
    await writeFile(path, broken);
    const learnt = await openLearntSlots({ path, machine: MACHINE, log });
    expect(learnt.get("k")).toBeNull();
    expect(warnings).toHaveLength(1);
    learnt.keep("k", LEARNT);
    await learnt.written();
    expect((await openLearntSlots({ path, machine: MACHINE, log })).get("k")).toEqual(LEARNT);
    expect(warnings).toHaveLength(1);
  });
}

test("a full disk is logged, and nothing else happens", async () => {
  const learnt = await openLearntSlots({ path, machine: MACHINE, log });
  await rm(folder, { recursive: true });
  await writeFile(folder, "a file where the folder was");
  learnt.keep("k", LEARNT);
  await learnt.written();
  expect(warnings).toHaveLength(1);
  expect(learnt.get("k")).toEqual(LEARNT);
});
