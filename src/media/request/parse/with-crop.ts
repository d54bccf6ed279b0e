// Puts a crop before the filters of a request. Pure.
import { refuse } from "../values/refuse.ts";
import { splitWords } from "../values/split-words.ts";
import { kindOf, requestOptions } from "./option-kinds.ts";
import { overRequest } from "./over-request.ts";
import { parseEncodeParams } from "./parse-params.ts";

/** Throws E_ENCODE_REQUEST where the request cuts the picture itself. */
export function requireNoCrop(request: string): void {
  if (!parseEncodeParams(request).filters.some(({ name }) => name === "crop")) return;
  throw refuse("--crop auto", "the request has a crop of its own, in -vf", "Leave out one of them.");
}

/** `crop`: `1920:800:0:140`. Throws E_ENCODE_REQUEST. */
export function withCrop(request: string, crop: string): string {
  requireNoCrop(request);
  const filters = requestOptions(splitWords(request)).find(
    (each) => each.name === "filter" && kindOf(each) === "video",
  );
  const chain = [`crop=${crop}`, ...(filters === undefined ? [] : [filters.value])].join(",");
  return overRequest(request, `-vf '${chain.replaceAll("'", `'\\''`)}'`);
}
