// `ffcluster webhooks remove`
import { defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { webhookNameArgument } from "./options.ts";

export const webhooksRemove = defineCommand({
  path: ["webhooks", "remove"],
  summary: "Remove a webhook; what waits for it is not delivered any more",
  positionals: [webhookNameArgument],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster webhooks remove ntfy.sh"],
  printsEvents: false,
  async run({ options, positionals: [name = ""], context }) {
    const removed = await (await connect(options, context)).removeWebhook(name);
    if (options.json) {
      printDocument(context, removed);
      return 0;
    }
    const left = removed.waiting === 0 ? "" : `; ${removed.waiting} deliveries that waited went with it`;
    context.stdout.write(`webhook ${removed.name} (${removed.target}) is removed${left}\n`);
    return 0;
  },
});
