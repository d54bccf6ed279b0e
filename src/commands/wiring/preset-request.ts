// Puts the options that were given over those of a preset, by the rules of requests.
import { AppError } from "../../base/errors.ts";
import { overRequest } from "../../media/request/parse/over-request.ts";
import { parseEncodeParams } from "../../media/request/parse/parse-params.ts";

interface NamedRequest {
  readonly name: string;
  readonly ffmpegParams: string;
}

/** Errors: E_ENCODE_REQUEST for a preset that is no request. */
export function checkPreset({ name, ffmpegParams }: NamedRequest): void {
  try {
    parseEncodeParams(ffmpegParams);
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    throw new AppError(thrown.code, `preset ${name}: ${thrown.message}`, thrown.hint, { cause: thrown });
  }
}

/** `own` null: nothing was given. Errors: E_ENCODE_REQUEST that names both sides. */
export function requestOver(preset: NamedRequest, own: string | null): string {
  checkPreset(preset);
  if (own === null) return preset.ffmpegParams;
  try {
    return overRequest(preset.ffmpegParams, own);
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    const sides = `preset ${preset.name} (${preset.ffmpegParams}) and what is given beside it (${own})`;
    const message = `${sides} do not go together: ${thrown.message}`;
    throw new AppError(thrown.code, message, thrown.hint, { cause: thrown });
  }
}
