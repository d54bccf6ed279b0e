// `ffcluster token list`
import { defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { formatMoment, shortId } from "../output/format.ts";
import { lookOf } from "../output/style.ts";
import { table } from "../output/table.ts";
import { toneOf } from "../output/tones.ts";

export const tokenList = defineCommand({
  path: ["token", "list"],
  summary: "List the tokens of a server, without the tokens themselves",
  positionals: [],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster token list", "ffcluster token list --json"],
  printsEvents: false,
  async run({ options, context }) {
    const tokens = await (await connect(options, context)).listTokens();
    if (options.json) {
      printDocument(context, tokens);
      return 0;
    }
    const columns = [
      { title: "NAME", shorten: 24 },
      { title: "ROLE" },
      { title: "STATE", tone: toneOf },
      { title: "CLIENT", drop: 2 },
      { title: "CREATED", drop: 1 },
      { title: "EXPIRES", drop: 3 },
    ] as const;
    const rows = tokens.map((token) => [
      token.name,
      token.role,
      token.state,
      token.client_id === null ? "-" : shortId(token.client_id),
      formatMoment(token.created_at),
      formatMoment(token.expires_at),
    ]);
    context.stdout.write(table(columns, rows, lookOf(context, context.stdout)));
    return 0;
  },
});
