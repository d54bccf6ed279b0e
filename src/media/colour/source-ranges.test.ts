// Sources that say another range from some picture on: told by pictures at a few places.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";
import { probeSource } from "../source/probe.ts";
import { sampledRangeChange, sampleIntervals, sourceRanges } from "./source-ranges.ts";

let tools: Tools;
let folder: string;
const at = (name: string) => join(folder, name);

/** A recording of x264, which says limited range by saying nothing, and one of full range. */
async function record(name: string, range: "tv" | "pc"): Promise<Uint8Array> {
  const x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "5", "-color_range", range, "-f", "h264"];
  const format = range === "pc" ? "yuvj420p" : "yuv420p";
  await runFfmpeg(tools, ["-f", "lavfi", "-i", `testsrc2=s=64x48:r=25:d=1,format=${format}`, ...x264, at(name)]);
  return await Bun.file(at(name)).bytes();
}

beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-ranges-"));
  const [limited, full] = [await record("limited.h264", "tv"), await record("full.h264", "pc")];
  for (const [name, parts] of Object.entries({ changing: [limited, full], steady: [limited, limited] })) {
    await Bun.write(at(`${name}.h264`), Buffer.concat(parts));
    const copy = ["-r", "25", "-i", at(`${name}.h264`), "-c", "copy"];
    await runFfmpeg(tools, [...copy, "-f", "mpegts", at(`${name}.ts`)]);
    await runFfmpeg(tools, ["-i", at(`${name}.ts`), "-c", "copy", at(`${name}.mkv`)]);
  }
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ["changing.mkv", /^the source says full range from some picture on, limited before it/],
  ["changing.ts", /full range from some picture on/],
  ["steady.mkv", null],
  ["steady.ts", null],
])("%s", async (name, expected) => {
  const info = await probeSource(tools, at(name));
  const why = await sampledRangeChange(tools, at(name), info);
  if (expected === null) expect(why).toBeNull();
  else expect(why).toMatch(expected);
});

test("of all key frames too, whatever the first one seems to say", async () => {
  const info = await probeSource(tools, at("changing.mkv"));
  expect(await sourceRanges(tools, at("changing.mkv"), info, {})).toEqual(["limited", "full"]);
});

test("places are spread over the film; a file that can't be sought has none", () => {
  const film = (formatName: string, durationMicroseconds: number | null) =>
    ({ formatName, durationMicroseconds, startMicroseconds: 1_400_000 }) as SourceInfo;
  expect(sampleIntervals(film("matroska,webm", 10_000_000))).toStartWith("2.600%+#1,3.900%+#1,");
  expect(sampleIntervals(film("mpegts", 10_000_000))).toBe("4.400%+#60,7.400%+#60,10.900%+#60");
  expect(sampleIntervals(film("h264", 10_000_000))).toBeNull();
  expect(sampleIntervals(film("matroska,webm", null))).toBeNull();
});
