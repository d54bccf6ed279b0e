import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeAudio } from "../audio/encode-audio.ts";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { probeSource } from "../source/probe.ts";
import { planSource } from "./plan-source.ts";

let folder: string;
let tools: Tools;
let path: string;

/** A transport stream whose AC-3 is 5.1 at first and mono behind that: ffprobe says what it met last. */
beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "plan-source-"));
  const at = (name: string) => join(folder, name);
  const tone = (layout: string, file: string) =>
    runFfmpeg(tools, ["-f", "lavfi", "-i", `aevalsrc='sin(2000*t)':d=0.5,aformat=channel_layouts=${layout}`, file]);
  await Promise.all([tone("5.1", at("wide.ac3")), tone("mono", at("mono.ac3"))]);
  await writeFile(at("both.ac3"), Buffer.concat([await readFile(at("wide.ac3")), await readFile(at("mono.ac3"))]));
  path = at("in.ts");
  const video = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1"];
  await runFfmpeg(tools, [...video, "-i", at("both.ac3"), "-c:a", "copy", "-c:v", "mpeg2video", path]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

const layoutsOf = ({ streams }: { readonly streams: readonly { readonly type: string; channelLayout?: string }[] }) =>
  streams.flatMap(({ type, channelLayout }) => (type === "audio" ? [channelLayout] : []));

test("an encoder that minds the layout is told that of the first frame, and goes on where it changes", async () => {
  expect(layoutsOf(await probeSource(tools, path))).toEqual(["mono"]);
  const aac = await planSource(tools, path, { request: parseEncodeParams("-c:a aac"), container: "mkv" });
  expect(layoutsOf(aac.info)).toEqual(["mono"]);
  const { info, plan } = await planSource(tools, path, {
    request: parseEncodeParams("-c:a libopus"),
    container: "mkv",
  });
  expect(layoutsOf(info)).toEqual(["5.1(side)"]);
  expect(layoutsOf({ streams: plan.streams.map(({ source }) => source) })).toEqual(["5.1(side)"]);
  const { lengths } = await encodeAudio(tools, path, info, plan, { workDir: folder });
  expect(lengths.get(0)?.outputSeconds).toBeGreaterThan(0.98);
}, 60_000);

test("in MP4, too, whose header says less than AC-3's frames", async () => {
  const boxed = join(folder, "in.mp4");
  // Pictures that begin late have ffprobe look further.
  const late = ["-itsoffset", "1.4", "-i", path];
  await runFfmpeg(tools, [...late, "-i", path, "-map", "0:v", "-map", "1:a", "-c", "copy", boxed]);
  expect(layoutsOf(await probeSource(tools, boxed))).toEqual(["mono"]);
  const request = parseEncodeParams("-c:a libopus");
  expect(layoutsOf((await planSource(tools, boxed, { request, container: "mkv" })).info)).toEqual(["5.1(side)"]);
});
