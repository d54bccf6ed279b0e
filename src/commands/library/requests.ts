// Which submits are for a library, which options go together there, and what tells two requests apart.
import { sha256Of } from "../../base/digest.ts";
import { AppError } from "../../base/errors.ts";
import { isRemoteAddress, shownAddress } from "../../base/network/remote-address.ts";
import { ffmpegParamsOf } from "../submitting/ffmpeg-params.ts";
import type { SubmitOptions } from "../submitting/options.ts";
import type { LibraryNames } from "./ask-server.ts";

/** More than one file is asked for, or something that needs the memory of earlier runs. */
export function isLibrary(inputs: readonly string[], given: SubmitOptions): boolean {
  return (
    inputs.length > 1 ||
    given.recursive ||
    given.replace ||
    given["output-dir"] !== null ||
    given["name-template"] !== null ||
    given["skip-if"].length > 0 ||
    given["if-larger"] === "keep-source"
  );
}

const ONE_FILE_ONLY = ["output", "on-server", "subtitles", "name"] as const;
/** --replace puts outputs where their sources are, and only after their proof. */
const NOT_WITH_REPLACE = ["output-dir", "name-template", "detach"] as const;

/** Errors: E_USAGE for an address among several inputs, or with options of a library. */
export function requireFiles(inputs: readonly string[]): void {
  const address = inputs.find(isRemoteAddress);
  if (address === undefined) return;
  const hint =
    "Submit each address by itself, with --detach so that none waits for another: `ffcluster submit ADDRESS -o OUTPUT --detach`.";
  throw new AppError(
    "E_USAGE",
    `${shownAddress(address)} is an address; several inputs, and folders, are files here`,
    hint,
  );
}

/** Errors: E_USAGE. */
export function requireUsable(given: SubmitOptions): void {
  const isGiven = (value: unknown) => value !== null && value !== false;
  const alone = ONE_FILE_ONLY.find((name) => isGiven(given[name]));
  if (alone !== undefined) {
    const hint = alone === "output" ? "Name the folder with --output-dir." : "Submit that file by itself.";
    throw new AppError("E_USAGE", `--${alone} is for one file alone`, hint);
  }
  const other = given.replace ? NOT_WITH_REPLACE.find((name) => isGiven(given[name])) : undefined;
  if (other === undefined) return;
  throw new AppError("E_USAGE", `--replace and --${other} exclude each other`, "Leave one of them out.");
}

/** What is asked of each source: another request makes another output. */
export function requestDigest(given: SubmitOptions, { kind }: LibraryNames): string {
  const { family, verify } = given;
  const asked = [ffmpegParamsOf(given), kind.extension, family, given["allow-mixed"], verify];
  if (given.crop !== null) asked.push(given.crop); // at the end, so that libraries of earlier versions stay as they are
  return sha256Of(JSON.stringify(asked)).slice(0, 16);
}
