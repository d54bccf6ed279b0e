import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sampleOf } from "./others-cpu.ts";
import { growing, ownCpuMs, processesIn, watchOwnCpu } from "./own-cpu.ts";
import { isOnAcByFiles, isOnAcByStatus, isOnAcIn } from "./power-source.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-machine-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Supplies = Readonly<Record<string, Readonly<Record<string, string>>>>;
async function supplies(name: string, wanted: Supplies): Promise<string> {
  const root = join(folder, name);
  for (const [supply, files] of Object.entries(wanted)) {
    await mkdir(join(root, supply), { recursive: true });
    for (const [file, text] of Object.entries(files)) await writeFile(join(root, supply, file), `${text}\n`);
  }
  return root;
}

const BATTERY = { type: "Battery", status: "Discharging" };
test.each<[string, Supplies, boolean]>([
  ["a desktop without any", {}, true],
  ["mains alone", { AC: { type: "Mains", online: "0" } }, true],
  ["a laptop on battery", { AC: { type: "Mains", online: "0" }, BAT0: BATTERY }, false],
  ["a laptop on mains", { AC: { type: "Mains", online: "1" }, BAT0: { ...BATTERY, status: "Charging" } }, true],
  ["on mains that hold the battery", { AC: { type: "Mains", online: "1" }, BAT0: BATTERY }, true],
  ["by USB-C", { usb: { type: "USB", online: "1" }, AC: { type: "Mains", online: "0" }, BAT0: BATTERY }, true],
  ["no word of mains, the battery is full", { BAT0: { type: "Battery", status: "Full" } }, true],
  ["no word of mains, the battery empties", { BAT0: BATTERY }, false],
  ["the battery of a mouse", { mouse: { ...BATTERY, scope: "Device" } }, true],
])("%s", async (name, wanted, isOnAc) => {
  expect(await isOnAcByFiles(await supplies(name.replaceAll(" ", "-"), wanted))).toBe(isOnAc);
});

test("what macOS and Windows say", () => {
  expect(isOnAcIn("Now drawing from 'Battery Power'\n -InternalBattery-0 (id=1)\t85%; discharging;")).toBe(false);
  expect(isOnAcIn("Now drawing from 'AC Power'\n")).toBe(true);
  expect(isOnAcIn("")).toBe(true);
  expect([0, 1, 255].map((first) => isOnAcByStatus(new Uint8Array([first, 0])))).toEqual([false, true, true]);
  expect(isOnAcByStatus(null)).toBe(true);
});

test("own processes are this one, its kind, and all that they started", () => {
  const own = (pid: number, parent: number, cpuMs: number, isSame = false) => ({ pid, parent, cpuMs, isSame });
  const processes = [own(1, 0, 1000), own(10, 1, 1), own(11, 10, 20), own(12, 11, 300), own(20, 1, 4000, true)];
  expect(ownCpuMs(processes, 10)).toBe(4321);
  expect(ownCpuMs(processes, 11)).toBe(4320);
});

test("processes as /proc shows them, names with spaces and brackets too", async () => {
  const root = join(folder, "proc");
  await mkdir(join(root, "42"), { recursive: true });
  await mkdir(join(root, "sys"), { recursive: true });
  const numbers = Array.from({ length: 40 }, (_, at) => String(at));
  await writeFile(join(root, "42/stat"), `42 (a) b (c) S 7 ${numbers.slice(0, 9).join(" ")} 100 20 3 4 0`);
  expect(processesIn(root)).toEqual([{ pid: 42, parent: 7, cpuMs: 1270, isSame: false }]);
});

test("what processes used adds up when some of them end", () => {
  const add = growing();
  expect(
    add(
      new Map([
        [1, 100],
        [2, 50],
      ]),
    ),
  ).toBe(0);
  expect(
    add(
      new Map([
        [1, 150],
        [2, 60],
      ]),
    ),
  ).toBe(60);
  expect(
    add(
      new Map([
        [1, 151],
        [3, 7],
      ]),
    ),
  ).toBe(68);
});

test("the share of others is what is used less one's own, of all processors", () => {
  const before = { atMs: 1000, usedMs: 500, ownMs: 100, cores: 4 };
  expect(sampleOf(before, { atMs: 3000, usedMs: 4500, ownMs: 2100, cores: 4 })).toEqual({
    atMs: 3000,
    forMs: 2000,
    share: 0.25,
  });
  expect(sampleOf(before, { atMs: 3000, usedMs: 600, ownMs: 2100, cores: 4 }).share).toBe(0);
});

test("what this process computes is its own", () => {
  const own = watchOwnCpu();
  own();
  const { user, system } = process.cpuUsage();
  let sum = 0;
  for (let used = 0; used < 100_000; ) {
    for (let at = 0; at < 1e5; at++) sum += Math.sqrt(at);
    const now = process.cpuUsage({ user, system });
    used = now.user + now.system;
  }
  expect(sum).toBeGreaterThan(0);
  expect(own()).toBeGreaterThanOrEqual(60);
});
