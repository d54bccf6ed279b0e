import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mayBreakClock, pesTime } from "./scan-clock.ts";

const folder = await mkdtemp(join(tmpdir(), "scan-clock-"));
afterAll(() => rm(folder, { recursive: true }));

const PICTURE = 0xe0;
const PRIVATE = 0xbd;

/** Five bytes of ISO/IEC 13818-1, 2.4.3.7. */
function stamp(prefix: number, ticks: number): number[] {
  const high = Math.floor(ticks / 2 ** 30) & 7;
  const middle = Math.floor(ticks / 2 ** 15) & 0x7fff;
  const low = ticks & 0x7fff;
  return [(prefix << 4) | (high << 1) | 1, middle >> 7, ((middle << 1) | 1) & 0xff, low >> 7, ((low << 1) | 1) & 0xff];
}

/** A PES packet of MPEG-2 with a PTS a frame behind its DTS. */
function pes(id: number, ticks: number): number[] {
  const payload = [0x80, 0xc0, 10, ...stamp(3, ticks + 3600), ...stamp(1, ticks), 1, 2, 3, 4, 5, 6, 7, 8];
  return [0, 0, 1, id, payload.length >> 8, payload.length & 0xff, ...payload];
}

/** Transport packets of `size` bytes, one PES packet of stream 256 each. */
function transport(times: readonly number[], { id = PICTURE, size = 188 } = {}): Uint8Array {
  const bytes = new Uint8Array(times.length * size).fill(0xff);
  for (const [place, ticks] of times.entries())
    bytes.set([0x47, 0x41, 0, 0x10, ...pes(id, ticks)], place * size + size - 188);
  return bytes;
}

/** Packs of a program stream, one PES packet each. */
function program(times: readonly number[], id = PICTURE): Uint8Array {
  const pack = [0, 0, 1, 0xba, 0x44, 0, 4, 0, 4, 1, 0, 0, 3, 0xf8];
  const end = [0, 0, 1, 0xb9, ...new Array<number>(64).fill(0)];
  return Uint8Array.from([...times.flatMap((ticks) => [...pack, ...pes(id, ticks)]), ...end]);
}

async function isOdd(bytes: Uint8Array, formatName: string): Promise<boolean> {
  const path = join(folder, "clip");
  await writeFile(path, bytes);
  return await mayBreakClock(path, formatName);
}

/** Every 40 ms. */
function from(start: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => (start + n * 3600) % 2 ** 33);
}

describe("times of PES packets", () => {
  test("the decoding time, to its 33rd bit", () => {
    expect(pesTime(Uint8Array.from(pes(PICTURE, 8_589_900_000)), 0)).toBe(8_589_900_000);
  });
  test("MPEG-1: stuffing and a buffer size before it", () => {
    const header = [0, 0, 1, PICTURE, 0, 20, 0xff, 0xff, 0x60, 0x20, ...stamp(2, 90_000)];
    expect(pesTime(Uint8Array.from(header), 0)).toBe(90_000);
  });
});

for (const [formatName, make] of [
  ["mpegts", (times: readonly number[]) => transport(times)],
  ["mpegts", (times: readonly number[]) => transport(times, { size: 192 })],
  ["mpeg", (times: readonly number[]) => program(times)],
] as const) {
  describe(`${formatName}, ${make(from(0, 4)).length} bytes for four packets`, () => {
    test("one recording", async () => expect(await isOdd(make(from(126_000, 100)), formatName)).toBe(false));
    // Readers leave a stream that began before the wrap on the other side of it.
    test("a clock that wraps is read by ffprobe", async () =>
      expect(await isOdd(make(from(2 ** 33 - 36_000, 100)), formatName)).toBe(true));
    test("two recordings", async () =>
      expect(await isOdd(make([...from(0, 50), ...from(0, 50)]), formatName)).toBe(true));
    test("a leap", async () => expect(await isOdd(make([...from(0, 50), ...from(9e7, 50)]), formatName)).toBe(true));
  });
}

test("subtitles may pause, not go back", async () => {
  expect(await isOdd(transport([0, 9e6, 18e6, 27e6], { id: PRIVATE }), "mpegts")).toBe(false);
  expect(await isOdd(transport([0, 9e6, 4e6, 27e6], { id: PRIVATE }), "mpegts")).toBe(true);
});

test("sound of a private stream does not pause: Opus, AC-3", async () => {
  const leap = (before: number) => [...from(0, before), ...from(9e7, 10)];
  expect(await isOdd(transport(leap(50), { id: PRIVATE }), "mpegts")).toBe(true);
  expect(await isOdd(transport(leap(3), { id: PRIVATE }), "mpegts")).toBe(false);
});

test("what begins an hour after the sound of a private stream, and such sound after pictures", async () => {
  const soon = from(0, 20);
  const late = from(9e7, 10);
  for (const [first, second] of [
    [PRIVATE, PICTURE],
    [PICTURE, PRIVATE],
  ] as const) {
    const two = (begins: readonly number[]) => {
      const other = transport(begins, { id: second });
      for (let at = 2; at < other.length; at += 188) other[at] = 1;
      return Buffer.concat([transport(soon, { id: first }), other]);
    };
    expect(await isOdd(two(late), "mpegts")).toBe(true);
    expect(await isOdd(two(from(72_000, 10)), "mpegts")).toBe(false);
  }
});

test("more than is read at once, and packets across the seams of it", async () => {
  const times = from(0, 30_000);
  expect(await isOdd(transport(times), "mpegts")).toBe(false);
  expect(await isOdd(transport([...times, 0]), "mpegts")).toBe(true);
});

test("what is no transport stream is left to ffprobe; other formats are never read", async () => {
  expect(await isOdd(new Uint8Array(2000), "mpegts")).toBe(true);
  expect(await isOdd(new Uint8Array(2000), "matroska,webm")).toBe(false);
  // Its clock may restart, and nothing here reads its pages.
  expect(await isOdd(new Uint8Array(2000), "ogg")).toBe(true);
});
