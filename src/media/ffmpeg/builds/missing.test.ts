// What a build and a release cost, in sentences.
import { expect, test } from "bun:test";
import { isTooOld, isUnproven, knownReleases } from "../releases.ts";
import { CHROMA_ASKED, costsOf, DIFFERENCES, dithersBySlice, isSince } from "./differences.ts";
import { missingOf } from "./missing.ts";

test("what a build goes without is named, with what it means", () => {
  const encoders = new Set(["libx264", "libx265", "libsvtav1", "libvpx-vp9", "opus", "libmp3lame"]);
  const bare = { decodes: new Set(["h264"]), encoders, filters: new Set(["drawtext"]) };
  expect(missingOf(bare).map(({ name }) => name)).toEqual(["libaom", "libdav1d", "libass", "libzimg"]);
  expect(missingOf(bare)).toContainEqual({ name: "libass", means: "burning in subtitles is not possible here" });
});

test("an older release costs what a newer one mended", () => {
  expect(costsOf({ major: 7, minor: 1 }).join()).toContain("-r` on an MP4 of variable rate");
  expect(costsOf({ major: 9, minor: 0 })).toEqual([]);
  expect(new Set(DIFFERENCES.map(({ name }) => name)).size).toBe(DIFFERENCES.length);
});

test("the filter that states where chroma lies is used from the first release on that does not heed the option", () => {
  const told = [0, 1].map((minor) => isSince({ major: 7, minor }, CHROMA_ASKED));
  expect([...told, isSince({ major: 8, minor: 0 }, CHROMA_ASKED)]).toEqual([false, true, true]);
});

test("which releases dither by slice", () => {
  const minors = [5.1, 6.0, 6.1, 7.0, 7.1, 8.0];
  const releases = minors.map((each) => ({ major: Math.floor(each), minor: Math.round((each % 1) * 10) }));
  expect(releases.map(dithersBySlice)).toEqual([false, true, true, true, false, false]);
});

test("which releases are known", () => {
  expect([4, 5].map((major) => isTooOld({ major, minor: 0 }))).toEqual([true, true]);
  expect(isTooOld({ major: 5, minor: 1 })).toBe(false);
  expect(
    [
      [6, 1],
      [9, 0],
      [9, 1],
      [10, 0],
    ].map(([major = 0, minor = 0]) => isUnproven({ major, minor })),
  ).toEqual([false, false, true, true]);
  expect(knownReleases()).toBe("5.1 to 9.0");
});
