// Sources whose containers say what is not so: pictures marked as key frames that are none, times of another order.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { forgetBoxes, rewriteSyncSamples } from "../../../test/support/edit-boxes.ts";
import { AppError } from "../../base/errors.ts";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import type { Gop } from "../model/source.ts";
import { probeSource } from "../source/probe.ts";
import { FALSE_TIMES, judgeTimes, TimesDoubt } from "./false-times.ts";
import type { FrameIndex } from "./frame-index.ts";
import { indexSource } from "./index-source.ts";
import { KeyMarks } from "./key-marks.ts";

let tools: Tools;
let folder: string;
beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-lying-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const GROUPS_OF_TEN = {
  mpeg4: ["-c:v", "mpeg4", "-g", "10", "-sc_threshold", "1000000000"],
  hevc: [
    ...["-c:v", "libx265", "-preset", "ultrafast"],
    ...["-x265-params", "log-level=error:keyint=10:min-keyint=10:scenecut=0:pools=1:frame-threads=1"],
  ],
  h264: ["-c:v", "libx264", "-preset", "veryfast", "-g", "10", "-bf", "2", "-sc_threshold", "0"],
} as const;
type Codec = keyof typeof GROUPS_OF_TEN;

const at = (name: string) => join(folder, name);

async function make(codec: Codec, name = `${codec}.mp4`): Promise<string> {
  await runFfmpeg(tools, ["-f", "lavfi", "-i", "testsrc2=s=128x96:r=25:d=1.6", ...GROUPS_OF_TEN[codec], at(name)]);
  return at(name);
}

/** The index, with the groups that were handed on. */
async function indexed(path: string) {
  const info = await probeSource(tools, path);
  const handedOn: Gop[] = [];
  const index = await indexSource(tools, path, info, { onGops: (gops) => handedOn.push(...gops) });
  return { index, handedOn };
}

describe("key frames are intra pictures, whatever the container marks", () => {
  test.each(["mpeg4", "hevc"] as const)("%s without a table of sync samples", async (codec) => {
    await forgetBoxes(await make(codec), ["stss"], at(`all-${codec}.mp4`));
    const told = await indexed(at(`${codec}.mp4`));
    const lying = await indexed(at(`all-${codec}.mp4`));
    expect(told.index.marksAreFalse).toBe(false);
    expect(lying.index.marksAreFalse).toBe(true);
    expect(lying.index.gops.map(({ frames }) => frames)).toEqual([10, 10, 10, 10]);
    expect(lying.handedOn).toEqual(told.handedOn);
  });

  test.each(["mkv", "nut"])("every block of a %s is marked", async (ending) => {
    await forgetBoxes(await make("hevc"), ["stss"], at("every.mp4"));
    await runFfmpeg(tools, ["-i", at("every.mp4"), "-c", "copy", at(`every.${ending}`)]);
    const { index } = await indexed(at(`every.${ending}`));
    expect(index.gops.map(({ frames }) => frames)).toEqual([10, 10, 10, 10]);
    expect(index.marksAreFalse).toBe(true);
  });

  test("a table that names others: what is intra and named counts, and the first intra picture in any case", async () => {
    await rewriteSyncSamples(await make("mpeg4"), [5, 11, 23, 31], at("others.mp4"));
    const { index } = await indexed(at("others.mp4"));
    expect(index.gops.map(({ frames }) => frames)).toEqual([10, 20, 10]);
    expect(index.uncounted.leading).toBe(0);
    expect(index.marksAreFalse).toBe(true);
  });

  test("of codecs that nobody looks into, picture after picture is not believed", () => {
    using marks = new KeyMarks(at("none"), "asf", "wmv2");
    expect(marks.isKey({ isKey: true, bytePosition: 0 }, 1)).toBe(true);
    expect(marks.doubt).toBe(null);
    marks.isKey({ isKey: true, bytePosition: 9 }, 1);
    expect(marks.doubt).toContain("wmv2");
  });
});

