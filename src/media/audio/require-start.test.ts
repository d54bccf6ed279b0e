import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";
import type { StreamPlan } from "../plan/stream-plan.ts";
import { requireStart } from "./require-start.ts";

let folder: string;
let tools: Tools;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "require-start-"));
  tools = await findTools(process.env);
  await runFfmpeg(tools, ["-f", "lavfi", "-i", "sine=d=1:r=48000", "-c:a", "flac", join(folder, "sound.ogg")]);
});
afterAll(() => rm(folder, { recursive: true }));

/** The sound begins at zero; the file says that it starts so much later. */
async function started(startMicroseconds: number, kind: "copy" | "encode-audio"): Promise<void> {
  const action = kind === "copy" ? { kind } : { kind, encoder: "aac", file: 0 };
  const plan = { streams: [{ source: { index: 0, type: "audio" }, action }] } as unknown as StreamPlan;
  const info = { formatName: "ogg", startMicroseconds } as SourceInfo;
  await requireStart(tools, { path: join(folder, "sound.ogg"), info }, plan);
}

test("sound that is encoded may not begin before the file does", async () => {
  await expect(started(504_000, "encode-audio")).rejects.toMatchObject({
    code: "E_SOURCE_REFUSED",
    message: expect.stringContaining("(stream 0) begins 504 ms before"),
    hint: expect.stringContaining("-c copy counted.mkv"),
  });
  await started(504_000, "copy");
  await started(20_000, "encode-audio");
});
