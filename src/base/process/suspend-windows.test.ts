// A real child on Windows: it stands still, goes on where it was, and ends while it is suspended.
import { expect, test } from "bun:test";
import { until } from "../../../test/support/cluster.ts";
import { createPauseSwitch } from "./pause.ts";
import { runProcess } from "./run-process.ts";

const isWindows = process.platform === "win32";
if (!isWindows) console.error("skipped: a process is suspended in this way on Windows only");

/** Many times what lies between two lines of the child. */
const STILL_MS = 1500;

test.skipIf(!isWindows)(
  "a paused child stands still, goes on, and ends at once while it is paused",
  async () => {
    const pausable = createPauseSwitch();
    const abort = new AbortController();
    const seen: number[] = [];
    const counting = "let n = 0; setInterval(() => console.log(n++), 20)";
    const args = ["-e", counting];
    const onLine = (line: string) => void seen.push(Number(line));
    const ended = runProcess({ program: process.execPath, args, pausable, signal: abort.signal, onLine });
    /** Paused, and what was on its way has arrived: for that long nothing more comes. */
    const stands = async () => {
      pausable.set(true);
      let count = -1;
      let since = 0;
      await until("it stands still", 20_000, async () => {
        if (seen.length !== count) since = performance.now();
        count = seen.length;
        return performance.now() - since > STILL_MS;
      });
      return count;
    };
    await until("it counts", 60_000, async () => seen.length > 10);
    for (const _ of [1, 2]) {
      const before = await stands();
      pausable.set(false);
      await until("it goes on", 20_000, async () => seen.length > before + 10);
    }
    expect(seen).toEqual(seen.map((_, index) => index));
    await stands();
    abort.abort();
    expect(await ended).toMatchObject({ ended: "aborted" });
  },
  180_000,
);
