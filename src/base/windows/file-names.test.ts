import { expect, test } from "bun:test";
import { nameObjection, pathObjection } from "./file-names.ts";

test.each([
  ["a:b.mp4", "holds :"],
  ["what?.mp4", "holds ?"],
  ["<x>.mkv", "holds <"],
  ["a|b.mp4", "holds |"],
  ["a*.mp4", "holds *"],
  ['a"b.mp4', 'holds "'],
  ["a\tb.mp4", "do not show"],
  ["x.", "ends in a dot"],
  ["x.mp4 ", "ends in a dot or a space"],
  ["CON", "a device"],
  ["nul.mp4", "a device"],
  ["com1.tar.gz", "a device"],
])("%j can't be kept", (name, why) => {
  expect(nameObjection(name)).toContain(why);
});

test.each([["film.mp4"], ["Ünï 日本 (1).mkv"], ["console.mp4"], [".hidden"], ["com10.mp4"]])("%s can", (name) => {
  expect(nameObjection(name)).toBeNull();
});

test("every part of a path counts, drives and shares do not", () => {
  expect(pathObjection("C:\\films\\a?b\\x.mp4")).toEqual({ part: "a?b", why: expect.stringContaining("?") });
  expect(pathObjection("C:\\films.\\x.mp4")?.part).toBe("films.");
  expect(pathObjection("C:\\films\\x.mp4:stream")?.part).toBe("x.mp4:stream");
  for (const path of [
    "C:\\films\\x.mp4",
    "c:x.mp4",
    "\\\\nas\\films\\x.mp4",
    "\\\\?\\C:\\films\\x.mp4",
    "..\\out/x.mp4",
  ])
    expect(pathObjection(path)).toBeNull();
});
