// Which options make no sense where a source or an output lies in a store or on a web host.
import { AppError } from "../../base/errors.ts";
import { isRemoteAddress } from "../../base/network/remote-address.ts";
import type { SubmitOptions } from "./options.ts";

/** Errors: E_USAGE. */
export function requireRemoteUse(input: string, given: SubmitOptions): void {
  const isRemote = isRemoteAddress(input);
  const refuse = (message: string, hint: string) => new AppError("E_USAGE", message, hint);
  if (given["keep-dates"] && (isRemote || given["on-server"])) {
    const hint = "Leave it out, or submit a file of this machine.";
    throw refuse("--keep-dates does not know the date of a file that is elsewhere", hint);
  }
  if (given["keep-dates"] && isRemoteAddress(given.output ?? ""))
    throw refuse("--keep-dates can't set the date of what lies elsewhere", "Leave it out.");
  if (isRemote && given["on-server"]) throw refuse("an address is no path on the server", "Leave out --on-server.");
  if (isRemote && given.crop !== null)
    throw refuse(
      "--crop auto looks at a file on this machine",
      "Give the crop with -vf, as `ffcluster probe FILE --crop auto` says it.",
    );
  if (given["copy-source"] && !isRemote)
    throw refuse("--copy-source is for the address of a source", "Leave it out: a file is sent or read where it is.");
}
