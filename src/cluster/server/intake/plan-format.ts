// Chooses the one pixel format for all segments of a job: the one that the server's own ffmpeg gives the encoder, or the
// requested one where that build lacks it and a client has it.
import { AppError } from "../../../base/errors.ts";
import { rangeHolder } from "../../../media/colour/range-holder.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { EncodeRequest } from "../../../media/model/encode-request.ts";
import type { SourceVideo } from "../../../media/model/source.ts";
import { encodedFormat, isSameFormat, plainName } from "../../../media/request/args/encoded-format.ts";
import { translateRequest } from "../../../media/request/translate/translate.ts";
import { losesSamples } from "../../../media/verify/picture/measure/format-loss.ts";
import { tooMuchFor } from "../../scheduler/ability/encoders.ts";
import type { Client } from "../../scheduler/model/client.ts";
import type { Choice } from "./choose-encoder.ts";

export interface FormatPlan {
  /** With the format stated, where builds of ffmpeg may choose another one by themselves. */
  readonly request: EncodeRequest;
  /** Never a yuvj format, whose samples are those of the yuv one. Null: not known beforehand. */
  readonly format: string | null;
}

interface FormatQuestion {
  readonly request: EncodeRequest;
  /** The one that the request names, or the first that may be elected. */
  readonly encoder: string;
  readonly video: SourceVideo;
  /** What the server's ffmpeg gives that encoder; null: it could not be tried. */
  readonly tried: string | null;
}

/** The format that -pix_fmt or the name of a codec asks for; null: the encoder chooses. */
function askedOf({ request, encoder, video }: FormatQuestion): string | null {
  return translateRequest(request, encoder, video).request.video.pixelFormat;
}

/** The requested format, where this ffmpeg can't encode it without loss; null: it can, or none is requested. */
export function formatLacking(question: FormatQuestion): string | null {
  const asked = askedOf(question);
  const { tried } = question;
  return asked !== null && tried !== null && losesSamples(asked, tried) ? asked : null;
}

/**
 * Where the encoder chooses, builds agree only on the picture's own format, and only without filters. Motion JPEG's format
 * has two names, of which releases use one or the other.
 */
function mustBeStated({ request, encoder, video }: FormatQuestion, format: string): boolean {
  if (rangeHolder(encoder) === "full") return false;
  return request.filters.length > 0 || !isSameFormat(format, encodedFormat(video, request));
}

/** `isElsewhere`: a connected client has what the server's build lacks. */
function planFormat(question: FormatQuestion, isElsewhere: boolean): FormatPlan {
  const { request, tried } = question;
  const asked = askedOf(question);
  if (isElsewhere || tried === null) return { request, format: asked === null ? null : plainName(asked) };
  const format = plainName(tried);
  if (asked !== null || !mustBeStated(question, tried)) return { request, format };
  return { request: { ...request, video: { ...request.video, encodedFormat: tried } }, format };
}

/** The format for all segments. Errors: E_ENCODE_REQUEST where neither the server nor `isElsewhere` has what is asked for. */
export function chooseFormat(
  tools: Tools,
  question: FormatQuestion,
  isElsewhere: (lacking: string) => boolean,
): FormatPlan {
  const lacking = formatLacking(question);
  if (lacking === null) return planFormat(question, false);
  if (!isElsewhere(lacking)) throw formatRefused(question, lacking, tools);
  return planFormat(question, true);
}

/** Whether a connected client can do what is chosen. */
export function isAnyoneAble(clients: Iterable<Client>, { first, settings }: Choice): boolean {
  const encoders = [first, ...(settings.election?.candidates ?? [])].map(({ encoder }) => encoder);
  return [...clients].some(
    (client) =>
      client.status !== "Disconnected" &&
      encoders.some(
        (encoder) => client.encoders.includes(encoder) && tooMuchFor(client, { settings }, encoder) === null,
      ),
  );
}

function formatRefused({ encoder, tried }: FormatQuestion, lacking: string, { version }: Tools): AppError {
  return new AppError(
    "E_ENCODE_REQUEST",
    `${encoder} of the server's ffmpeg ${version} has no ${lacking} and would use ${tried}, and no connected client has it`,
    `Ask for -pix_fmt ${tried}, connect a client whose build has ${lacking}, or give the server one (FFCLUSTER_FFMPEG_DIR).`,
  );
}
