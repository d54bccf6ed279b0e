// `ffcluster webhooks add`
import { defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { webhookOptions } from "./options.ts";

export const webhooksAdd = defineCommand({
  path: ["webhooks", "add"],
  summary: "Have the server tell an address of jobs and clients; the secret of its signatures is shown once",
  positionals: [{ name: "URL", description: "where the server sends a POST" }],
  options: { ...webhookOptions, ...serverOptions, ...jsonOption },
  examples: [
    "ffcluster webhooks add https://example.com/ffcluster",
    "ffcluster webhooks add https://ntfy.sh/my-topic --format ntfy --events job.failed,client.left",
  ],
  printsEvents: false,
  async run({ options, positionals: [url = ""], context }) {
    const { name, events, format, secret } = options;
    const api = await connect(options, context);
    const made = await api.createWebhook({ url, name, format, secret, events: events === null ? null : [...events] });
    if (options.json) {
      printDocument(context, made);
      return 0;
    }
    context.stderr.write(`The webhook ${made.name} tells ${made.target} of ${made.events.join(", ")}.\n`);
    if (made.secret !== null) {
      context.stderr.write("The secret of its signatures is shown this once:\n");
      context.stdout.write(`${made.secret}\n`);
    }
    context.stderr.write(`To try it: ffcluster webhooks test ${made.name}\n`);
    return 0;
  },
});
