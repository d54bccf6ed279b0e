import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runUnconfined } from "../../../media/ffmpeg/run-tool.fixture.ts";
import { findTools } from "../../../media/ffmpeg/tools.ts";
import { indexSource } from "../../../media/index/index-source.ts";
import { parseEncodeParams } from "../../../media/request/parse/parse-params.ts";
import { probeSource } from "../../../media/source/probe.ts";
import { JobFolders } from "../job/job-folders.ts";
import type { JobRecord } from "../job/job-record.ts";
import { openVideoSource } from "./video-source.ts";

const PARAMS = "-c:v libx264 -crf 30";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-video-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function setUp(params: string, clip = "source.264") {
  const tools = await findTools(process.env);
  const path = join(folder, clip);
  const picture = ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=30000/1001", "-frames:v", "40"];
  const made = await runUnconfined({
    program: tools.ffmpeg,
    args: [...picture, "-c:v", clip.endsWith(".264") ? "libx264" : "rawvideo", "-g", "10", "-bf", "2", path],
  });
  expect(made.exitCode).toBe(0);
  const folders = new JobFolders(folder);
  await folders.make("job");
  const info = await probeSource(tools, path);
  const { size, mtimeMs } = await stat(path);
  const record: JobRecord = {
    jobId: "job",
    request: parseEncodeParams(params),
    requestText: params,
    container: "mp4",
    outputName: "o.mp4",
    source: {
      sourceId: "source",
      name: clip,
      path,
      kind: "local",
      bytes: size,
      mtimeMs,
      firstBlockSha256: "",
      lastBlockSha256: "",
    },
    info,
    exactly: true,
    blockBytes: 1000,
    encoderTimeBase: info.video.timeBase,
  };
  const activities: (string | null)[] = [];
  const jobFolder = folders.of("job");
  const signal = new AbortController().signal;
  const open = () =>
    openVideoSource(
      { tools, folder: jobFolder, sourcePath: path, setActivity: (activity) => activities.push(activity), signal },
      record,
    );
  return { tools, record, folders, jobFolder, activities, open };
}

test("made once, found again, made again where it is gone or damaged, removed with the rest", async () => {
  const { tools, folders, jobFolder, activities, open } = await setUp(PARAMS);
  const first = await open();
  expect(first).toMatchObject({ remuxed: "a raw h264 stream has no timestamps", refusal: null });
  expect(first.source).toMatchObject({ sourceId: "job", path: jobFolder.video });
  const index = await indexSource(tools, first.source.path, first.info, { onGops: () => undefined });
  expect(index.framePts(null, null)).toEqual(Array.from({ length: 40 }, (_, at) => at * 40_040));
  expect(index.keyFrames.length).toBe(4);
  expect(activities).toEqual(["remuxing the video so that it can be sought", null]);

  expect(await open()).toEqual(first);
  expect(activities.length).toBe(2);

  await writeFile(jobFolder.video, "damaged");
  const again = await open();
  expect(activities.length).toBe(4);
  const known = ({ bytes, firstBlockSha256, lastBlockSha256 }: typeof first.source) =>
    [bytes, firstBlockSha256, lastBlockSha256].join();
  expect(known(again.source)).toBe(known(first.source));

  expect((await readdir(jobFolder.root)).filter((name) => name.startsWith("."))).toEqual([]);
  await folders.removeIntermediates("job");
  await folders.removeMade("job");
  expect(await readdir(jobFolder.root)).toEqual([]);
}, 60_000);

test("a job that is one segment anyway reads the source, as does one of a container", async () => {
  const whole = await setUp(`${PARAMS} -vf noise=alls=5`);
  expect(await whole.open()).toEqual({
    source: whole.record.source,
    path: whole.record.source.path,
    info: whole.record.info,
    remuxed: null,
    refusal: null,
  });
  const contained = await setUp(PARAMS, "source.nut");
  expect((await contained.open()).source).toEqual(contained.record.source);
}, 60_000);
