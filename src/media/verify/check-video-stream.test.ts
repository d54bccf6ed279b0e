// The proof's colour check fails for each thing that differs from the plan, and says which.
import { expect, test } from "bun:test";
import type { PicturePlan } from "../plan/picture-plan.ts";
import { comparePicture } from "./check-video-stream.ts";

const tags: PicturePlan["tags"] = {
  range: "tv",
  space: "bt709",
  transfer: "bt709",
  primaries: "bt709",
  chromaLocation: null,
  fieldOrder: "tt",
  sampleAspectRatio: "16:11",
};
const plan: PicturePlan = { tags, hdr: null, containerHdr: null, notes: [] };
const light = { side_data_type: "Content light level metadata", max_content: 1000, max_average: 400 };

test("equal tags hold; what is not planned may be anything", () => {
  expect(comparePicture(plan, { tags: { ...tags, chromaLocation: "left" }, sideData: [] })).toEqual({
    name: "colour",
    ok: true,
    detail: "range tv, matrix bt709, transfer bt709, primaries bt709, sample aspect ratio 16:11, field order tt",
  });
});

test.each([
  [{ range: "pc" }, "range is pc, planned tv"],
  [{ transfer: null }, "transfer is not said, planned bt709"],
  [{ primaries: "bt2020" }, "primaries is bt2020, planned bt709"],
  [{ fieldOrder: "progressive" }, "field order is progressive, planned tt"],
  [{ sampleAspectRatio: "1:1" }, "sample aspect ratio is 1:1, planned 16:11"],
])("%j fails", (change, detail) => {
  expect(comparePicture(plan, { tags: { ...tags, ...change }, sideData: [] })).toMatchObject({ ok: false, detail });
});

test("limited range unsaid is limited range; Matroska's whole pixels are near enough", () => {
  const read = { ...tags, range: null, sampleAspectRatio: "93:64" };
  expect(comparePicture(plan, { tags: read, sideData: [] }).ok).toBe(true);
  const full = { ...plan, tags: { ...tags, range: "pc" } };
  expect(comparePicture(full, { tags: read, sideData: [] }).ok).toBe(false);
});

test("HDR10 metadata that was promised must be there, and equal", () => {
  const hdr = { masteringDisplay: null, contentLight: { max: 1000, average: 400 } };
  const check = (sideData: readonly (typeof light)[]) => comparePicture({ ...plan, hdr }, { tags, sideData });
  expect(check([light]).ok).toBe(true);
  expect(check([]).detail).toBe("content light level is missing, planned 1000,400");
  expect(check([{ ...light, max_average: 300 }]).detail).toBe("content light level is 1000,300, planned 1000,400");
});
