// `ffcluster webhooks list`
import { printable } from "../../base/printable.ts";
import { defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { formatMoment } from "../output/format.ts";
import { styleFor } from "../output/style.ts";
import { table } from "../output/table.ts";

export const webhooksList = defineCommand({
  path: ["webhooks", "list"],
  summary: "List the webhooks of a server, without their secrets",
  positionals: [],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster webhooks list", "ffcluster webhooks list --json"],
  printsEvents: false,
  async run({ options, context }) {
    const webhooks = await (await connect(options, context)).listWebhooks();
    if (options.json) {
      printDocument(context, webhooks);
      return 0;
    }
    const columns = ["NAME", "TARGET", "FORMAT", "EVENTS", "WAITING", "STATE"].map((title) => ({ title }));
    const rows = webhooks.map(({ name, target, format, events, waiting, off, failing_since: since }) => {
      const state = off !== null ? `off: ${off}` : since !== null ? `failing since ${formatMoment(since)}` : "on";
      return [name, target, format, events.join(","), String(waiting), printable(state)];
    });
    context.stdout.write(table(columns, rows, styleFor(context, context.stdout).dim));
    return 0;
  },
});
