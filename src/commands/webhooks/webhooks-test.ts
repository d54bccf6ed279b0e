// `ffcluster webhooks test`
import { defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { lastAnswer, lastTry } from "./delivery-text.ts";
import { webhookNameArgument } from "./options.ts";

export const webhooksTest = defineCommand({
  path: ["webhooks", "test"],
  summary: "Send a test event to a webhook, and say what the other side answered",
  positionals: [webhookNameArgument],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster webhooks test ntfy.sh"],
  printsEvents: false,
  async run({ options, positionals: [name = ""], context }) {
    const delivery = await (await connect(options, context)).testWebhook(name);
    const hasWorked = delivery.state === "delivered";
    if (options.json) printDocument(context, delivery);
    else {
      const answer = lastAnswer(delivery, 400);
      context.stdout.write(`${hasWorked ? "delivered" : "not delivered"}: ${lastTry(delivery)}\n`);
      if (answer !== "") context.stdout.write(`${answer}\n`);
    }
    return hasWorked ? 0 : 1;
  },
});
