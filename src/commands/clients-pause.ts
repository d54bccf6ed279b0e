// `ffcluster clients pause`
import { defineCommand, printDocument } from "./command.ts";
import { jsonOption, serverOptions } from "./common-options.ts";
import { connect } from "./connect.ts";

export const clientsPause = defineCommand({
  path: ["clients", "pause"],
  summary: "Suspend what a client runs and give it nothing more, until it is resumed",
  positionals: [{ name: "ID", description: "the client's id or a unique beginning of it" }],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster clients pause 9b1c"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const api = await connect(options, context);
    const client = await api.pauseClient(positionals[0] ?? "");
    if (options.json) printDocument(context, client);
    else
      context.stdout.write(
        `client ${client.client_id} (${client.name}) is paused and keeps what it holds; 'ffcluster clients resume' ends that\n`,
      );
    return 0;
  },
});
