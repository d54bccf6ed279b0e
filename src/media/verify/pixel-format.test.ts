import { expect, test } from "bun:test";
import { pixelFormat } from "./pixel-format.ts";

test("one format holds, by any of its names", () => {
  const check = pixelFormat([{ pixelFormat: "yuvj420p" }, { pixelFormat: "yuv420p" }], "yuv420p");
  expect(check).toMatchObject({ ok: true, detail: "yuv420p in the output and in every segment" });
});

test("segments of eight and of ten bits in one stream fail, whatever its header says", () => {
  const check = pixelFormat([{ pixelFormat: "yuv420p10le" }, { pixelFormat: "yuv420p" }], "yuv420p10le");
  expect(check).toMatchObject({ ok: false, detail: "segments and output are yuv420p10le, yuv420p" });
});

test("segments of an earlier version say none, and the check says so", () => {
  expect(pixelFormat([{}], "yuv420p")).toMatchObject({ ok: true, detail: expect.stringContaining("not measured: 1") });
});
