// What a running client says, at the widths that terminals have.
import { expect, test } from "bun:test";
import { VERSION } from "../../base/version.ts";
import { widthOf } from "../output/fit-text.ts";
import { clientFrame } from "./client-frame.ts";
import { type HeldSegment, newsOf, type ToldStatus } from "./client-words.ts";

const names = { server: "vm:5001", client: "attic" };
const connected = { kind: "connected", clientId: "1", serverVersion: VERSION, slots: 2 } as const;
const held: HeldSegment = {
  ...{ fileName: "sintel-trailer-720p24-52s.mp4", segment: 12, stage: "encoding" },
  ...{ frames: 63, expectedFrames: 100, fps: 61.24 },
};
const working = (...segments: readonly HeldSegment[]): ToldStatus => ({ kind: "working", held: segments });

test("it says where it is connected, as whom, and that it waits", () => {
  expect(newsOf(connected, names)).toBe("Connected to vm:5001 as attic, 2 encodes at a time. Waiting for work.");
  expect(newsOf({ ...connected, slots: 1 }, names, true)).toBe("Connected to vm:5001 as attic, 1 encode at a time.");
  expect(newsOf({ ...connected, serverVersion: "9.9.9" }, names)).toContain("The server has version 9.9.9");
  expect(newsOf({ kind: "ended", reason: "stopped" }, names)).toBe("Disconnected from vm:5001: stopped.");
  expect(newsOf(working(held), names)).toBeNull();
});

test.each([40, 80, 120, 200])("%i columns hold file, segment, share and speed of each encode", (columns) => {
  const lines = clientFrame(working(held, { ...held, segment: 13, stage: "fetching" }), columns);
  for (const line of lines) expect(widthOf(line)).toBeLessThan(columns);
  expect(lines[0]).toMatch(/^sin.*4 {2}segment 12 {2}63 % {2}61\.2 fps$/);
  expect(lines[1]).toMatch(/segment 13 {2}fetching$/);
  expect(clientFrame(working(), columns)).toEqual(["Waiting for work."]);
});
