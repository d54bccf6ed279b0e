// What ffmpeg decodes or filters out of a file, picture by picture: the yardstick of tests that choose the program and its
// arguments themselves. Uses no code of the product but the one that runs processes.
import { expect } from "bun:test";
import { runUnconfined } from "../../src/media/ffmpeg/run-tool.fixture.ts";

export interface DecodedFrame {
  readonly us: number;
  readonly md5: string;
}

/**
 * `args`: from the input to the options of the pictures; the pictures are those of the output's first stream. `mode`: what
 * becomes of times; "cfr" makes the rate of `-r`.
 */
export async function decodedFrames(
  ffmpeg: string,
  args: readonly string[],
  mode: "passthrough" | "cfr" = "passthrough",
): Promise<DecodedFrame[]> {
  const frames: DecodedFrame[] = [];
  let tickUs = 0;
  const result = await runUnconfined({
    program: ffmpeg,
    args: [
      ...["-hide_banner", "-nostdin", "-v", "fatal"],
      ...args,
      ...["-fps_mode", mode, "-f", "framehash", "-hash", "md5", "pipe:1"],
    ],
    onLine: (line) => {
      const clock = /^#tb 0: (\d+)\/(\d+)/.exec(line);
      if (clock) tickUs = (Number(clock[1]) * 1e6) / Number(clock[2]);
      const fields = line.split(",").map((field) => field.trim());
      if (fields[0] === "0") frames.push({ us: Number(fields[2]) * tickUs, md5: fields[5] ?? "" });
    },
  });
  expect(result.exitCode).toBe(0);
  return frames;
}
