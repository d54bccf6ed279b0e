import { expect, test } from "bun:test";
import { outlookFor } from "./outlook.ts";

const gopsOf = (count: number, frames = 48) =>
  Array.from({ length: count }, (_, k) => ({ startPts: k * frames, endPts: (k + 1) * frames, frames }));
const options = { frameRate: 24, secondsPerTick: 1 / 24, benchmarkSeconds: 10, encoder: "libx264" };

test("one group of pictures is one segment, however many clients", () => {
  expect(outlookFor(gopsOf(1), { ...options, clients: 8 })).toEqual({
    clients: 8,
    segments: 1,
    busyClients: 1,
    longestSegmentSeconds: 2,
  });
});

test("more clients, more and shorter segments, never more than groups", () => {
  const outlooks = [1, 2, 4, 8].map((clients) => outlookFor(gopsOf(300), { ...options, clients }));
  for (const { clients, segments, busyClients } of outlooks) {
    expect(busyClients).toBe(clients);
    expect(segments).toBeGreaterThanOrEqual(clients);
    expect(segments).toBeLessThanOrEqual(300);
  }
  expect(outlooks.map(({ segments }) => segments)).toEqual(
    outlooks.map(({ segments }) => segments).toSorted((a, b) => a - b),
  );
});

test("no groups, no segments", () => {
  expect(outlookFor([], { ...options, clients: 2 }).segments).toBe(0);
});
