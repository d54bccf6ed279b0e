// Whether the output has the streams that are planned. Pure.
import type { ProofCheck } from "../model/proof.ts";
import type { StreamPlan } from "../plan/stream-plan.ts";
import type { OutputPackets } from "./output-packets.ts";

/** Streams a muxer adds by itself (chapter text, timecode) stand after the planned tracks, cover art after those. */
export function checkStreams(output: OutputPackets, plan: StreamPlan): ProofCheck {
  const tracks = plan.streams.filter(({ source }) => !source.isAttachedPicture);
  const covers = plan.streams.filter(({ source }) => source.isAttachedPicture);
  const absent = tracks.filter((planned, position) => {
    const found = output.streams[position];
    return found === undefined || (found.type !== planned.source.type && planned.source.type !== "attachment");
  });
  const coversFound = output.streams.filter((stream) => stream.type === "video").length - 1;
  const missing = [...absent, ...covers.slice(Math.max(0, coversFound))];
  const empty = plan.streams.filter(
    (planned, position) => planned.source.type === "audio" && output.streams[position]?.packets === 0,
  );
  const wrong = [...missing, ...empty];
  return {
    name: "streams",
    ok: wrong.length === 0,
    detail:
      wrong.length === 0
        ? `${plan.streams.length} streams as planned`
        : `missing or empty: ${wrong.map((stream) => `${stream.source.type} ${stream.source.index}`).join(", ")}`,
  };
}

/** Tracks of sound that hold any. */
export function soundsIn({ streams }: OutputPackets): number {
  return streams.filter(({ type, packets }) => type === "audio" && packets > 0).length;
}