describe("times that cannot be those of the pictures", () => {
  test("decoding times in place of both: known before a group is handed on", async () => {
    await forgetBoxes(await make("h264"), ["ctts", "edts"], at("no-offsets.mp4"));
    const { index, handedOn } = await indexed(at("no-offsets.mp4"));
    expect(index).toMatchObject({ falseTimes: FALSE_TIMES, seekable: false, reason: FALSE_TIMES });
    expect(handedOn).toEqual([]);
  });

  test("pictures that are held back and times that go back are as they should be", async () => {
    const { index, handedOn } = await indexed(await make("h264"));
    expect(index).toMatchObject({ falseTimes: null, seekable: true });
    expect(handedOn.map(({ frames }) => frames)).toEqual([10, 10, 10, 10]);
  });

  test("where even ffmpeg's guess goes back the source is refused before a group is handed on; an estimate says it", async () => {
    const video = ["-c:v", "mpeg4", "-bf", "2", "-bsf:v", "setts=pts=DTS"];
    await runFfmpeg(tools, ["-f", "lavfi", "-i", "testsrc2=s=128x96:r=25:d=1.6", ...video, at("lost.mkv")]);
    const info = await probeSource(tools, at("lost.mkv"));
    const handedOn: Gop[] = [];
    const onGops = (gops: readonly Gop[]) => handedOn.push(...gops);
    await expect(indexSource(tools, at("lost.mkv"), info, { onGops })).rejects.toMatchObject({
      code: "E_SOURCE_REFUSED",
      message: expect.stringContaining(FALSE_TIMES),
      hint: expect.stringContaining("ffmpeg -r 25/1 -i FILE"),
    });
    expect(handedOn).toEqual([]);
    const estimate = await indexSource(tools, at("lost.mkv"), info, { onGops, isEstimate: true });
    expect(estimate).toMatchObject({ falseTimes: FALSE_TIMES, seekable: false });
  });

  test("pictures that share a time: no group is handed on before they are judged, nor after a refusal", async () => {
    await runFfmpeg(tools, [
      ...["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1.6", "-c:v", "mpeg4", "-g", "10"],
      ...["-bsf:v", "setts=pts=PTS+40*eq(N\\,33)", at("twice.mkv")],
    ]);
    const info = await probeSource(tools, at("twice.mkv"));
    const indexWith = async (refusal: AppError | null) => {
      const seen: string[] = [];
      const judge = (whole: FrameIndex) => {
        seen.push(`judged with ${whole.uncounted.samePts} double of ${whole.frameCount + 1}`);
        return refusal === null ? Promise.resolve() : Promise.reject(refusal);
      };
      const doubles = { mayRefuse: (index: FrameIndex) => index.uncounted.samePts > 0, judge };
      const onGops = (gops: readonly Gop[]) => seen.push(...gops.map(({ frames }) => `${frames}`));
      const ended = await indexSource(tools, at("twice.mkv"), info, { onGops, judge: doubles }).catch(
        (thrown) => thrown,
      );
      return { seen, ended };
    };
    expect((await indexWith(null)).seen).toEqual(["judged with 1 double of 40", "10", "10", "10", "9"]);
    const refusal = new AppError("E_SOURCE_REFUSED", "several pictures at one time", "Ask for a rate.");
    expect(await indexWith(refusal)).toEqual({ seen: ["judged with 1 double of 40"], ended: refusal });
  });

  test.each([
    ["rising", "0 0, 40 40, 80 80"],
    ["guessed", "0 0, 80 80, 40 80, 120 120"],
    ["lost", "0 0, 120 120, 80 80, 160 160"],
    ["lost", "0 0, 120 80, 40 81, 80 82, 160 120"],
    ["lost", "0 0, 80 80, 120 120, 40 121, 200 200, 240 240, 160 241, 320 320, 360 360, 280 361, 9 361, 9 361"],
  ] as const)("%s: own and guessed %s", (found, told) => {
    const pictures = told.split(", ").map((pair) => {
      const [own = 0, guessed = 0] = pair.split(" ").map(Number);
      return { own, guessed, isDrained: false };
    });
    expect(judgeTimes(pictures)).toBe(found);
    const { length } = pictures;
    // The last pictures, which come out without a clock, are no sign.
    expect(judgeTimes([...pictures, { own: -1, guessed: -1, isDrained: true }])).toBe(
      found === "rising" && length > 1 ? "guessed" : found,
    );
  });

  test("the doubt needs a decoder that holds back, and ends with the first time that goes back", () => {
    const none = new TimesDoubt({});
    none.see({ pts: 0 });
    expect(none.isSuspicious).toBe(false);
    const doubt = new TimesDoubt({ holdsPicturesBack: true });
    for (const pts of [0, 512, 1024]) doubt.see({ pts });
    expect(doubt.isSuspicious).toBe(true);
    doubt.see({ pts: 768 });
    expect(doubt.isSuspicious).toBe(false);
  });

  test("packets without a time neither raise the doubt nor end it", () => {
    const doubt = new TimesDoubt({ holdsPicturesBack: true });
    doubt.see({ pts: null });
    expect(doubt.isSuspicious).toBe(false);
    for (const pts of [0, 512, null, 1536]) doubt.see({ pts });
    expect(doubt.isSuspicious).toBe(true);
  });
});
