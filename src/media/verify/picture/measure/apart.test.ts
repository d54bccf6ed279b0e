import { expect, test } from "bun:test";
import { errorsApart } from "./apart.ts";
import type { StripPlane } from "./strips.ts";

const WIDTH = 64;
const plane = (sampleAt: (column: number, row: number) => number): StripPlane => ({
  plane: { name: "Y", width: WIDTH, height: 8 } as unknown as StripPlane["plane"],
  samples: Uint8Array.from({ length: WIDTH * 8 }, (_, at) => sampleAt(at % WIDTH, Math.floor(at / WIDTH))),
  width: WIDTH,
  rows: 8,
  strips: 1,
});
const every = { first: 0, step: 1 };

test("a faint change that an encoder leaves for later says nothing, a strong one that it shows is its own", () => {
  const own = plane((column) => (column < 32 ? 103 : 200));
  const other = plane(() => 100);
  const lags = plane((column) => (column < 32 ? 100 : 197));
  expect(errorsApart({ own, other, output: lags }, every, 100)).toEqual({ own: 9, other: 97 ** 2 });
});

test("another picture is nearer to itself where the two differ", () => {
  const own = plane((column) => (column < 32 ? 103 : 200));
  const other = plane(() => 100);
  expect(errorsApart({ own, other, output: plane(() => 101) }, every, 100)).toEqual({ own: 99 ** 2, other: 1 });
});

test("of pictures that hardly differ nobody can tell which it is", () => {
  const [own, other] = [plane(() => 103), plane(() => 100)];
  expect(errorsApart({ own, other, output: other }, every, 100)).toBeNull();
});

test("rows of one field alone", () => {
  const own = plane((_, row) => (row % 2 === 0 ? 100 : 150));
  const other = plane(() => 100);
  expect(errorsApart({ own, other, output: other }, { first: 0, step: 2 }, 100)).toBeNull();
  expect(errorsApart({ own, other, output: other }, { first: 1, step: 2 }, 100)).toEqual({ own: 2500, other: 0 });
});
