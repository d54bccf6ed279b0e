// Digests of decoded pictures by ffmpeg's framehash muxer: how they are asked for, and what its lines say.

import { formatRational, type Rational } from "../../base/rational.ts";

/**
 * Every picture at its own time in `tick`, an MD5 each; the name of the output follows. The tick is always said: words for
 * "the source's" differ between versions ("-1" until 8.1, "demux" since 6.1).
 */
export function frameDigests(tick: Rational): string[] {
  const times = ["-fps_mode", "passthrough", "-enc_time_base", formatRational(tick)];
  return [...times, "-f", "framehash", "-hash", "md5"];
}

/** Takes the muxer's lines one by one; `onFrame` gets each picture's time in microseconds and its digest. */
export function readFrameDigests(onFrame: (us: number, digest: string) => void): (line: string) => void {
  let tickUs = 0;
  return (line) => {
    const clock = /^#tb 0: (\d+)\/(\d+)/.exec(line);
    if (clock) tickUs = (Number(clock[1]) * 1e6) / Number(clock[2]);
    if (line.startsWith("#") || line === "") return;
    const fields = line.split(",").map((field) => field.trim());
    onFrame(Number(fields[2]) * tickUs, fields[5] ?? "");
  };
}
