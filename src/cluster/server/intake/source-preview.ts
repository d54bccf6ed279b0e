// What a job would make of a source that somebody is handing in: all that `probe` finds in one that is whole, and what its
// header says of one that is still on its way. Makes no job.
import { AppError, errnoOf } from "../../../base/errors.ts";
import { toNumber } from "../../../base/rational.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import { planSource } from "../../../media/recipe/plan-source.ts";
import type { SourcePreviewView } from "../views.ts";
import { checkRequest } from "./check-request.ts";
import type { JobDefaults } from "./create-job.ts";
import { preview } from "./preview.ts";
import type { Preview } from "./preview-document.ts";
import { streamViews } from "./previewed-source.ts";

export interface PreviewedFile {
  readonly name: string;
  readonly path: string;
  readonly isWhole: boolean;
}

/** Null: what has arrived does not say yet what is in it. Errors: those of `preview`. */
export async function previewSource(
  tools: Tools,
  defaults: JobDefaults,
  file: PreviewedFile,
  ffmpegParams: string | null,
  signal: AbortSignal,
): Promise<SourcePreviewView | null> {
  const { name, path, isWhole } = file;
  try {
    if (!isWhole) return await ofHeader(tools, defaults, file, ffmpegParams, signal);
    const { benchmarkSeconds } = defaults.settings;
    const asked = { path, inputName: name, ffmpegParams, outputName: null, defaults, benchmarkSeconds, signal };
    return ofWhole(await preview(tools, asked));
  } catch (thrown) {
    if (signal.aborted) throw new AppError("E_INTERRUPTED", "nobody waits for this", "Ask again.", { cause: thrown });
    if (!isWhole && isForMore(thrown)) return null;
    throw withName(thrown, file);
  }
}

/** More bytes may help; or all have come meanwhile, and the file is elsewhere. */
function isForMore(thrown: unknown): boolean {
  if (!(thrown instanceof AppError)) return errnoOf(thrown) === "ENOENT";
  return thrown.code !== "E_ENCODE_REQUEST" && thrown.code !== "E_CONTAINER";
}

/** Where the server keeps it is nobody's business. */
function withName(thrown: unknown, { name, path }: PreviewedFile): unknown {
  if (!(thrown instanceof AppError)) return thrown;
  const own = (text: string) => text.replaceAll(path, name);
  return new AppError(thrown.code, own(thrown.message), own(thrown.hint), { cause: thrown });
}

async function ofHeader(
  tools: Tools,
  defaults: JobDefaults,
  { name, path }: PreviewedFile,
  ffmpegParams: string | null,
  signal: AbortSignal,
): Promise<SourcePreviewView> {
  const checked = checkRequest(defaults, ffmpegParams, null, name);
  const { info, plan } = await planSource(tools, path, checked, { signal });
  const { video, durationMicroseconds } = info;
  return {
    is_whole: false,
    duration_seconds: durationMicroseconds === null ? null : durationMicroseconds / 1e6,
    video: {
      codec: video.codec,
      width: video.width,
      height: video.height,
      pixel_format: video.pixelFormat,
      fps: video.averageFrameRate === null ? null : toNumber(video.averageFrameRate),
      frames: null,
    },
    streams: streamViews(plan, checked),
    output_name: checked.outputName,
    encoder: checked.request.video.encoder,
    split: null,
  };
}

function fpsOf({ frame_rate: rate }: Preview["video"]): number | null {
  return rate.kind === "constant" ? rate.fps : rate.kind === "variable" ? rate.mean_fps : null;
}

function ofWhole({ duration_seconds, video, streams, request, split }: Preview): SourcePreviewView {
  const { codec, width, height, pixel_format, frames } = video;
  return {
    is_whole: true,
    duration_seconds,
    video: { codec, width, height, pixel_format, fps: fpsOf(video), frames },
    streams,
    output_name: request.output_name,
    encoder: request.encoder,
    split,
  };
}
