// NUT's numbers and headers: what is written reads back, and what makes no sense is refused with words for a user.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseMainHeader, parseStreamHeader } from "./nut-headers.ts";
import { NutBytes, NutError, numberBytes } from "./nut-numbers.ts";

test("numbers read back as they were written", () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat(), { maxLength: 5 }), (numbers) => {
      const bytes = new NutBytes(Uint8Array.from(numbers.flatMap(numberBytes)));
      for (const number of numbers) expect(bytes.number()).toBe(number);
      expect(() => bytes.number()).toThrow("ends in the middle of a number");
    }),
  );
});

test("signed numbers alternate around zero", () => {
  const bytes = new NutBytes(Uint8Array.of(0, 1, 2, 3, 4));
  expect([0, 1, 2, 3, 4].map(() => bytes.signed())).toEqual([0, 1, -1, 2, -2]);
});

test("a number beyond 2^53 and a block longer than the file are refused", () => {
  expect(() => new NutBytes(new Uint8Array(9).fill(0xff)).number()).toThrow("beyond what is counted with");
  expect(() => new NutBytes(Uint8Array.of(3, 0, 0)).block()).toThrow("ends in the middle of a block");
  expect(new NutBytes(Uint8Array.of(2, 7, 8)).block()).toEqual(Uint8Array.of(7, 8));
});

/** `codes`: flags, number of fields, fields. */
const header = (start: readonly number[], codes: readonly number[], elisions: readonly number[] = [0]) =>
  parseMainHeader(new NutBytes(Uint8Array.from([...start, ...codes, ...elisions])));
const START = [3, 1, 0, 1, 1, 25];
/** All 256 by one rule: six fields, the last of them the count (255, and the code that no frame has). */
const ALL_CODES = [0, 6, 0, 1, 0, 0, 0, ...numberBytes(255)];

test("a main header", () => {
  const main = header(START, ALL_CODES, [1, 3, 0, 0, 1]);
  expect(main).toMatchObject({ version: 3, streams: 1, timeBases: [{ num: 1, den: 25 }] });
  expect(main.frameCodes.length).toBe(256);
  expect(main.frameCodes[78]?.flags).toBe(8192);
  expect(main.frameCodes[79]?.sizeLsb).toBe(78);
  expect(main.elisions).toEqual([new Uint8Array(0), Uint8Array.of(0, 0, 1)]);
});

test.each([
  ["version 5 of NUT", () => header([5, ...START.slice(1)], ALL_CODES)],
  ["time base of zero", () => header([3, 1, 0, 1, 0, 25], ALL_CODES)],
  ["time base of zero", () => header([3, 1, 0, 1, 1, 0], ALL_CODES)],
  ["too long", () => header([3, 1, 0, ...numberBytes(257)], [])],
  ["too long", () => header(START, ALL_CODES, numberBytes(257))],
  ["makes no sense", () => header(START, [0, 6, 0, 1, 0, 0, 0, 0])],
  ["makes no sense", () => header(START, [0, 6, 0, 1, 0, 0, 0, ...numberBytes(256)])],
  ["ends in the middle", () => header(START, ALL_CODES, [])],
  ["lacks a time base", () => stream([0, 0, 0, 1])],
  ["msb_pts_shift", () => stream([0, 0, 0, 0, 33])],
] as const)("%s", (words, parse) => {
  expect(parse).toThrow(NutError);
  expect(parse).toThrow(words);
});

function stream(bytes: readonly number[]) {
  return parseStreamHeader(new NutBytes(Uint8Array.from(bytes)), header(START, ALL_CODES));
}

test("a stream header", () => {
  expect(stream([0, 0, 0, 0, 7, 0, 0, 0, 2, 5, 6, 0x82, 0x40, 0x81, 0x34, 1, 1, 0])).toEqual({
    id: 0,
    isVideo: true,
    codecTag: "",
    timeBase: { num: 1, den: 25 },
    msbPtsShift: 7,
    extradata: Uint8Array.of(5, 6),
    size: { width: 320, height: 180 },
  });
});
