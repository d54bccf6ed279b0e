// A local user who may write beside the source: what its name leads to changes after the check.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { link, mkdtemp, realpath, rename, rm, stat, symlink, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSynthetic } from "../../../../test/support/synthetic.ts";
import { silentLog } from "../../../base/log.ts";
import { findTools } from "../../../media/ffmpeg/tools.ts";
import { parseEncodeParams } from "../../../media/request/parse/parse-params.ts";
import { probeSource } from "../../../media/source/probe.ts";
import type { Input } from "../../scheduler/model/input.ts";
import { JobWork } from "../pipeline/job-work.ts";
import { openVideoSource } from "../pipeline/video-source.ts";
import { holdSource, withSourcePath } from "./held-source.ts";
import { JobFolders } from "./job-folders.ts";
import type { JobRecord, SourceRecord } from "./job-record.ts";
import { NOTHING_REMOTE } from "./remote-reader.fixture.ts";

const tools = await findTools(process.env);
let folder: string;
let path: string;
let secret: string;
let source: SourceRecord;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "ffcluster-held-")));
  path = join(folder, "film.mp4");
  secret = join(folder, "secret.mp4");
  await makeSynthetic(join(folder, "own.mp4"), { frames: 30, gop: 10, size: "32x32", noise: 0 });
  await makeSynthetic(secret, { frames: 70, gop: 10, size: "32x32", noise: 0 });
  await link(join(folder, "own.mp4"), path);
  const { size: bytes, mtimeMs } = await stat(path);
  const digests = { firstBlockSha256: "", lastBlockSha256: "" };
  source = { sourceId: "s", name: "film.mp4", path, realPath: path, kind: "media-root", bytes, mtimeMs, ...digests };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function leadTo(target: string): Promise<void> {
  await symlink(target, `${path}.new`);
  await rename(`${path}.new`, path);
}

async function leadBack(): Promise<void> {
  await rm(path, { force: true });
  await link(join(folder, "own.mp4"), path);
}

const linux = test.skipIf(process.platform !== "linux");

linux("a job reads the file that was checked while its name leads to another one", async () => {
  const info = await probeSource(tools, path);
  const record: JobRecord = {
    jobId: "job",
    request: parseEncodeParams("-c:v libx264"),
    requestText: "-c:v libx264",
    container: "mp4",
    outputName: "o.mp4",
    source,
    info,
    exactly: true,
    blockBytes: 65_536,
    encoderTimeBase: info.video.timeBase,
  };
  const jobFolder = new JobFolders(folder).of("job");
  const inputs: Input[] = [];
  const work = new JobWork(record, {
    tools,
    remote: NOTHING_REMOTE,
    folder: jobFolder,
    log: silentLog,
    dispatch: (input) => void inputs.push(input),
    burnInFiles: async () => [],
    openVideo: async ({ sourcePath, signal }, setActivity) => {
      const parts = { tools, folder: jobFolder, sourcePath: await sourcePath(), setActivity, signal };
      const video = await openVideoSource(parts, record);
      await leadTo(secret); // between the check and the first ffprobe
      return video;
    },
    onActivity: () => undefined,
  });
  await work.startIndex();
  await leadBack();
  await work.ended();
  expect(inputs.at(-1)).toMatchObject({ type: "index-finished", totalFrames: 30 });
});

linux("so does the look at a new source, and what it says has the source's own name", async () => {
  await using held = await holdSource({ tools, remote: NOTHING_REMOTE }, source, 1024);
  await leadTo(secret);
  const { durationMicroseconds } = await probeSource(tools, held.path, { named: path });
  await leadBack();
  expect(durationMicroseconds).toBe((await probeSource(tools, path)).durationMicroseconds);
  const refused = await probeSource(tools, held.path, { videoStream: 7 }).catch((thrown: unknown) => thrown);
  expect(String(refused)).toContain(held.path);
  expect(String(withSourcePath(refused, held, source))).toContain(`stream 7 of ${path} is not`);
});

test.skipIf(process.platform === "win32")(
  "an ffmpeg that loses open files gets the name, and it is looked at after",
  async () => {
    const named = { ...tools, sandbox: { ...tools.sandbox, losesOpenFiles: "a script" } };
    await using held = await holdSource({ tools: named, remote: NOTHING_REMOTE }, source, 1024);
    expect([held.path, await held.isSame()]).toEqual([path, true]);
    await leadTo(secret);
    expect(await held.isSame()).toBe(false);
    await leadBack();
  },
);

test.skipIf(process.platform === "win32")("another file of the same size and time is not opened", async () => {
  await utimes(secret, new Date(), new Date(source.mtimeMs));
  await leadTo(secret);
  const { size } = await stat(secret);
  const alike = { ...source, bytes: size };
  await expect(holdSource({ tools, remote: NOTHING_REMOTE }, alike, 1024)).rejects.toMatchObject({
    code: "E_SOURCE_CHANGED",
  });
  await leadBack();
});

test("a file that the bytes do not tell is known by its name, as plain ffmpeg knows it", async () => {
  const dark = join(folder, "dark.mjpeg");
  const args = ["-f", "lavfi", "-i", "color=s=32x32:d=0.2", "-f", "mjpeg", dark];
  expect(await Bun.spawn([tools.ffmpeg, "-v", "error", ...args]).exited).toBe(0);
  await symlink(dark, join(folder, "nameless"));
  const byName = await probeSource(tools, dark);
  expect((await probeSource(tools, join(folder, "nameless"), { named: dark })).formatName).toBe(byName.formatName);
});
