// `ffcluster webhooks list`
import { printable } from "../../base/printable.ts";
import { defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { formatMoment } from "../output/format.ts";
import { lookOf } from "../output/style.ts";
import { table } from "../output/table.ts";
import { toneOf } from "../output/tones.ts";

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
    const columns = [
      { title: "NAME", shorten: 20 },
      { title: "TARGET", shorten: 24, drop: 4 },
      { title: "FORMAT", drop: 2 },
      { title: "EVENTS", drop: 1 },
      { title: "WAITING", align: "right", drop: 3 },
      { title: "STATE", tone: toneOf, wraps: true },
    ] as const;
    const rows = webhooks.map(({ name, target, format, events, waiting, off, failing_since: since }) => {
      const state = off !== null ? `off: ${off}` : since !== null ? `failing since ${formatMoment(since)}` : "on";
      return [name, target, format, events.join(","), String(waiting), printable(state)];
    });
    context.stdout.write(table(columns, rows, lookOf(context, context.stdout)));
    return 0;
  },
});
