// Digests of decoded pictures from ffmpeg's framehash muxer: the arguments that request them, and the parser of its
// lines.

import { formatRational, type Rational } from "../../base/rational.ts";

/**
 * Hashes every picture (MD5) at its own time in `tick`; the output's name follows these arguments. The tick is always
 * explicit, because the words for "the source's" differ between versions ("-1" until 8.1, "demux" since 6.1).
 */
export function frameDigests(tick: Rational): string[] {
  const times = ["-fps_mode", "passthrough", "-enc_time_base", formatRational(tick)];
  return [...times, "-f", "framehash", "-hash", "md5"];
}

/** Size, shape and bytes of the first stream's pictures, "320x180 1/1 86400"; `bytes`: what a picture's line says. */
export function pictureText(text: string, bytes: string | undefined): string {
  const said = ["dimensions", "sar"].map((name) => new RegExp(`^#${name} 0: (\\S+)`, "m").exec(text)?.[1] ?? "?");
  return [...said, bytes].join(" ");
}

/** The same of the first picture in the muxer's text; null: there is none. */
export function firstPictureText(text: string): string | null {
  const line = /^0, *-?\d+, *-?\d+, *\d+, *(\d+), *[0-9a-f]{32}$/m.exec(text);
  return line === null ? null : pictureText(text, line[1]);
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
