// What a run over a library asks the server before its first file: whether the request is good, what its outputs are, and
// how many jobs are worth having under way.
import { extname } from "node:path";
import type { ApiClient } from "../../api/client.ts";
import { AppError } from "../../base/errors.ts";
import { safeOutputName } from "../jobs/output-name.ts";
import { ffmpegParamsOf } from "../submitting/ffmpeg-params.ts";
import type { SubmitOptions } from "../submitting/options.ts";
import {
  extensionIn,
  type NameTemplate,
  type OutputKind,
  parseNameTemplate,
  usesField,
} from "./names/name-template.ts";
import { MOST_AHEAD } from "./options.ts";

const LEAST_AHEAD = 4;
/** While some are encoded, others are brought, checked and fetched. */
const BESIDES_ENCODING = 2;
const IN_FOLDERS = parseNameTemplate("{dir}/{stem}.{ext}");

export interface LibraryNames {
  readonly template: NameTemplate;
  readonly kind: OutputKind;
}

/** Errors: E_ENCODE_REQUEST, E_CONTAINER, E_USAGE, those of reaching the server. */
export async function askForNames(given: SubmitOptions, client: ApiClient): Promise<LibraryNames> {
  const { checkRequestLocally } = await import("../wiring/local-checks.ts");
  const ffmpegParams = ffmpegParamsOf(given);
  const fixed = given["name-template"] === null ? null : extensionIn(given["name-template"]);
  const outputName = fixed === null ? null : `x.${fixed}`;
  checkRequestLocally(ffmpegParams, outputName);
  // The server makes its name of the source's stem, which so is a field of the template that it answers.
  const checked = await client.checkRequest({
    ffmpeg_params: ffmpegParams,
    output_name: outputName,
    input_name: "{stem}.mkv",
  });
  const extension = extname(safeOutputName(checked.output_name)).slice(1);
  const isInFolders = given["output-dir"] !== null || given.replace;
  const template = given["name-template"] ?? (isInFolders ? IN_FOLDERS : ownNames(checked.output_name));
  if (usesField(template, "codec") && checked.video_codec === undefined) {
    const hint = "Use the same version of ffcluster on both sides, or leave {codec} out.";
    throw new AppError("E_PROTOCOL", "the server does not say which codec the request makes", hint);
  }
  return { template, kind: { codec: checked.video_codec ?? "", extension } };
}

/** The server's names, in the current folder; where it gives every output the same name, the sources'. */
function ownNames(name: string): NameTemplate {
  return parseNameTemplate(/^\{stem\}\.ffcluster\.\w+$/.test(name) ? "{stem}.ffcluster.{ext}" : "{stem}.{ext}");
}

/** How many files are under way at a time. */
export async function askHowManyAhead(given: SubmitOptions, client: ApiClient): Promise<number> {
  const asked = given["jobs-ahead"];
  if (asked !== null) return asked;
  try {
    const clients = await client.listClients();
    const slots = clients.filter(({ status }) => status !== "Disconnected").map((each) => each.slots);
    const wanted = slots.reduce((sum, each) => sum + each, BESIDES_ENCODING);
    return Math.min(MOST_AHEAD, Math.max(LEAST_AHEAD, wanted));
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === "E_FORBIDDEN") return LEAST_AHEAD; // not everyone may see the clients
    throw thrown;
  }
}
