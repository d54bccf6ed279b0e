// Differences between releases of ffmpeg that no code asks for by release: what is written works with all of them, or
// the tool itself is tried. The named rows are in differences.ts. Pure.
import type { Release } from "../releases.ts";

export interface Difference {
  readonly name: string;
  /** The first release with the new behaviour. */
  readonly since: Release;
  readonly changes: string;
  /** What this program does, and where. */
  readonly here: string;
  readonly source: string;
  /** What the older behaviour costs its users; absent: nothing. */
  readonly costsOlder?: string;
}

export const OTHER_DIFFERENCES: readonly Difference[] = [
  {
    name: "-enc_time_base -1",
    since: { major: 9, minor: 0 },
    changes:
      'the source\'s tick is no longer named by -1 ("Invalid time base"); by `demux` since 6.1, unknown to 5.1 and 6.0',
    here: "said: always an explicit fraction (framehash.ts, segment-args.ts, verify/frames/reference-decode.ts, remux/elementary.ts)",
    source: "measured; fftools warns of -1 before that (FFMPEG_OPT_ENC_TIME_BASE_NUM)",
  },
  {
    name: "sound of MP4 that begins late by less than a frame",
    since: { major: 9, minor: 0 },
    changes: "the reader takes as much from the end of the track as it begins late by",
    here: "asked: encoded sound is measured, and kept in NUT where some of it is missing (encode-audio.ts)",
    source: "measured: FLAC, ALAC, AC-3, MP2 and MP3; files of 7.1 and 8.1 too",
  },
  {
    name: "sound whose layout changes in mid-track",
    since: { major: 7, minor: 0 },
    changes: "nothing is lost at the change; before, what the encoder's next frame had gathered",
    here: "asked: encoded sound is measured, and made from decoded samples where some of it is missing (encode-audio.ts)",
    source: "measured with 6.0 and 7.0",
  },
  {
    name: "-vsync, -filter_complex_script",
    since: { major: 9, minor: 0 },
    changes: "both options are gone; -fps_mode is there since 5.1",
    here: "said: -fps_mode alone; scripts are not used",
    source: "measured",
  },
  {
    name: "-autoscale 0",
    since: { major: 7, minor: 0 },
    changes: "switches take no value any more: the 0 is taken for an output; -noautoscale is understood by all",
    here: "said: switches are written with no-, where they are used at all",
    source: "measured",
  },
  {
    name: "setpts and the frame rate",
    since: { major: 7, minor: 0 },
    changes:
      "setpts unsets the frame rate of its output, so that encoders take the time base for it; no longer since 8.0",
    here: "said: the encoder's time base is always given (segment-args.ts); what holds a frame stands before setpts (render-cadence.ts), since tpad behind it adds frames without end",
    source: "measured: 1/1000 in 7.0 and 7.1, 1001/24000 in the others",
  },
  {
    name: "range of colours through filters",
    since: { major: 7, minor: 1 },
    changes:
      "range and matrix are negotiated between filters; an encoder that names no range may get the source converted",
    here: "said: what goes into the encoder is stated (colour/range-path.ts)",
    source: "measured with FFV1",
  },
  {
    name: "frame=pkt_duration, coded_picture_number",
    since: { major: 7, minor: 0 },
    changes: "ffprobe shows them no longer; pkt_pos is there in all",
    here: "said: not asked for; remux/elementary.ts asks for pkt_pos alone",
    source: "measured",
  },
  {
    name: "SEI of H.264 with HDR10",
    since: { major: 7, minor: 0 },
    changes: "ffprobe shows mastering display and light level of H.264; before, of HEVC alone",
    here: "asked: read from the messages themselves (hdr10/read-sei.ts) where ffprobe shows none",
    source: "measured",
  },
  {
    name: "Opus copied into Matroska",
    since: { major: 6, minor: 0 },
    changes: "the first packet of one stream, 10 s on, is at 10.000 s in 6.0 to 8.0, at 9.993 s in 5.1, 8.1 and 9.0",
    here: "asked: measured on the stream itself before it is copied (opus-delay.ts)",
    source: "measured",
  },
  {
    name: "AAC encoded into Matroska",
    since: { major: 6, minor: 0 },
    changes: "the first packet is at -23 ms, which is the encoder's priming; 5.1 loses it (0 ms). NUT loses it in all",
    here: "said: encoded sound goes through MP4 (encode-audio.ts)",
    source: "measured",
  },
  {
    name: "r_frame_rate of raw H.264",
    since: { major: 7, minor: 0 },
    changes: "ffprobe gives the rate of the fields, 50/1 where avg_frame_rate is 25/1; before, both were 25/1",
    here: "asked: either is taken, and the decoded times must show it (remux/elementary.ts)",
    source: "measured",
  },
  {
    name: "exit status",
    since: { major: 6, minor: 1 },
    changes: "any error number instead of 1, 134 and 139 among them, which a shell takes for signals",
    here: "asked: the guard says which signal ended it (base/process/death.ts)",
    source: "measured: 1 until 6.0, 254 since 7.0 for a file that is not there; fftools: main() returns the error",
  },
];
