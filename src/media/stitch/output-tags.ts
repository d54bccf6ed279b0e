// The output's metadata as arguments of the stitch: tags, dispositions, colours, attached files. Pure.
import type { PictureRange } from "../colour/range-path.ts";
import type { ColourTags } from "../model/colour-tags.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { SourceVideo } from "../model/source.ts";
import { wantedColour } from "../plan/picture-plan.ts";
import type { StreamPlan } from "../plan/stream-plan.ts";
import { keepsFields } from "../request/args/picture-changes.ts";
import { optionWord } from "../request/values/colour-words.ts";
import { mappedStreams, specifiers, specifyStreams } from "./stream-specifiers.ts";
import { tagsFromSource, trackTags } from "./track-tags.ts";

/** Tags and dispositions from the source's streams. */
export function streamTagArgs(plan: StreamPlan): string[] {
  return specifyStreams(plan).flatMap(({ stream, letter, index }) => {
    if (stream.action.kind === "attach") return [];
    const at = `s:${letter}:${index}`;
    const { dispositions } = stream.source;
    const isHandedOn = stream.action.kind === "copy" || stream.action.kind === "convert-subtitle";
    const tags = plan.keepMetadata ? tagsFromSource(plan.container, stream.source, isHandedOn) : [];
    return [
      ...tags.flatMap(([key, value]) => [`-metadata:${at}`, `${key}=${value}`]),
      `-disposition:${letter}:${index}`,
      dispositions.length === 0 ? "0" : dispositions.join("+"),
    ];
  });
}

/** Attached files become attachment streams after the mapped ones. */
export function attachArgs(plan: StreamPlan, covers: readonly string[]): string[] {
  const first = mappedStreams(plan).filter((stream) => stream.source.type === "attachment").length;
  const attached = plan.streams.flatMap(({ action, source }) => (action.kind === "attach" ? [{ action, source }] : []));
  return attached.flatMap(({ action, source }, number) => {
    const at = `-metadata:s:t:${first + number}`;
    return [
      ...["-attach", covers[number] ?? ""],
      ...[at, `mimetype=${action.mimeType}`, at, `filename=${action.fileName}`],
      ...(source.title === null || !plan.keepMetadata ? [] : [at, `title=${source.title}`]),
    ];
  });
}

function valueArgs(option: string, value: string | null): string[] {
  return value === null || value === "" ? [] : [option, value];
}

const FIELD_ORDERS: ReadonlySet<string | null> = new Set(["tt", "bb", "tb", "bt", "progressive"]);

/**
 * Colour and field order as stream options, since segments lose them (docs/MEASURED.md §3). The source's values apply
 * only while no filter changes them; the user's always apply. `segmentRange`: the range in the segments, where none is
 * planned.
 */
export function pictureTagArgs(
  video: SourceVideo,
  request: EncodeRequest,
  segmentRange: PictureRange | null = null,
): string[] {
  const wanted = wantedColour(video, request);
  const colour = { ...wanted, range: wanted.range ?? segmentRange };
  const option = (tag: keyof ColourTags) => (colour[tag] === null ? null : optionWord(tag, colour[tag]));
  const kept = keepsFields(request) && FIELD_ORDERS.has(video.fieldOrder) ? video.fieldOrder : null;
  const field = request.video.fieldOrder ?? kept;
  return [
    ...valueArgs("-color_range:v:0", option("range")),
    ...valueArgs("-color_primaries:v:0", option("primaries")),
    ...valueArgs("-color_trc:v:0", option("transfer")),
    ...valueArgs("-colorspace:v:0", option("space")),
    ...valueArgs("-chroma_sample_location:v:0", option("chromaLocation")),
    ...valueArgs("-field_order:v:0", field),
  ];
}

/** Tags and dispositions from the user; they come after those of the source, which they replace. */
export function askedTagArgs(plan: StreamPlan, { tags, dispositions }: EncodeRequest["metadata"]): string[] {
  return [
    ...tags.flatMap(({ stream, key, value }) => {
      if (stream === null) return ["-metadata", `${key}=${value}`];
      return specifiers(plan, stream).flatMap((place) =>
        trackTags(plan.container, key, value).flatMap((tag) => [`-metadata:s:${place}`, tag.join("=")]),
      );
    }),
    ...dispositions.flatMap(({ stream, flags }) =>
      specifiers(plan, stream).flatMap((place) => [`-disposition:${place}`, flags]),
    ),
  ];
}
