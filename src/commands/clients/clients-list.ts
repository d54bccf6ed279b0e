// `ffcluster clients list`
import type { ClientView } from "../../api/contract.ts";
import { switchOption } from "../../base/config/option.ts";
import { defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { clientTable } from "../output/client-text.ts";
import { lookOf } from "../output/style.ts";

const DAY_MS = 24 * 3600_000;

/** Gone for a day: what people see leaves it out, unless it still holds a segment. */
function isLongGone({ gone_since: since, leased_job: leased }: ClientView, now: number): boolean {
  return since != null && leased === null && now - Date.parse(since) > DAY_MS;
}

function nobodyText(goneCount: number): string {
  if (goneCount === 0) return "No clients. `ffcluster join` on any machine makes it one.\n";
  return `No clients. ${hiddenText(goneCount)}`;
}

function hiddenText(count: number): string {
  return `${count === 1 ? "1 client is" : `${count} clients are`} gone for more than a day; --all shows ${count === 1 ? "it" : "them"}.\n`;
}

export const clientsList = defineCommand({
  path: ["clients", "list"],
  summary: "List the clients of a server",
  positionals: [],
  options: {
    all: switchOption({ description: "Those too that are gone for more than a day; --json always has them" }),
    ...serverOptions,
    ...jsonOption,
  },
  examples: ["ffcluster clients list", "ffcluster clients list --all", "ffcluster clients list --json"],
  printsEvents: false,
  async run({ options, context }) {
    const client = await connect(options, context);
    const clients = await client.listClients();
    const shown = options.all ? clients : clients.filter((each) => !isLongGone(each, Date.now()));
    const hidden = clients.length - shown.length;
    if (options.json) printDocument(context, clients);
    else if (shown.length === 0) context.stderr.write(nobodyText(hidden));
    else {
      context.stdout.write(clientTable(shown, lookOf(context, context.stdout)));
      if (hidden > 0) context.stderr.write(hiddenText(hidden));
    }
    return 0;
  },
});
