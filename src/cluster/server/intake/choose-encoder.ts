// Chooses the encoders that a new job may use: the one it names, or all that can do what it asks. The scheduler elects one.
import { AppError } from "../../../base/errors.ts";
import { isRangeUpToVersion } from "../../../media/colour/range-path.ts";
import { commonHeaders } from "../../../media/ffmpeg/codecs.ts";
import type { EncodeRequest } from "../../../media/model/encode-request.ts";
import type { EncoderFamily } from "../../../media/model/encoder-family.ts";
import { isDeep } from "../../../media/model/hdr.ts";
import type { SourceInfo, SourceVideo } from "../../../media/model/source.ts";
import { askedPixelFormat } from "../../../media/request/args/picture-changes.ts";
import { codecOfEncoder } from "../../../media/request/tables/encoders.ts";
import { isNeutralCodec } from "../../../media/request/tables/neutral-codecs.ts";
import { type Candidate, candidatesFor, translateRequest } from "../../../media/request/translate/translate.ts";
import type { EncodedPicture, JobSettings } from "../../scheduler/model/job.ts";
import type { JobRequest } from "./job-request.ts";

/** The default: long enough for a client to restart. */
const WAIT_FOR_FAMILY_SECONDS = 60;

export interface Choice {
  /** In use until the scheduler elects one. */
  readonly first: Candidate;
  readonly settings: Pick<JobSettings, "election" | "headers"> & { readonly picture: EncodedPicture };
}

type Wishes = Pick<JobRequest, "family" | "allowMixed" | "waitForFamily">;

/**
 * `format`: the pixel format that software encodes; null: not known. Errors: E_ENCODE_REQUEST when no encoder can do all
 * that is asked, or the named one is not of the family.
 */
export function chooseEncoder(
  request: EncodeRequest,
  wishes: Wishes,
  { video }: SourceInfo,
  format: string | null = null,
): Choice {
  const codec = request.video.encoder;
  const family = wishes.family === "auto" ? null : wishes.family;
  const isNamed = !isNeutralCodec(codec);
  const { candidates, excluded } = candidatesFor(request, video, family);
  const [first] = candidates;
  if (first === undefined) {
    const reasons = excluded.filter((each) => family === null || each.family === family);
    throw noEncoder(codec, family, reasons.map(({ encoder, reason }) => `${encoder}: ${reason}`).join("; "));
  }
  if (isNamed && family !== null && family !== first.family) {
    const hint = `Leave --family out, or name the codec: -c:v ${codecOfEncoder(codec)}.`;
    throw new AppError("E_ENCODE_REQUEST", `${codec} does not belong to the family ${family}`, hint);
  }
  const { width, height } = request.video.size ?? video;
  const isTold = format !== null && first.family === "software";
  const depth = isDeep(isTold ? format : pixelFormatOf(request, first, video));
  const picture = { width, height, isDeep: depth, ...(isTold ? { format } : {}) };
  // Releases of ffmpeg may then write other levels, each right by the headers of its segment; one output needs one kind.
  const isUpToVersion = isRangeUpToVersion(video, translateRequest(request, first.encoder, video).request);
  const isMixed = wishes.allowMixed === true && !isNamed;
  const common = isUpToVersion ? "global" : isMixed ? null : commonHeaders(codecOfEncoder(codec));
  const headers = common === null ? {} : { headers: common };
  if (isNamed) return { first, settings: { picture, ...headers } };
  const wait = wishes.waitForFamily ?? WAIT_FOR_FAMILY_SECONDS;
  const waitForFamilyMs = wait === "ever" ? null : wait * 1000;
  const election = { candidates, allowMixed: wishes.allowMixed ?? false, waitForFamilyMs };
  return { first, settings: { picture, election, ...headers } };
}

function noEncoder(codec: string, family: EncoderFamily | null, reasons: string): AppError {
  const whose = family === null ? "no encoder" : `no ${family} encoder`;
  if (reasons === "" && family !== null) {
    const hint = `Allow another family, or another codec: ${family} has none for this one.`;
    return new AppError("E_ENCODE_REQUEST", `there is no ${family} encoder for ${codec}`, hint);
  }
  return new AppError(
    "E_ENCODE_REQUEST",
    `${whose} for ${codec} can do all that is asked${reasons === "" ? "" : ` (${reasons})`}`,
    "Leave out -pix_fmt or -maxrate, allow another family, or name the encoder.",
  );
}

/** The pixel format that the encoder gets, as far as it is known before it runs. */
function pixelFormatOf(request: EncodeRequest, { encoder }: Candidate, video: SourceVideo): string {
  return askedPixelFormat(translateRequest(request, encoder, video).request) ?? video.pixelFormat;
}
