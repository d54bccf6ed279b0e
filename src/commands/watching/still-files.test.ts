import { expect, test } from "bun:test";
import { StillFiles } from "./still-files.ts";

const file = (path: string, bytes: number, mtimeMs = 0) => ({ path, bytes, mtimeMs });

test("a file is taken once, when its size and date have not changed for the time to settle", () => {
  const still = new StillFiles(10);
  const taken = (nowMs: number, ...files: ReturnType<typeof file>[]) =>
    still.look(files, nowMs).map(({ path }) => path);
  expect(taken(0, file("grows", 1), file("whole", 5))).toEqual([]);
  expect(taken(9, file("grows", 2), file("whole", 5))).toEqual([]);
  expect(taken(10, file("grows", 3), file("whole", 5))).toEqual(["whole"]);
  expect(taken(20, file("grows", 3), file("whole", 5))).toEqual(["grows"]);
  expect(taken(99, file("grows", 3), file("whole", 5))).toEqual([]);
});

test("one that is replaced is taken again, one that is deleted and comes back too, an empty one never", () => {
  const still = new StillFiles(10);
  const taken = (nowMs: number, ...files: ReturnType<typeof file>[]) =>
    still.look(files, nowMs).map(({ path }) => path);
  taken(0, file("a", 1), file("empty", 0));
  expect(taken(10, file("a", 1), file("empty", 0))).toEqual(["a"]);
  expect(taken(20, file("a", 1, 7))).toEqual([]);
  expect(taken(30, file("a", 1, 7))).toEqual(["a"]);
  expect(taken(40)).toEqual([]);
  expect(taken(50, file("a", 1, 7))).toEqual([]);
  expect(taken(60, file("a", 1, 7))).toEqual(["a"]);
  still.again("a");
  expect(taken(61, file("a", 1, 7))).toEqual(["a"]);
  expect(taken(62, file("a", 1, 7))).toEqual([]);
});

test("a thousand at once are all taken", () => {
  const still = new StillFiles(1);
  const files = Array.from({ length: 1000 }, (_, number) => file(`${number}`, 1));
  expect(still.look(files, 0)).toEqual([]);
  expect(still.look(files, 1)).toHaveLength(1000);
});
