// What the first picture says, where ffprobe's answer for the stream is what it came across last.
import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustRun } from "../../../test/support/versus-plain/tools.ts";
import { findTools } from "../ffmpeg/tools.ts";
import { probeSource } from "./probe.ts";

test("a broadcast whose pixels change their shape has that of its first picture", async () => {
  const tools = await findTools(process.env);
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-probe-"));
  try {
    const parts: Uint8Array[] = [];
    for (const [shape, at] of [
      ["1", "0"],
      ["4/3", "0.24"],
    ] as const) {
      const part = join(folder, `${parts.length}.ts`);
      const pictures = ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=0.24", "-vf", `setsar=${shape}`];
      const encode = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-output_ts_offset", at];
      await mustRun([tools.ffmpeg, "-nostdin", "-v", "error", ...pictures, ...encode, part]);
      parts.push(await Bun.file(part).bytes());
    }
    const path = join(folder, "both.ts");
    await Bun.write(path, Buffer.concat(parts));
    const { video } = await probeSource(tools, path);
    expect(video.sampleAspectRatio).toEqual({ num: 1, den: 1 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);
