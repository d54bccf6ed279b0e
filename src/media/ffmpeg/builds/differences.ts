// How releases of ffmpeg differ in ways that matter to this program: one row per difference, with its source and with
// what the program does about it. What a single build contains is a different question (inventory.ts). Pure.
//
// "Measured" means tried with 5.1.9, 6.0, 7.0.2, 7.1.5, 8.0, 8.1.2 and 9.0.2 side by side; 6.1 could not be tried, and
// its place follows from its source. In a row marked `asked`, the code has no condition on a version: it tries the tool
// or reads its answer. What is marked `said` works with all releases. Clients are distinguished by release
// (plan/alike-releases.ts), and the check of the pictures looks up what -color_range does.
import { compareReleases, type Release, releaseText } from "../releases.ts";
import { type Difference, OTHER_DIFFERENCES } from "./other-differences.ts";

export const RATE_RULE: Difference = {
  name: "-r on a variable rate",
  since: { major: 6, minor: 1 },
  changes:
    "a frame lasts as long as it states, no longer its packet's length in whole frames: 467 and 468 pictures of one clip",
  here: "asked: learned by trial (cadence/learn-sync-rule.ts); tasks carry what the server's ffmpeg shows, so clients of any version make that; where one run must make it, clients of the other side are distinguished (plan/alike-releases.ts)",
  source: "measured; fftools: do_video_out until 6.0, video_sync_process since",
};

export const PACKET_LENGTHS: Difference = {
  name: "length of packets that are coded out of order, MP4",
  since: { major: 8, minor: 0 },
  changes: "ffprobe states the duration of each packet; before, none where pictures are reordered at a variable rate",
  here: "asked: the index takes what is stated (growing-frame-index.ts, cadence/find-cadence.ts)",
  source: "measured",
  costsOlder: "`-r` on an MP4 of variable rate with B-frames may have to be made in one run, without splitting it",
};

export const AFTER_FPS: Difference = {
  name: "the last frame behind -vf fps, where its length is not stated",
  since: { major: 7, minor: 0 },
  changes:
    "it lasts as long as the rate says; before, it ended where it began, and the output with the frame before it",
  here: "clients of the other side are distinguished where it matters: a variable rate behind fps (plan/alike-releases.ts)",
  source: "measured: 196 and 197 pictures of one clip; ffmpeg_dec.c, video_duration_estimate",
};

export const FULL_BY_TAG: Difference = {
  name: "full range by a tag, where the pixel format is converted",
  since: { major: 7, minor: 0 },
  changes: "scale keeps it; before, it squeezes the picture to limited range and tags it so",
  here: "said: out_range of every scale on the way (colour/range-path.ts); where -color_range is asked, clients of the other side are distinguished (plan/alike-releases.ts)",
  source: "measured: yuv422p10le tagged pc into SVT-AV1 and libvpx",
};

export const ASKED_COLOURS: Difference = {
  name: "-color_range and -colorspace",
  since: { major: 7, minor: 1 },
  changes: "what the pictures have is converted to what is asked; before, the output only said it",
  here: "as plain ffmpeg of the version; the check of the pictures does the same (verify/picture/sample-args.ts), and clients of the other side are distinguished (plan/alike-releases.ts)",
  source: "measured: lossless x264, FFV1 and VP9, MPEG-4, ProRes of limited, full, RGB and grey sources",
};

/** Two steps of one difference: each gives other samples. */
export const LEVELS: readonly Difference[] = [
  { major: 8, minor: 0 },
  { major: 8, minor: 1 },
].map((since) => ({
  name: `levels between limited and full range, ${releaseText(since)}`,
  since,
  changes: "they are rounded otherwise, by one step of a sample",
  here: "clients of the other side are distinguished where levels are converted (plan/alike-releases.ts)",
  source: "measured: scale=out_range of lossless x264 and FFV1; equal from 5.1 to 7.1, and from 8.1 to 9.0",
}));

export const CHROMA_PLACE: Difference = {
  name: "where chroma lies, behind scale",
  since: { major: 8, minor: 0 },
  changes:
    "scale says nothing of it, which is taken for left; before, what the source says is handed on; samples are equal",
  here: "said: setparams and -chroma_sample_location (segment-args.ts)",
  source: "measured: MJPEG into lossless x264 through scale",
};

export const CHROMA_ASKED: Difference = {
  name: "-chroma_sample_location",
  since: { major: 7, minor: 1 },
  changes:
    "7.1 and 8.0 do not heed it: what the pictures say goes, which is left where a filter forgets it; 8.1 does again",
  here: "said: setparams, which can state it since 7.1, and -chroma_sample_location (segment-args.ts)",
  source: "measured: Theora and H.264 into x264, x265 and FFV1, alone and behind tmix and scale",
};

/** Begins with the first and ends with the second. */
export const SLICED_DITHER: readonly [Difference, Difference] = [
  {
    name: "dither of ten bits to eight, on several threads",
    since: { major: 6, minor: 0 },
    changes: "scale begins the dither anew in every slice, so that the samples depend on the number of threads",
    here: "asked: filters run on one thread where the source has more than eight bits (segment/filters-alone.ts)",
    source: "measured: yuv420p10le into yuv420p with -filter_threads 1, 2, 3; on one thread all versions are equal",
  },
  {
    name: "dither of ten bits to eight, on several threads, no longer",
    since: { major: 7, minor: 1 },
    changes: "the samples are the same for every number of threads",
    here: "asked: as many threads as the slot has",
    source: "measured",
  },
];

