import { expect, test } from "bun:test";
import { createPauseSwitch } from "./pause.ts";

test("time spent paused adds up, this moment's included; setting it twice changes nothing", () => {
  let now = 0;
  const pause = createPauseSwitch(() => now);
  const seen: boolean[] = [];
  const end = pause.onChange((isPaused) => seen.push(isPaused));
  now = 10;
  pause.set(true);
  now = 14;
  pause.set(true);
  expect({ isPaused: pause.isPaused(), ms: pause.pausedMs() }).toEqual({ isPaused: true, ms: 4 });
  now = 20;
  pause.set(false);
  now = 50;
  expect({ isPaused: pause.isPaused(), ms: pause.pausedMs() }).toEqual({ isPaused: false, ms: 10 });
  pause.set(true);
  now = 51;
  expect(pause.pausedMs()).toBe(11);
  end();
  pause.set(false);
  expect(seen).toEqual([true, false, true]);
});

test("what waits goes on when it may, or when it is given up", async () => {
  const pause = createPauseSwitch();
  await pause.whenRunning();
  pause.set(true);
  const went: string[] = [];
  const abort = new AbortController();
  const resumed = pause.whenRunning().then(() => went.push("resumed"));
  const aborted = pause.whenRunning(abort.signal).then(() => went.push("aborted"));
  abort.abort();
  await aborted;
  expect(went).toEqual(["aborted"]);
  pause.set(false);
  await resumed;
  expect(went).toEqual(["aborted", "resumed"]);
});
