// Translates a request that names a codec into one for a particular encoder, which the server chooses. Pure.
import { assertNever } from "../../../base/assert.ts";
import type { EncodeRequest } from "../../model/encode-request.ts";
import type { EncoderFamily } from "../../model/encoder-family.ts";
import type { SourceVideo } from "../../model/source.ts";
import { findVideoEncoder, VIDEO_ENCODERS } from "../tables/encoders.ts";
import { isNeutralCodec } from "../tables/neutral-codecs.ts";
import { inAmfWords } from "./amf.ts";
import { cannot, type Translation } from "./encoder-words.ts";
import { type Neutral, readNeutral } from "./neutral.ts";
import { inNvencWords } from "./nvenc.ts";
import { inQsvWords } from "./qsv.ts";
import { inSoftwareWords } from "./software.ts";
import { inVaapiWords } from "./vaapi.ts";
import { inVideotoolboxWords } from "./videotoolbox.ts";

export interface Candidate {
  readonly encoder: string;
  readonly family: EncoderFamily;
}

export interface Exclusion extends Candidate {
  readonly reason: string;
}

function inWordsOf(ask: Neutral, { name, family }: { name: string; family: EncoderFamily }): Translation {
  switch (family) {
    case "software":
      return inSoftwareWords(ask, name) ?? cannot(`${name} is used only where it is named`);
    case "nvenc":
      return inNvencWords(ask);
    case "qsv":
      return inQsvWords(ask);
    case "amf":
      return inAmfWords(ask);
    case "videotoolbox":
      return inVideotoolboxWords(ask);
    case "vaapi":
      return inVaapiWords(ask);
    default:
      return assertNever(family);
  }
}

/**
 * The encoders that can do what is asked, each with its family, and those that can't with the reason. For a request
 * that names its encoder, that one. `family`: the only one allowed; null: any.
 */
export function candidatesFor(
  request: EncodeRequest,
  source: SourceVideo,
  family: EncoderFamily | null,
): { readonly candidates: readonly Candidate[]; readonly excluded: readonly Exclusion[] } {
  const ask = readNeutral(request, source);
  if (ask === null) {
    const named = findVideoEncoder("-c:v", request.video.encoder);
    return { candidates: [{ encoder: named.name, family: named.family }], excluded: [] };
  }
  const candidates: Candidate[] = [];
  const excluded: Exclusion[] = [];
  for (const encoder of VIDEO_ENCODERS.values()) {
    if (encoder.codec !== ask.codec) continue;
    const candidate = { encoder: encoder.name, family: encoder.family };
    const translated = inWordsOf(ask, encoder);
    if (!translated.ok) excluded.push({ ...candidate, reason: translated.reason });
    else if (family !== null && encoder.family !== family)
      excluded.push({ ...candidate, reason: `the job asks for ${family}` });
    else candidates.push(candidate);
  }
  return { candidates, excluded };
}

export interface Translated {
  readonly request: EncodeRequest;
  /** Requested settings that the encoder does not support. */
  readonly left: readonly string[];
}

/** The request as `encoder` understands it; one that names its encoder stays as it is. Throws for one not a candidate. */
export function translateRequest(request: EncodeRequest, encoder: string, source: SourceVideo): Translated {
  if (!isNeutralCodec(request.video.encoder)) return { request, left: [] };
  const ask = readNeutral(request, source);
  const target = findVideoEncoder("-c:v", encoder);
  const translated = ask === null ? cannot("it names no codec") : inWordsOf(ask, target);
  if (ask === null || !translated.ok || target.codec !== ask.codec) {
    const reason = translated.ok ? "another codec" : translated.reason;
    throw new Error(`${encoder} can't serve this request: ${reason}`);
  }
  const { video } = request;
  return {
    request: {
      ...request,
      video: {
        ...video,
        encoder,
        quality: null,
        bitrate: null,
        minrate: null,
        maxrate: null,
        bufsize: null,
        preset: null,
        tune: null,
        profile: null,
        bFrames: null,
        encoderParams: [],
        privateOptions: [],
        gop: ask.gop,
        ...translated.words,
      },
    },
    left: translated.left,
  };
}
