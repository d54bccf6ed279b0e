// Reads the options of the output as a whole: streams, subtitles, container, metadata.

import type { ContainerRequest, EncodeRequest, MetadataRequest, OutputStream } from "../../model/encode-request.ts";
import { emptyEncodeRequest } from "../../model/encode-request.ts";
import { findSubtitleEncoder } from "../tables/audio-codecs.ts";
import { containerNamed } from "../tables/containers.ts";
import type { GivenOption } from "../values/given-options.ts";
import { refuse } from "../values/refuse.ts";
import { readTrack } from "../values/track-number.ts";
import { readStreamChoice } from "./stream-choice.ts";

export const OUTPUT_NAMES: ReadonlySet<string> = new Set(
  "sn dn map f movflags metadata map_metadata map_chapters disposition".split(" "),
);

type Output = Pick<EncodeRequest, "subtitles" | "subtitleTracks" | "maps" | "container" | "metadata">;
type Draft = { -readonly [K in keyof Output]: Output[K] };

/** Fragmented files are not allowed: they lack the edit lists that the final check reads. */
const MOVFLAGS = new Set(["faststart", "write_colr", "use_metadata_tags", "disable_chpl"]);
const DISPOSITIONS = new Set(
  "default dub original comment lyrics karaoke forced hearing_impaired visual_impaired clean_effects captions descriptions 0".split(
    " ",
  ),
);

/** Throws E_ENCODE_REQUEST. */
export function readOutputOptions(options: readonly GivenOption[]): Output {
  const { subtitles, maps, container, metadata } = emptyEncodeRequest();
  const draft: Draft = { subtitles, maps, container, metadata };
  for (const option of options) readOption(draft, option);
  return draft;
}

function readOption(draft: Draft, option: GivenOption): void {
  const { written, name, value } = option;
  switch (name) {
    case "sn":
    case "c":
      readSubtitles(draft, option);
      return;
    case "dn": // Data streams are never written.
      return;
    case "map":
      draft.maps = [...draft.maps, readStreamChoice(written, value)];
      return;
    case "f":
      draft.container = { ...draft.container, format: readFormat(written, value) };
      return;
    case "movflags":
      draft.container = { ...draft.container, movflags: readMovflags(written, value) };
      return;
    case "metadata":
      draft.metadata = { ...draft.metadata, tags: [...draft.metadata.tags, readTag(option)] };
      return;
    case "disposition":
      draft.metadata = { ...draft.metadata, dispositions: [...draft.metadata.dispositions, readDisposition(option)] };
      return;
    case "map_metadata":
      draft.metadata = { ...draft.metadata, keepSource: readKeep(option) };
      return;
    default:
      draft.metadata = { ...draft.metadata, keepChapters: readKeep(option) };
  }
}

/** As in ffmpeg, a choice for all that stands after one for a single track replaces it. */
function readSubtitles(draft: Draft, option: GivenOption): void {
  const { written, name, value } = option;
  const track = name === "sn" ? null : readTrack(option, "s");
  if (draft.subtitles.mode === "none" || (name === "sn" && (draft.subtitles.mode !== "auto" || draft.subtitleTracks)))
    throw refuse(written, "a second choice for subtitles", "Give one of -sn and -c:s.");
  if (name === "sn") {
    draft.subtitles = { mode: "none" };
    return;
  }
  const codec = value === "copy" ? value : findSubtitleEncoder(written, value);
  if (track === null) {
    draft.subtitles = codec === "copy" ? { mode: "copy" } : { mode: "convert", codec };
    delete draft.subtitleTracks;
    return;
  }
  draft.subtitleTracks = [...(draft.subtitleTracks ?? []), { track, codec }].toSorted((a, b) => a.track - b.track);
}

function readFormat(written: string, value: string): NonNullable<ContainerRequest["format"]> {
  const container = containerNamed(value);
  if (container === null) {
    throw refuse(
      written,
      `"${value.slice(0, 40)}" is not a container that ffcluster writes`,
      "Use mp4, mov, matroska, webm or mpegts.",
    );
  }
  return container;
}

function readMovflags(written: string, value: string): readonly string[] {
  const flags = value.split("+").filter((flag) => flag !== "");
  const bad = flags.find((flag) => !MOVFLAGS.has(flag));
  if (bad !== undefined || flags.length === 0) {
    throw refuse(
      written,
      `the flag "${(bad ?? "").slice(0, 40)}" is not accepted`,
      `Use ${[...MOVFLAGS].map((flag) => `+${flag}`).join(", ")}.`,
    );
  }
  return [...new Set(flags)];
}

function readOutputStream(written: string, specifier: string): OutputStream {
  const match = /^([vast])(?::(\d{1,3}))?$/.exec(specifier);
  const type = (["v", "a", "s", "t"] as const).find((each) => each === match?.[1]);
  if (!match || type === undefined)
    throw refuse(written, "not a stream of the output", "Write for example :s:a:0 for tags, :a:0 for dispositions.");
  return { type, index: match[2] === undefined ? null : Number(match[2]) };
}

function readTag({ written, specifier, value }: GivenOption): MetadataRequest["tags"][number] {
  const match = /^([\w .-]{1,60})=([^\p{Cc}]{0,1000})$/u.exec(value);
  if (!match) throw refuse(written, "not KEY=VALUE", "Write for example -metadata title=Holiday.");
  // Programs that take attachments out of a file write them under this name.
  if (match[1]?.trim().toLowerCase() === "filename" && /^\.*$|[/\\]/.test(match[2] ?? ""))
    throw refuse(written, "a file name has no folders", "Give the name alone: filename=font.ttf.");
  const whole = specifier === "" || specifier === "g";
  if (!whole && !specifier.startsWith("s:"))
    throw refuse(written, "tags do not go there", "Write -metadata, or -metadata:s:a:0.");
  return {
    stream: whole ? null : readOutputStream(written, specifier.slice(2)),
    key: match[1] ?? "",
    value: match[2] ?? "",
  };
}

function readDisposition({ written, specifier, value }: GivenOption): MetadataRequest["dispositions"][number] {
  const bad = value.split("+").find((flag) => flag !== "" && !DISPOSITIONS.has(flag));
  if (bad !== undefined || !/^\+?\w+(\+\w+)*$/.test(value)) {
    throw refuse(
      written,
      `the disposition "${value.slice(0, 40)}" is not accepted`,
      `Use ${[...DISPOSITIONS].join(", ")}.`,
    );
  }
  return { stream: readOutputStream(written, specifier), flags: value };
}

function readKeep({ written, specifier, value }: GivenOption): boolean {
  if (specifier !== "" || (value !== "0" && value !== "-1"))
    throw refuse(written, "only 0 (keep) and -1 (leave out) are accepted", "Use 0 or -1.");
  return value === "0";
}
