// Looks at a file for black bars with this machine's ffmpeg, and puts the crop that it finds into a request.
import type { Environment } from "../../base/config/resolve-options.ts";
import { AppError } from "../../base/errors.ts";
import type { SandboxMode } from "../../base/sandbox/confinement.ts";
import { findTools } from "../../media/ffmpeg/tools.ts";
import { chosenVideoStream } from "../../media/plan/stream-plan.ts";
import { parseEncodeParams } from "../../media/request/parse/parse-params.ts";
import { requireNoCrop, withCrop } from "../../media/request/parse/with-crop.ts";
import { type CropFinding, cropText } from "../../media/source/crop/crop-decision.ts";
import { detectCrop } from "../../media/source/crop/detect-crop.ts";
import { probeSource } from "../../media/source/probe.ts";

export interface CropQuestion {
  readonly env: Environment;
  readonly sandbox?: SandboxMode;
  /** Absolute. */
  readonly path: string;
  readonly request: string;
  readonly signal: AbortSignal;
}

export interface CropAnswer {
  readonly finding: CropFinding;
  /** With the crop, if there is one. */
  readonly request: string;
}

async function toolsFor({ env, sandbox }: CropQuestion) {
  try {
    return await findTools(env, sandbox);
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== "E_FFMPEG_MISSING") throw thrown;
    const message = `--crop auto looks at the file here, and ${thrown.message}`;
    throw new AppError(thrown.code, message, thrown.hint, { cause: thrown });
  }
}

/** Errors: E_FFMPEG_MISSING, E_ENCODE_REQUEST where the request has a crop, those of probeSource. */
export async function findCrop(question: CropQuestion): Promise<CropAnswer> {
  const { path, request, signal } = question;
  requireNoCrop(request);
  const tools = await toolsFor(question);
  const first = await probeSource(tools, path, { signal });
  const videoStream = chosenVideoStream(first.streams, parseEncodeParams(request).maps);
  const info = videoStream === undefined ? first : await probeSource(tools, path, { signal, videoStream });
  const finding = await detectCrop(tools, { path, info }, signal);
  return { finding, request: finding.kind === "crop" ? withCrop(request, cropText(finding.crop)) : request };
}

/** `crop 1920:800:0:140, found at 30 of 32 places`. */
export function cropWords(finding: CropFinding): string {
  switch (finding.kind) {
    case "crop":
      return `crop ${cropText(finding.crop)}, found at ${finding.found} of ${finding.places} places`;
    case "whole":
      return `no crop: there are no black bars at ${finding.places} places`;
    case "uncertain":
      return `no crop: ${finding.reason}`;
  }
}

export { requireNoCrop };
