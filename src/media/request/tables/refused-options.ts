// Common ffmpeg options that ffcluster refuses, each with the reason and an alternative.
import { closest, refuse } from "../values/refuse.ts";

type Refusal = readonly [why: string, instead: string];

const TRIM: Refusal = [
  "cutting is not part of an encode request",
  "Trim the source to the part you want before submitting it.",
];
const SLOTS: Refusal = ["threads follow the client's slots", "Use `ffcluster join --slots`."];
const ONE_INPUT: Refusal = [
  "there is one input and one output, given to `submit`",
  "Use `ffcluster submit INPUT -o OUTPUT`.",
];
const QUIET: Refusal = ["it changes how ffmpeg talks, not the encode", "Leave it out."];
const OVERWRITE: Refusal = [
  "the output file is not set by ffmpeg options",
  "Use `ffcluster submit --force` to overwrite.",
];
const PASSES: Refusal = [
  "two passes over one video are not distributed yet",
  "Use -crf, or -b:v with -maxrate and -bufsize.",
];
const GRAPH: Refusal = [
  "filter graphs with several inputs or chains are not accepted",
  "Give one chain of filters with -vf and one with -af.",
];
const SCRIPT: Refusal = ["it reads a file", "Write the filters out with -vf or -af."];
const HARDWARE: Refusal = [
  "each client chooses its own hardware",
  "Use `ffcluster join --hw-accel`, and name a hardware encoder with -c:v if needed.",
];
const TIMES: Refusal = ["every frame keeps its time", "Leave it out; for a constant rate use -r or -vf fps=…."];
const MUXER: Refusal = ["the container is written by the server", "Leave it out."];
const WRITES: Refusal = ["it writes or reads a file", "Leave it out."];

const REFUSED: ReadonlyMap<string, Refusal> = new Map([
  ...["i"].map((name) => [name, ONE_INPUT] as const),
  ...["ss", "sseof", "t", "to", "frames", "vframes", "aframes", "itsoffset", "stream_loop"].map(
    (name) => [name, TRIM] as const,
  ),
  ...["threads", "filter_threads", "filter_complex_threads", "thread_type", "cpucount"].map(
    (name) => [name, SLOTS] as const,
  ),
  ...["y", "n"].map((name) => [name, OVERWRITE] as const),
  ...["hide_banner", "loglevel", "v", "nostdin", "nostats", "stats", "progress", "benchmark"].map(
    (name) => [name, QUIET] as const,
  ),
  ...["report", "dump", "hex", "vstats", "vstats_file", "sdp_file", "dump_attachment", "qphist", "psnr"].map(
    (name) => [name, WRITES] as const,
  ),
  ...["pass", "passlogfile"].map((name) => [name, PASSES] as const),
  ...["filter_complex", "lavfi"].map((name) => [name, GRAPH] as const),
  ...["filter_script", "filter_complex_script", "vpre", "apre", "spre", "fpre", "pre"].map(
    (name) => [name, SCRIPT] as const,
  ),
  ...[
    "hwaccel",
    "hwaccel_device",
    "hwaccel_output_format",
    "init_hw_device",
    "filter_hw_device",
    "vaapi_device",
    "qsv_device",
  ].map((name) => [name, HARDWARE] as const),
  ...[
    "vsync",
    "fps_mode",
    "async",
    "copyts",
    "start_at_zero",
    "copytb",
    "enc_time_base",
    "re",
    "shortest",
    "apad",
    "fpsmax",
  ].map((name) => [name, TIMES] as const),
  ...[
    "fflags",
    "avoid_negative_ts",
    "muxdelay",
    "muxpreload",
    "max_muxing_queue_size",
    "video_track_timescale",
    "timestamp",
    "movie_timescale",
    "write_tmcd",
    "brand",
    "max_interleave_delta",
    "flush_packets",
    "mpegts_flags",
    "cues_to_front",
    "reserve_index_space",
  ].map((name) => [name, MUXER] as const),
  [
    "fs",
    ["it cuts the output off at that size", "Use -size 700M: the bit rate is chosen so that the whole output fits."],
  ],
  ["attach", ["it adds a file", "Attachments of the source are kept where the container takes them."]],
  ["target", ["it is a bundle of options", "Write the options out: -c:v, -b:v, -s, -r."]],
  ["vn", ["a job without video has nothing to encode", "Use ffmpeg itself for sound alone."]],
  ["c", ["it does not say for which streams", "Use -c:v, -c:a or -c:s."]],
  ["codec", ["it does not say for which streams", "Use -c:v, -c:a or -c:s."]],
  ["aspect", ["the picture's shape goes with the frames", "Use -vf setdar=16/9 or -vf setsar=1."]],
  ["sws_flags", ["scaling is written out as a filter", "Use -vf scale=1280:-2:flags=lanczos."]],
  [
    "force_key_frames",
    [
      "it counts over the whole video",
      "Use -g N for the distance between key frames; -sc_threshold 0 with it fixes them (docs/adr/0018-key-frames-at-fixed-distances.md).",
    ],
  ],
  ["bsf", ["bitstream filters are chosen by the server", "Leave it out."]],
  [
    "strict",
    ["experimental encoders are not distributed", "Leave it out, and use libopus, libvorbis or aac for sound."],
  ],
  ["top", ["it changes the field order of the frames", "Use -field_order, or -vf setfield=…."]],
  ["autorotate", ["rotation is applied while decoding, as ffmpeg does by default", "Leave it out."]],
  ["stats_file", WRITES],
  ["protocol_whitelist", ["protocols are fixed", "Leave it out."]],
  ["format_whitelist", ["containers that are read are fixed", "Leave it out."]],
]);

/** The refusal of an option that is not accepted. `known`: the accepted names, for suggestions. */
export function refusedOption(option: string, name: string, known: Iterable<string>): Error {
  const found = REFUSED.get(name);
  if (found) return refuse(option, `not accepted: ${found[0]}`, found[1]);
  const near = closest(name, known);
  return refuse(
    option,
    "not an option that ffcluster takes",
    near === null
      ? "Leave it out. Accepted: codecs, quality, bit rate, preset, filters, audio, stream and container options (docs/CONFIG.md)."
      : `Did you mean -${near}?`,
  );
}
