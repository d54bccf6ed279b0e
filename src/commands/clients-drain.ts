// `ffcluster clients drain`
import { defineCommand, printDocument } from "./command.ts";
import { jsonOption, serverOptions } from "./common-options.ts";
import { connect } from "./connect.ts";

export const clientsDrain = defineCommand({
  path: ["clients", "drain"],
  summary: "Let a client finish what it holds and give it nothing more, until it is resumed",
  positionals: [{ name: "ID", description: "the client's id or a unique beginning of it" }],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster clients drain 9b1c"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const api = await connect(options, context);
    const client = await api.drainClient(positionals[0] ?? "");
    if (options.json) printDocument(context, client);
    else
      context.stdout.write(
        `client ${client.client_id} (${client.name}) finishes what it holds and gets nothing more; 'ffcluster clients resume' ends that\n`,
      );
    return 0;
  },
});
