// `ffcluster token rotate`
import { defineCommand } from "../cli/command.ts";
import { jsonOption, serverOptions, tokenNameArgument } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { showToken } from "./show-token.ts";

export const tokenRotate = defineCommand({
  path: ["token", "rotate"],
  summary: "Put a new token in the place of one; the old one is worthless at once",
  positionals: [tokenNameArgument],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster token rotate dashboard", "ffcluster token rotate join"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const api = await connect(options, context);
    showToken(context, await api.rotateToken(positionals[0] ?? ""), options.json);
    return 0;
  },
});
