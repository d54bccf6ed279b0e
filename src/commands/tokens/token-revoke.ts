// `ffcluster token revoke`
import { defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption, serverOptions, tokenNameArgument } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { shortId } from "../output/format.ts";

export const tokenRevoke = defineCommand({
  path: ["token", "revoke"],
  summary: "Make a token worthless; a client that uses it is sent away, and its segments go to others",
  positionals: [tokenNameArgument],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster token revoke nas"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const token = await (await connect(options, context)).revokeToken(positionals[0] ?? "");
    if (options.json) {
      printDocument(context, token);
      return 0;
    }
    const whose = token.client_id === null ? "" : `, the key of client ${shortId(token.client_id)}`;
    context.stdout.write(`token ${token.name} (${token.role}${whose}) is revoked\n`);
    if (token.client_id !== null) {
      const advice =
        "Who knows the join line can still join as another client; `ffcluster token rotate join` ends that.";
      context.stderr.write(`${advice}\n`);
    }
    return 0;
  },
});
