// Compares what ffprobe reads from the output's picture with the plan: colour tags, shape, field order, HDR10 metadata.
import { parseRational } from "../../base/rational.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { StaticHdr } from "../hdr10/hdr10-messages.ts";
import { firstPacketHdr10 } from "../hdr10/read-sei.ts";
import { readHdr, type SideData } from "../model/hdr.ts";
import type { ProofCheck } from "../model/proof.ts";
import type { MasteringDisplay } from "../model/source.ts";
import type { PicturePlan } from "../plan/picture-plan.ts";
import { firstFrameSideData } from "../source/first-frame.ts";
import { OUTPUT_DEMUXERS, type OutputPicture } from "./output-packets.ts";

export type ReadPicture = {
  readonly tags: PicturePlan["tags"];
  readonly sideData: readonly SideData[];
  /** HDR10 metadata read from the bitstream itself, where ffprobe may not show it. */
  readonly hdr10?: StaticHdr | null;
};

const TITLES: readonly (readonly [keyof PicturePlan["tags"], string])[] = [
  ["range", "range"],
  ["space", "matrix"],
  ["transfer", "transfer"],
  ["primaries", "primaries"],
  ["chromaLocation", "chroma location"],
  ["sampleAspectRatio", "sample aspect ratio"],
  ["fieldOrder", "field order"],
];

/** WebM and Matroska keep the shape as a display size in whole pixels: up to half a pixel of its height. */
const SHAPE_TOLERANCE = 0.01;

function isSameTag(tag: keyof PicturePlan["tags"], planned: string, found: string | null): boolean {
  // Without a tag the range is limited: H.264 E.2.1 and H.265 E.3.1 infer video_full_range_flag to be 0.
  if (tag === "range" && found === null) return planned === "tv";
  if (tag !== "sampleAspectRatio") return planned === found;
  const [want, got] = [planned, found ?? "1:1"].map((text) => parseRational(text.replace(":", "/")));
  if (want === null || want === undefined || got === null || got === undefined) return false;
  return Math.abs((got.num * want.den) / (got.den * want.num) - 1) <= SHAPE_TOLERANCE;
}

/** AV1 counts in its own binary fractions (AV1 6.7.4): 1/65536 of chromaticity, 1/256 and 1/16384 cd/m². */
function isSameDisplay(want: MasteringDisplay, got: MasteringDisplay): boolean {
  const points = [
    [want.red, got.red],
    [want.green, got.green],
    [want.blue, got.blue],
    [want.whitePoint, got.whitePoint],
  ] as const;
  return (
    points.every(([a, b]) => Math.abs(a.x - b.x) <= 1 && Math.abs(a.y - b.y) <= 1) &&
    Math.abs(want.maxLuminance - got.maxLuminance) <= 40 &&
    Math.abs(want.minLuminance - got.minLuminance) <= 1
  );
}

function hdrProblems(planned: NonNullable<PicturePlan["hdr"]>, found: StaticHdr | null | undefined): string[] {
  const problems: string[] = [];
  const { masteringDisplay: display, contentLight: levels } = planned;
  const gotDisplay = found?.masteringDisplay ?? null;
  const gotLevels = found?.contentLight ?? null;
  if (display !== null && (gotDisplay === null || !isSameDisplay(display, gotDisplay)))
    problems.push(gotDisplay === null ? "mastering display is missing" : "mastering display differs");
  if (levels !== null && (gotLevels?.max !== levels.max || gotLevels.average !== levels.average)) {
    const got = gotLevels === null ? "missing" : `${gotLevels.max},${gotLevels.average}`;
    problems.push(`content light level is ${got}, planned ${levels.max},${levels.average}`);
  }
  return problems;
}

/** Pure: the check that goes into the proof. */
export function comparePicture(plan: PicturePlan, read: ReadPicture): ProofCheck {
  const differing = TITLES.flatMap(([tag, title]) => {
    const planned = plan.tags[tag];
    if (planned === null || isSameTag(tag, planned, read.tags[tag])) return [];
    return [`${title} is ${read.tags[tag] ?? "not said"}, planned ${planned}`];
  });
  const problems = [
    ...differing,
    ...(plan.hdr === null ? [] : hdrProblems(plan.hdr, read.hdr10 ?? readHdr(read.sideData))),
  ];
  const held = TITLES.flatMap(([tag, title]) => (plan.tags[tag] === null ? [] : [`${title} ${plan.tags[tag]}`]));
  const hdr = plan.hdr === null ? [] : ["HDR10 metadata"];
  return {
    name: "colour",
    ok: problems.length === 0,
    detail: problems.join("; ") || [...held, ...hdr].join(", ") || "the source says nothing of its colours",
  };
}

function known(text: string | undefined): string | null {
  return text === undefined || text === "unknown" || text === "unspecified" || text === "N/A" ? null : text;
}

/** Checks the first video stream as it was read; decodes one picture when HDR10 metadata is expected. */
export async function checkPicture(
  tools: Tools,
  path: string,
  plan: PicturePlan,
  stream: OutputPicture | null,
  signal?: AbortSignal,
): Promise<ProofCheck> {
  if (stream === null) return { name: "colour", ok: false, detail: "no video stream" };
  const file = { path, formats: OUTPUT_DEMUXERS, streamIndex: stream.index };
  const inFrame = plan.hdr === null ? [] : await firstFrameSideData(tools, file, signal);
  const isH264 = stream.codec_name === "h264";
  const hdr10 = plan.hdr === null || !isH264 ? null : await firstPacketHdr10(tools, file, signal);
  return comparePicture(plan, {
    tags: {
      range: known(stream.color_range),
      space: known(stream.color_space),
      transfer: known(stream.color_transfer),
      primaries: known(stream.color_primaries),
      chromaLocation: known(stream.chroma_location),
      sampleAspectRatio: known(stream.sample_aspect_ratio),
      fieldOrder: known(stream.field_order),
    },
    hdr10,
    // The bitstream comes before the container.
    sideData: [...inFrame, ...(stream.side_data_list ?? [])],
  });
}
