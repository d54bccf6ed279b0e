// Whether the packets' times can be those of their pictures. Some cameras and muxers write decoding times for both: the
// pictures then come out of the decoder with times that go back. Such a source is known before work begins.

import { succeeded } from "../../base/process/run-process.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";
import type { VideoPacket } from "./frame-index.ts";

/** Two seconds of film: encoders that reorder do so in the first of them. Decoded in 0.3 s at 1080p. */
const LOOK_PACKETS = 50;

/** The reason in words, for notes and for `probe`. */
export const FALSE_TIMES = "its packets carry times in decoding order, and its pictures are shown in another";

/** Watches packets: a codec that holds pictures back, and times that never go back, do not go together. */
export class TimesDoubt {
  #highest = Number.NEGATIVE_INFINITY;
  #isSuspicious: boolean;

  constructor({ holdsPicturesBack }: Pick<SourceInfo, "holdsPicturesBack">) {
    this.#isSuspicious = holdsPicturesBack === true;
  }

  /** By the packets so far. */
  get isSuspicious(): boolean {
    return this.#isSuspicious;
  }

  /** In the order of the file. */
  see({ pts }: Pick<VideoPacket, "pts">): void {
    if (pts === null || pts <= this.#highest) this.#isSuspicious = false;
    else this.#highest = pts;
  }
}

/** Decodes the beginning of the video. Whether its pictures come out with times that go back; false where it can't be decoded. */
export async function timesGoBack(
  tools: Tools,
  path: string,
  info: SourceInfo,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let highest = Number.NEGATIVE_INFINITY;
  let goBack = false;
  const result = await runTool({
    program: tools.ffprobe,
    args: [
      ...["-v", "error", ...inputGuards({ formats: info.formatName, kind: "file" })],
      ...["-select_streams", String(info.video.streamIndex), "-read_intervals", `%+#${LOOK_PACKETS}`],
      ...["-show_entries", "frame=pts", "-of", "csv=p=0", fileUrl(path)],
    ],
    signal,
    onLine: (line) => {
      // A picture with side data has more fields.
      const pts = Number.parseInt(line, 10);
      if (pts <= highest) goBack = true;
      if (pts > highest) highest = pts;
    },
  });
  return succeeded(result) && goBack;
}
