// Sound whose packets lie on one time, as a broken muxer leaves it: when any of it is to be heard is lost, and encoders that
// are given it make as many packets at once. Pure.
import { AppError } from "../../base/errors.ts";
import type { TrackPackets } from "../index/track-packets.ts";
import { audioToEncode, type StreamPlan } from "../plan/stream-plan.ts";

const seconds = (us: number): string => (us / 1e6).toFixed(2);

/** `tracks`: of the whole source, by index. Errors: E_SOURCE_REFUSED where sound that is to be encoded has collapsed. */
export function requireSpreadSound(tracks: ReadonlyMap<number, TrackPackets>, plan: StreamPlan): void {
  for (const { source } of audioToEncode(plan)) {
    const collapsed = tracks.get(source.index)?.collapsed;
    if (collapsed === undefined) continue;
    const { statedUs, spanUs } = collapsed;
    throw new AppError(
      "E_SOURCE_REFUSED",
      `the times of its sound (stream ${source.index}) are lost: packets of ${seconds(statedUs)} s lie within ${seconds(spanUs)} s`,
      `Plain ffmpeg makes sound without times of it too. Leave it out (-map 0 -map -0:${source.index}), or give it times: \`ffmpeg -i FILE -map 0:${source.index} -af asetpts=N/SR/TB sound.wav\`.`,
    );
  }
}
