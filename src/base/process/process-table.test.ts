// What the systems write about processes, read from the bytes that they write; and a real child on the system of this run.
import { expect, test } from "bun:test";
import { until } from "../../../test/support/cluster.ts";
import { descendantsCpuMs, descendantsOf, programCpuMs } from "./process-cpu.ts";
import type { ProcessTable } from "./process-table.ts";
import { linuxProcesses, waitedMsIn } from "./process-table-linux.ts";
import { pidsIn, rusageCpuMs } from "./process-table-macos.ts";
import { childrenIn, processEntry, processTimes } from "./process-table-windows.ts";

test("the times of all descendants add up, and unknown children make them unknown", () => {
  const children: Record<number, number[]> = { 1: [2], 2: [3, 4], 3: [] };
  const table: ProcessTable = { childrenOf: (pid) => children[pid] ?? [], cpuMsOf: (pid) => pid * 10 };
  expect(descendantsOf(1, table)).toEqual([2, 3, 4]);
  expect(descendantsCpuMs(1, table)).toBe(90);
  expect(descendantsCpuMs(1, { ...table, childrenOf: () => null })).toBeNull();
});

test("a guard that still starts works by itself; once it has a program, that one counts", () => {
  const table: ProcessTable = { childrenOf: (pid) => (pid === 1 ? [2] : []), cpuMsOf: (pid) => pid * 10 };
  expect(programCpuMs(1, table)).toBe(20);
  expect(programCpuMs(7, table)).toBe(70);
  expect(programCpuMs(7, { ...table, childrenOf: () => null })).toBeNull();
  expect(programCpuMs(7, null)).toBeNull();
});

test("Windows: creation, kernel and user time of a process", () => {
  const times = new BigUint64Array([133_000_000_000_000_000n, 0n, 15_000n, 25_000n]);
  const read = processTimes(new Uint8Array(times.buffer));
  expect(read).toEqual({ createdAt: 133_000_000_000_000_000n, cpuMs: 4 });
});

test("Windows: an entry of the snapshot, and no children of a dead parent whose id is given anew", () => {
  const entry = new DataView(new ArrayBuffer(568));
  entry.setUint32(8, 4321, true);
  entry.setUint32(32, 1234, true);
  expect(processEntry(new Uint8Array(entry.buffer))).toEqual({ pid: 4321, parent: 1234 });
  const entries = [
    { pid: 10, parent: 1 },
    { pid: 11, parent: 10 },
    { pid: 12, parent: 10 },
    { pid: 13, parent: 10 },
    { pid: 14, parent: 2 },
  ];
  const created = new Map([
    [10, 100n],
    [11, 100n],
    [12, 50n],
    [14, 300n],
  ]);
  expect(childrenIn(entries, 10, (pid) => created.get(pid) ?? null)).toEqual([11]);
  expect(childrenIn(entries, 99, () => null)).toEqual([]);
});

test("macOS: processor time in the ticks of either processor, and a list of ids", () => {
  const usage = new DataView(new ArrayBuffer(96));
  usage.setBigUint64(16, 24_000_000n, true);
  usage.setBigUint64(24, 12_000_000n, true);
  const bytes = new Uint8Array(usage.buffer);
  expect(rusageCpuMs(bytes, { numerator: 1, denominator: 1 })).toBe(36);
  expect(rusageCpuMs(bytes, { numerator: 125, denominator: 3 })).toBe(1500);
  expect(pidsIn(new Uint8Array(new Int32Array([7, 0, 9, 8]).buffer), 3)).toEqual([7, 9]);
});

test("a real child's time is seen here", async () => {
  if (descendantsOf(process.pid) === null) throw new Error("this system shows no processes");
  const before = descendantsCpuMs(process.pid) ?? 0;
  const child = Bun.spawn([process.execPath, "-e", "for (;;);"], { stdin: "ignore", stdout: "ignore" });
  try {
    await until("it has used time", 60_000, async () => (descendantsCpuMs(process.pid) ?? 0) > before + 20);
    expect(descendantsOf(process.pid)).toContain(child.pid);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}, 90_000);

test("Linux: waiting for a processor is a sign of work, too; a stopped process shows none", async () => {
  expect(waitedMsIn("1500000 42000000 7\n")).toBe(42);
  expect(waitedMsIn("")).toBe(0);
  if (process.platform !== "linux") return;
  const stopped = Bun.spawn(["sleep", "1000"], { stdin: "ignore" });
  stopped.kill("SIGSTOP");
  await until("it has stopped", 60_000, async () => / T /.test(await Bun.file(`/proc/${stopped.pid}/stat`).text()));
  const before = linuxProcesses.cpuMsOf(stopped.pid);
  await Bun.sleep(50);
  expect(linuxProcesses.cpuMsOf(stopped.pid)).toBe(before);
  stopped.kill("SIGKILL");
  await stopped.exited;
});
