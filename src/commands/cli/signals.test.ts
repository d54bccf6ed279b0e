// Which signals end a command; that they do is shown with real ones in cli.test.ts.
import { expect, test } from "bun:test";
import { endingSignals, listenForSignals } from "./signals.ts";

test("Ctrl-Break counts on Windows, a closed terminal everywhere but under nohup", () => {
  expect(endingSignals("win32", false)).toEqual({ requests: ["SIGINT", "SIGTERM", "SIGBREAK"], hangups: ["SIGHUP"] });
  expect(endingSignals("linux", false)).toEqual({ requests: ["SIGINT", "SIGTERM"], hangups: ["SIGHUP"] });
  expect(endingSignals("darwin", true).hangups).toEqual([]);
});

test("nobody listens once it has stopped", () => {
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const before = names.map((name) => process.listenerCount(name));
  const signals = listenForSignals(() => {});
  expect(process.listenerCount("SIGTERM")).toBe((before[1] ?? 0) + 1);
  signals.stop();
  expect(names.map((name) => process.listenerCount(name))).toEqual(before);
});
