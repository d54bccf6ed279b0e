// Checks a request that has no source yet: parses it and gives the output its name and container.
import { extname } from "node:path";
import { AppError } from "../../../base/errors.ts";
import { forContainer } from "../../../media/colour/container-range.ts";
import type { EncodeRequest } from "../../../media/model/encode-request.ts";
import type { Container } from "../../../media/model/source.ts";
import { parseEncodeParams } from "../../../media/request/parse/parse-params.ts";
import { checkContainer, containerOf, extensionOf } from "../../../media/request/tables/containers.ts";
import { codecOfEncoder } from "../../../media/request/tables/encoders.ts";
import { withUpload } from "../../../media/subtitles/burn-in-files.ts";

export interface RequestDefaults {
  readonly ffmpegParams: string;
  /** Null: `<input stem>.ffcluster.mp4`. */
  readonly fileNameOutput: string | null;
}

export interface CheckedRequest {
  readonly request: EncodeRequest;
  readonly requestText: string;
  readonly container: Container;
  readonly outputName: string;
}

function stemOf(name: string): string {
  return name.slice(0, name.length - extname(name).length) || name;
}

function defaultOutputName(defaults: RequestDefaults, request: EncodeRequest, inputName: string): string {
  const name = defaults.fileNameOutput ?? `${stemOf(inputName)}.ffcluster.mp4`;
  const { format } = request.container;
  return format === null ? name : `${stemOf(name)}${extensionOf(format)}`;
}

/** Errors: E_CONTAINER, which says where a codec comes from that nobody asked for. */
function requireFitting(container: Container, request: EncodeRequest, isDefault: boolean): void {
  try {
    checkContainer(container, request);
  } catch (thrown) {
    if (!isDefault || !(thrown instanceof AppError)) throw thrown;
    const codec = codecOfEncoder(request.video.encoder);
    const message = `${thrown.message}; ${codec} is what this server makes by default`;
    throw new AppError(thrown.code, message, `Name a codec with --codec or --ffmpeg-params. ${thrown.hint}`);
  }
}

/**
 * The container comes from the extension of the output's name, else from `-f` of the request, else from the server's
 * default name. Errors: E_ENCODE_REQUEST, E_CONTAINER.
 */
export function checkRequest(
  defaults: RequestDefaults,
  ffmpegParams: string | null,
  outputName: string | null,
  inputName: string,
  hasSubtitles = false,
): CheckedRequest {
  const requestText = ffmpegParams ?? defaults.ffmpegParams;
  const asked = withUpload(parseEncodeParams(requestText), hasSubtitles);
  const name = outputName ?? defaultOutputName(defaults, asked, inputName);
  const container = containerOf(name, asked);
  const request = forContainer(asked, container);
  requireFitting(container, request, ffmpegParams === null);
  return { request, requestText, container, outputName: name };
}
