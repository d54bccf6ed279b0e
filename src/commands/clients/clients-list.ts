// `ffcluster clients list`
import { defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { clientTable } from "../output/client-text.ts";
import { lookOf } from "../output/style.ts";

export const clientsList = defineCommand({
  path: ["clients", "list"],
  summary: "List the clients of a server",
  positionals: [],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster clients list", "ffcluster clients list --json"],
  printsEvents: false,
  async run({ options, context }) {
    const client = await connect(options, context);
    const clients = await client.listClients();
    if (options.json) printDocument(context, clients);
    else if (clients.length === 0) context.stderr.write("No clients. `ffcluster join` on any machine makes it one.\n");
    else context.stdout.write(clientTable(clients, lookOf(context, context.stdout)));
    return 0;
  },
});
