// Checks of a submit before it calls the server: the same ones that the server makes.
import type { Environment } from "../../base/config/resolve-options.ts";
import { AppError } from "../../base/errors.ts";
import type { SandboxMode } from "../../base/sandbox/confinement.ts";
import { findTools } from "../../media/ffmpeg/tools.ts";
import { emptyEncodeRequest } from "../../media/model/encode-request.ts";
import { planSource } from "../../media/recipe/plan-source.ts";
import { parseEncodeParams } from "../../media/request/parse/parse-params.ts";
import { checkContainer, containerOf } from "../../media/request/tables/containers.ts";
import { probeSource } from "../../media/source/probe.ts";
import { checkSubtitleFile, withUpload } from "../../media/subtitles/burn-in-files.ts";

/** Refuses what needs no server to refuse. Null: the server's default, which only it knows. Errors: E_ENCODE_REQUEST, E_CONTAINER. */
export function checkRequestLocally(
  ffmpegParams: string | null,
  outputName: string | null,
  hasSubtitles = false,
): void {
  const request = ffmpegParams === null ? null : withUpload(parseEncodeParams(ffmpegParams), hasSubtitles);
  if (outputName === null) return;
  const container = containerOf(outputName, request ?? emptyEncodeRequest());
  if (request !== null) checkContainer(container, request);
}

/** The request for a job of the file. `ffmpegParams` null: the server's default, which only it knows. */
interface WantedJob {
  readonly ffmpegParams: string | null;
  readonly outputName: string;
  readonly hasSubtitles: boolean;
  readonly sandbox: SandboxMode;
}

/**
 * Probes a file before the upload; without ffmpeg here it leaves that to the server.
 * Errors: those of probeSource, and if the request is known, everything for which the server would refuse the file.
 */
export async function checkSourceLocally(path: string, wanted: WantedJob, env: Environment): Promise<void> {
  const tools = await findTools(env, wanted.sandbox).catch((thrown: unknown) => {
    if (thrown instanceof AppError && (thrown.code === "E_FFMPEG_MISSING" || thrown.code === "E_FFMPEG_OLD"))
      return null;
    throw thrown;
  });
  if (tools === null) return;
  const { ffmpegParams, outputName, hasSubtitles } = wanted;
  if (ffmpegParams === null) return void (await probeSource(tools, path));
  const request = withUpload(parseEncodeParams(ffmpegParams), hasSubtitles);
  await planSource(tools, path, { request, container: containerOf(outputName, request) });
}

export { checkSubtitleFile };
