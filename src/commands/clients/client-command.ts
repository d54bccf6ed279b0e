// Makes the commands that change the state of one client: each asks the server, and prints the client's new state.
import type { ApiClient } from "../../api/client.ts";
import type { ClientView } from "../../api/contract.ts";
import { printable } from "../../base/printable.ts";
import { type Command, defineCommand, printDocument } from "../cli/command.ts";
import { clientIdArgument, jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { shortId } from "../output/format.ts";

interface ClientChange {
  readonly verb: string;
  readonly summary: string;
  ask(api: ApiClient, id: string): Promise<ClientView>;
  /** Printed after "client ID (NAME)". */
  readonly outcome: string;
}

/** Its name where a shell takes that as it is, else its id. */
function callOf({ name, client_id: id }: ClientView): string {
  return /^[\w.-]+$/.test(name) && !name.startsWith("-") ? name : shortId(id);
}

export function clientCommand({ verb, summary, ask, outcome }: ClientChange): Command {
  return defineCommand({
    path: ["clients", verb],
    summary,
    positionals: [clientIdArgument],
    options: { ...serverOptions, ...jsonOption },
    examples: [`ffcluster clients ${verb} attic`, `ffcluster clients ${verb} 9b1c`],
    printsEvents: false,
    async run({ options, positionals, context }) {
      const client = await ask(await connect(options, context), positionals[0] ?? "");
      if (options.json) printDocument(context, client);
      else {
        const whole = outcome.replace("clients resume'", `clients resume ${callOf(client)}'`);
        context.stdout.write(`client ${client.client_id} (${printable(client.name)}) ${whole}\n`);
      }
      return 0;
    },
  });
}
