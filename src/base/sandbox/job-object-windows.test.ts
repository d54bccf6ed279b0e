// The bytes that Windows is told, and, on Windows, a program that takes more memory than it may.
import { expect, test } from "bun:test";
import { runProcess } from "../process/run-process.ts";
import { jobLimits } from "./job-object-windows.ts";

const MIB = 1024 ** 2;
const isWindows = process.platform === "win32";
if (!isWindows) console.error("skipped: job objects are there on Windows only");

test("the limits of a job, field by field", () => {
  const bounded = new DataView(jobLimits(3 * MIB).buffer);
  expect(bounded.byteLength).toBe(144);
  const words = (view: DataView) => Array.from({ length: 18 }, (_, at) => Number(view.getBigUint64(at * 8, true)));
  // Flags: die with the last handle, no dialogue at a crash, a bound for each process.
  expect(words(bounded)).toEqual([0, 0, 0x2500, ...Array(11).fill(0), 3 * MIB, 0, 0, 0]);
  expect(words(new DataView(jobLimits(null).buffer))).toEqual([0, 0, 0x2400, ...Array(15).fill(0)]);
});

test.skipIf(!isWindows)(
  "what takes more memory than it is allowed fails by itself",
  async () => {
    const take = "setTimeout(() => console.log(new Uint8Array(600e6).fill(1).length), 1000)";
    const confinement = {
      ...{ programs: [], reads: [], writes: [], devices: [], ports: [], bubblewrap: null, isRequired: false },
    };
    const run = { program: process.execPath, args: ["-e", take] };
    const bounded = await runProcess({ ...run, confinement: { ...confinement, memoryBytes: 400 * MIB } });
    const free = await runProcess({ ...run, confinement: { ...confinement, memoryBytes: null } });
    expect(bounded.exitCode).not.toBe(0);
    expect(free.stdout.trim()).toBe("600000000");
  },
  60_000,
);
