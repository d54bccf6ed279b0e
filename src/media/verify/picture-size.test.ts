import { expect, test } from "bun:test";
import { pictureSize } from "./picture-size.ts";

test("one size holds", () => {
  expect(pictureSize([{ size: "320x180" }, { size: "320x180" }], "320x180")).toMatchObject({ ok: true });
});

test("a segment whose pictures took their size from a later part of the source fails", () => {
  const check = pictureSize([{ size: "320x180" }, { size: "480x270" }], "320x180");
  expect(check).toMatchObject({ ok: false, detail: "segments and output are 320x180, 480x270" });
});

test("an output that says another size fails", () => {
  expect(pictureSize([{ size: "320x180" }], "640x360")).toMatchObject({ ok: false });
});

test("segments of an earlier version say none, and the check says so", () => {
  const check = pictureSize([{}, { size: "320x180" }], "320x180");
  expect(check).toMatchObject({ ok: true, detail: expect.stringContaining("not measured: 1 segments") });
});
