// `--crop auto`: what is looked at here, and said, before a job is made.
import { basename } from "node:path";
import { AppError } from "../../base/errors.ts";
import type { CommandContext } from "../cli/command.ts";
import type { ProgressDisplay } from "../output/progress-display.ts";
import { ffmpegParamsOf } from "./ffmpeg-params.ts";
import type { SubmitOptions } from "./options.ts";

/** The filter needs a request that it stands in: the server's own is known to the server alone. */
const LIBX264 = "-c:v libx264";

/** Errors: E_USAGE, E_ENCODE_REQUEST where the request cuts the picture itself. */
export async function requireCropPossible(given: Omit<SubmitOptions, "output">): Promise<void> {
  if (given.crop === null) return;
  if (given["on-server"]) {
    const hint = "Run `ffcluster probe FILE --crop auto` there, and give the crop with -vf.";
    throw new AppError("E_USAGE", "--crop auto looks at the file on this machine, not on the server", hint);
  }
  const { requireNoCrop } = await import("../wiring/find-crop.ts");
  requireNoCrop(ffmpegParamsOf(given) ?? LIBX264);
}

/** The request for one file. `input`: an absolute path here. Null: the server's default. */
export async function paramsFor(
  input: string,
  given: SubmitOptions,
  { display, context }: { readonly display: ProgressDisplay; readonly context: CommandContext },
): Promise<string | null> {
  const params = ffmpegParamsOf(given);
  if (given.crop === null) return params;
  const { cropWords, findCrop } = await import("../wiring/find-crop.ts");
  const { env, signal } = context;
  const question = { env, sandbox: given.sandbox, path: input, request: params ?? LIBX264, signal };
  const { finding, request } = await findCrop(question);
  display.note(`${basename(input)}: ${cropWords(finding)}`);
  return request;
}
