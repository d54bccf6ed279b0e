import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { IS_LONG } from "../../../test/support/long-run.ts";
import { delay } from "../clock.ts";
import { runProcess } from "../process/run-process.ts";
import { capByCgroup } from "./cap-by-cgroup.ts";
import { cpuRateInfo } from "./cpu-rate-windows.ts";
import { watchTreeCpu } from "./own-cpu.ts";
import { startThrottle, throttleBy } from "./throttle.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-cap-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A folder that stands for a control group; the files that the kernel makes in a new one are there already. */
async function group(path: string, own: string, files: readonly string[]): Promise<string> {
  const parent = join(folder, path);
  await mkdir(parent, { recursive: true });
  await writeFile(join(parent, "cgroup.procs"), "");
  await writeFile(join(parent, "cgroup.subtree_control"), "");
  for (const file of files) await writeFile(join(parent, file), "");
  return join(parent, own);
}

describe("where control groups may not be written there is no cap by them", () => {
  test.each(["", "0::/nowhere\n", "3:cpu,cpuacct:/nowhere\n", "1:name=systemd:/\n"])("%p", async (text) => {
    expect(await capByCgroup(1, { text, root: folder, pid: process.pid })).toBeNull();
  });

  test("nothing is left of one that was begun", async () => {
    const own = await group("half", `ffcluster-${process.pid}`, []);
    expect(await capByCgroup(1, { text: "0::/half\n", root: folder, pid: process.pid })).toBeNull();
    expect(await readdir(join(own, ".."))).not.toContain(`ffcluster-${process.pid}`);
  });
});

test("throttled work stands still once it has used more than its part, until time has made up for it", () => {
  const next = throttleBy(1);
  expect([next(50, 100), next(50, 25), next(50, 0), next(50, 60), next(50, 0)]).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  expect([next(10_000, 0), next(50, 249), next(50, 52)]).toEqual([false, false, true]); // of what was not used, little is kept
});

test("what Windows is told", () => {
  expect([...cpuRateInfo(0.5)]).toEqual([5, 0, 0, 0, 0x88, 0x13, 0, 0]);
});

/** An encode without end, on all processors. */
const ENCODE = [
  ...["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=25,noise=alls=20:allf=t"],
  ...["-c:v", "libx264", "-preset", "slow", "-f", "null", "-"],
];
const MEASURED_MS = 10_000;
/** A part that an encode can use, also while other tests run. */
const SHARE = 0.2;

/** Processors, over ten seconds. */
interface Used {
  readonly cores: number;
  /** That nobody used. */
  readonly idle: number;
}

const idleMs = () => cpus().reduce((sum, { times }) => sum + times.idle, 0);

async function measure(cpuMs: () => number | Promise<number>): Promise<Used> {
  const before = { atMs: performance.now(), cpuMs: await cpuMs(), idleMs: idleMs() };
  await delay(MEASURED_MS);
  const [own, idle, tookMs] = [await cpuMs(), idleMs(), performance.now() - before.atMs];
  return { cores: (own - before.cpuMs) / tookMs, idle: (idle - before.idleMs) / tookMs };
}

/** Never more than its part; no less either, while the machine has that much to give. */
function expectNear({ cores, idle }: Used): void {
  const wanted = SHARE * availableParallelism();
  expect(cores / wanted).toBeLessThan(1.2);
  if (idle > wanted / 2) expect(cores / wanted).toBeGreaterThan(0.8);
  else expect(cores).toBeGreaterThan(0);
}

/** Real encodes: in the long run only. */
if (IS_LONG) {
  test("measured: an encode that is stopped for moments uses its part of the processors", async () => {
    const throttle = startThrottle({ share: SHARE });
    const stop = new AbortController();
    const encode = runProcess({ program: "ffmpeg", args: ENCODE, signal: stop.signal, pausable: throttle.pausable });
    try {
      const cpuMs = watchTreeCpu();
      await delay(2000); // in which it begins
      expectNear(await measure(cpuMs));
    } finally {
      stop.abort();
      await encode;
      throttle.stop();
    }
  }, 60_000);

  test.skipIf(process.platform !== "linux")(
    "measured: an encode in a control group uses its part of the processors",
    async () => {
      const encode = Bun.spawn(["ffmpeg", ...ENCODE], { cwd: folder, stdio: ["ignore", "ignore", "ignore"] });
      const text = await readFile("/proc/self/cgroup", "utf8");
      const where = { text, root: "/sys/fs/cgroup", pid: encode.pid };
      const cap = await capByCgroup(SHARE * availableParallelism(), where);
      try {
        if (cap === null) return console.warn("skipped: no control group may be made here");
        const fields = async () =>
          (await readFile(`/proc/${encode.pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
        const cpuMs = async () => 10 * (Number((await fields())[11]) + Number((await fields())[12]));
        expectNear(await measure(cpuMs));
      } finally {
        encode.kill("SIGKILL");
        await encode.exited;
        await cap?.release();
      }
    },
    60_000,
  );
}
