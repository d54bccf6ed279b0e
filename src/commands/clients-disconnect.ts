// `ffcluster clients disconnect`
import { defineCommand, printDocument } from "./command.ts";
import { jsonOption, serverOptions } from "./common-options.ts";
import { connect } from "./connect.ts";

export const clientsDisconnect = defineCommand({
  path: ["clients", "disconnect"],
  summary: "Send a client away; its segments go to others and it does not come back by itself",
  positionals: [{ name: "ID", description: "the client's id or a unique beginning of it" }],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster clients disconnect 9b1c"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const api = await connect(options, context);
    const client = await api.disconnectClient(positionals[0] ?? "");
    if (options.json) printDocument(context, client);
    else context.stdout.write(`client ${client.client_id} (${client.name}) is disconnected\n`);
    return 0;
  },
});