export const RGB_IS_FULL: Difference = {
  name: "range of RGB and grey, Matroska",
  since: { major: 7, minor: 0 },
  changes: "the output says full range, whatever the source says; before, what the source says",
  here: "said: -color_range of the joined file, where its codec says nothing of it (stitch/stitch.ts)",
  source: "measured: FFV1, HuffYUV, Ut Video; bgr0, gray, gray10le, gray16le, ya8",
};

export const STREAM_SHAPE: Difference = {
  name: "shape of pixels that changes in mid-stream",
  since: { major: 7, minor: 0 },
  changes:
    "every picture has the stream's shape, as ffprobe says it; before, each has its own and the first picture's counts",
  here: "asked: the first picture is looked at only before (source/probe.ts), and its shape is stated for all (segment/cut-range.ts)",
  source: "measured: H.264 in TS, PS and raw, MPEG-4 in TS",
};

export const COLOURS_SET_UP: Difference = {
  name: "filters where the pictures say another range or matrix",
  since: { major: 7, minor: 0 },
  changes: "they are set up anew, as where size or format change; before, they go on",
  here: "said: then such a change is looked for too (source/picture-sizes.ts)",
  source: 'measured: yadif gives 11 of 12 pictures; "Reconfiguring filter graph because video parameters changed"',
};

export const COPIED_ENDS: Difference = {
  name: "where a packet without a duration ends, which the offset at a restarted clock is counted from",
  since: { major: 7, minor: 0 },
  changes:
    "the container's rate says it; before, the decoder's, where the packets are decoded: MPEG-4 part 2 of 24000/1001 ends after 1/24000 s, and copied after 1001/24000 s",
  here: "asked: until then the copy onto one clock decodes beside it what the job decodes (clock/correct-clock.ts)",
  source: "measured with 5.1, 6.0, 7.0, 7.1 and 9.0; process_input_packet until 6.0, ist_dts_update since",
};

export const HIDES_MJPEG: Difference = {
  name: "pictures of MJPEG that an edit list hides",
  since: { major: 6, minor: 0 },
  changes: "they are not shown; before, the decoder gives them too: 20 pictures of one clip instead of 17",
  here: "asked: until then the times of all pictures are decoded where an encoder can't tell two apart (recipe/crowded-times.ts)",
  source: "measured",
};

export const HIDES_AV1: Difference = {
  name: "pictures of AV1 that an edit list hides",
  since: { major: 7, minor: 0 },
  changes: "they are not shown; before, the decoder (libdav1d) gives them too: 16 pictures of one clip instead of 6",
  here: "asked: until then the times of all pictures are decoded before work (recipe/crowded-times.ts)",
  source: "measured with 5.1, 6.0, 7.1, 8.0 and 9.0",
};

export const OGG_START: Difference = {
  name: "the start that Ogg is counted from, where not every stream is read",
  since: { major: 6, minor: 0 },
  changes: "that of the streams in use, as in MPEG-TS; before, the file's (its clock has 64 bits, and never wraps)",
  here: "as plain ffmpeg of the version: the server's tells the start, which every task carries (source/source-clock.ts)",
  source: "measured: -an -r 25 of pictures that begin at 0.5 s beside sound; ffmpeg.c, process_input until 5.1",
};

export const LAST_TIMES: Difference = {
  name: "a last picture that comes out of the decoder without a packet's time (MPEG-4 part 2 in ASF)",
  since: { major: 7, minor: 0 },
  changes: "it follows the picture before it by the length of that one; before, it has the time of that one",
  here: "asked: until then such a source's own times are kept, not those of its exact rate (index/index-source.ts)",
  source: "measured with 5.1, 6.0, 7.0, 7.1, 8.1 and 9.0",
};

export const DIFFERENCES: readonly Difference[] = [
  RATE_RULE,
  PACKET_LENGTHS,
  AFTER_FPS,
  ASKED_COLOURS,
  FULL_BY_TAG,
  ...LEVELS,
  ...SLICED_DITHER,
  CHROMA_PLACE,
  CHROMA_ASKED,
  COLOURS_SET_UP,
  RGB_IS_FULL,
  STREAM_SHAPE,
  COPIED_ENDS,
  HIDES_MJPEG,
  HIDES_AV1,
  OGG_START,
  LAST_TIMES,
  ...OTHER_DIFFERENCES,
];

export function isSince(release: Release, { since }: Difference): boolean {
  return compareReleases(release, since) >= 0;
}

export function dithersBySlice(release: Release): boolean {
  const [begins, ends] = SLICED_DITHER;
  return isSince(release, begins) && !isSince(release, ends);
}

/** What this release costs compared with newer ones, in sentences. */
export function costsOf(release: Release): string[] {
  return DIFFERENCES.flatMap(({ since, costsOlder }) =>
    costsOlder !== undefined && compareReleases(release, since) < 0 ? [costsOlder] : [],
  );
}
