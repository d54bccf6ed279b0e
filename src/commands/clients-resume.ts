// `ffcluster clients resume`
import { defineCommand, printDocument } from "./command.ts";
import { jsonOption, serverOptions } from "./common-options.ts";
import { connect } from "./connect.ts";

export const clientsResume = defineCommand({
  path: ["clients", "resume"],
  summary: "Give a client work again that was paused, drained or quarantined",
  positionals: [{ name: "ID", description: "the client's id or a unique beginning of it" }],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster clients resume 9b1c"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const api = await connect(options, context);
    const client = await api.resumeClient(positionals[0] ?? "");
    if (options.json) printDocument(context, client);
    else context.stdout.write(`client ${client.client_id} (${client.name}) takes work again\n`);
    return 0;
  },
});
