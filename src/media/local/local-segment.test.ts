import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countedTools } from "../ffmpeg/counted-starts.fixture.ts";
import { findTools } from "../ffmpeg/tools.ts";
import type { SegmentTask } from "../model/segment.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { FirstPicture } from "./local-segment.ts";

test.skipIf(process.platform === "win32")("the first picture is decoded once for all segments", async () => {
  const folder = await mkdtemp(join(tmpdir(), "local-segment-"));
  try {
    const tools = await countedTools(await findTools(process.env), folder);
    const first = new FirstPicture(tools, join(folder, "gone.mkv"), undefined);
    const task = {
      ...{ streamIndex: 0, formatName: "matroska,webm", timeBase: { num: 1, den: 1000 }, clockOffsetUs: 0 },
      ...{ startPts: 40, endPts: null, seekPts: 40, video: { pixelFormat: "yuv420p", hasAlpha: false } },
      request: parseEncodeParams("-c:v ffv1"),
    } as SegmentTask;
    await first.of({ ...task, startPts: null });
    expect(await tools.starts()).toBe(0);
    await Promise.all([first.of(task), first.of({ ...task, startPts: 80 })]);
    expect(await first.of(task)).toBeNull();
    expect(await tools.starts()).toBe(1);
  } finally {
    await rm(folder, { recursive: true });
  }
});
