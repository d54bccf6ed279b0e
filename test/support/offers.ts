// An offer to encode all of a file, as a server would make it.
import { newId } from "../../src/base/ids.ts";
import type { Offer, SourceOffer } from "../../src/cluster/protocol/messages.ts";
import type { Tools } from "../../src/media/ffmpeg/tools.ts";
import { emptyEncodeRequest } from "../../src/media/model/encode-request.ts";
import type { SegmentTask } from "../../src/media/model/segment.ts";
import { probeSource } from "../../src/media/source/probe.ts";

/** `preset` decides how long that takes. */
export async function makeOffer(
  tools: Tools,
  path: string,
  preset: string,
  source: SourceOffer,
): Promise<Offer & { readonly task: SegmentTask }> {
  const info = await probeSource(tools, path);
  const request = emptyEncodeRequest();
  const task: SegmentTask = {
    streamIndex: info.video.streamIndex,
    formatName: info.formatName,
    timeBase: info.video.timeBase,
    startPts: null,
    endPts: null,
    clockOffsetUs: 0,
    seekPts: null,
    cut: null,
    expectedFrames: null,
    encoderTimeBase: info.video.timeBase,
    video: info.video,
    byteRange: { start: 0, end: info.bytes },
    request: { ...request, video: { ...request.video, preset } },
  };
  const ids = { attemptId: newId(), secret: "0".repeat(64), jobId: newId() };
  return { type: "offer", ...ids, segmentIndex: 0, isBenchmark: true, source, task: { ...task } };
}
