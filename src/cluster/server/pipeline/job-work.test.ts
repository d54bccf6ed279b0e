import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSynthetic } from "../../../../test/support/synthetic.ts";
import { silentLog } from "../../../base/log.ts";
import { findTools } from "../../../media/ffmpeg/tools.ts";
import { parseEncodeParams } from "../../../media/request/parse/parse-params.ts";
import { probeSource } from "../../../media/source/probe.ts";
import type { Input } from "../../scheduler/model/input.ts";
import { JobFolders } from "../job/job-folders.ts";
import type { JobRecord } from "../job/job-record.ts";
import { NOTHING_REMOTE } from "../job/remote-reader.fixture.ts";
import { JobWork } from "./job-work.ts";

const tools = await findTools(process.env);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-work-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function deafProbe(): Promise<string> {
  const path = join(folder, "ffprobe");
  await writeFile(path, `#!/bin/bash\ntrap "" TERM\n${tools.ffprobe} "$@" > "$0.out"; cat "$0.out"\n`);
  await chmod(path, 0o755);
  return path;
}

/** The index of many groups, by an ffprobe that minds no signal; `onInput` sees each of its words and may stop it. */
async function index(onInput: (input: Input, work: JobWork) => void): Promise<void> {
  const clip = join(folder, "long.mp4");
  await makeSynthetic(clip, { frames: 3000, gop: 1, size: "32x32", noise: 0 });
  const info = await probeSource(tools, clip);
  const { size, mtimeMs } = await stat(clip);
  const source = { sourceId: "source", name: "long.mp4", path: clip, kind: "local", bytes: size, mtimeMs } as const;
  const params = "-c:v libx264";
  const record: JobRecord = {
    jobId: "job",
    request: parseEncodeParams(params),
    requestText: params,
    container: "mp4",
    outputName: "o.mp4",
    source: { ...source, firstBlockSha256: "", lastBlockSha256: "" },
    info,
    exactly: true,
    blockBytes: 65_536,
    encoderTimeBase: info.video.timeBase,
  };
  const work = new JobWork(record, {
    remote: NOTHING_REMOTE,
    tools: { ...tools, ffprobe: await deafProbe(), sandbox: { mode: "off", programs: [] } },
    folder: new JobFolders(folder).of("job"),
    log: silentLog,
    dispatch: (input) => onInput(input, work),
    burnInFiles: async () => [],
    openVideo: async () => ({ source: record.source, path: clip, info, remuxed: null, refusal: null }),
    onActivity: () => undefined,
  });
  await work.startIndex();
  await work.ended();
}

test.skipIf(process.platform === "win32")(
  "what ffprobe still says when its job has ended goes nowhere: the job may have been tried again",
  async () => {
    const whole: Input[] = [];
    await index((input) => whole.push(input));
    expect(whole.at(-1)).toMatchObject({ type: "index-finished" });
    expect(whole.length).toBeGreaterThan(2);
    const stopped: Input[] = [];
    await index((input, work) => {
      stopped.push(input);
      work.stop();
    });
    expect(stopped).toEqual(whole.slice(0, 1));
  },
);
