// Prints a token that was just made: it is shown this once.
import type { CreatedTokenView } from "../../api/contract.ts";
import { type CommandContext, printDocument } from "../cli/command.ts";
import { formatMoment } from "../output/format.ts";

/** The token alone on stdout, for scripts; what it is for on stderr. */
export function showToken(context: CommandContext, created: CreatedTokenView, isJson: boolean): void {
  if (isJson) {
    printDocument(context, created);
    return;
  }
  const end = created.expires_at === null ? "does not expire" : `expires on ${formatMoment(created.expires_at)}`;
  context.stderr.write(`The token ${created.name} has the role ${created.role} and ${end}. It is shown this once:\n`);
  context.stdout.write(`${created.token}\n`);
}
