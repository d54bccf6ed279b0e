// `ffcluster clients show`
import type { ClientDetailView } from "../../api/contract.ts";
import { defineCommand, printDocument } from "../cli/command.ts";
import { clientIdArgument, jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { clientJobText, clientStatusText } from "../output/client-text.ts";
import { formatMoment, shortId } from "../output/format.ts";
import { eventTable, shareTable } from "../output/job-text.ts";
import { lookOf } from "../output/style.ts";
import { fields, table } from "../output/table.ts";

function slotsText({ slots, pools, slots_reason }: ClientDetailView): string {
  const reason = slots_reason === null ? "" : `; ${slots_reason}`;
  if (pools === null) return `${slots}${reason}`;
  const kinds = Object.entries(pools).map(([kind, count]) => `${kind} ${count}`);
  return `${slots} (${kinds.join(", ")})${reason}`;
}

export const clientsShow = defineCommand({
  path: ["clients", "show"],
  summary: "Show a client, its encoders and its history",
  positionals: [clientIdArgument],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster clients show attic", "ffcluster clients show 9b1c"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const api = await connect(options, context);
    const client = await api.client(positionals[0] ?? "");
    if (options.json) {
      printDocument(context, client);
      return 0;
    }
    const look = lookOf(context, context.stdout);
    const about = fields(
      [
        ["client", client.client_id],
        ["name", client.name],
        ["status", clientStatusText(client)],
        ...(client.quarantine === null ? [] : [["quarantine", client.quarantine] as const]),
        ...(client.no_room === null ? [] : [["no room", client.no_room] as const]),
        ...(client.resting == null ? [] : [["rests because", client.resting.reason] as const]),
        ["connected", formatMoment(client.connected_at)],
        ["job", clientJobText(client, (id) => id)],
        ["speed", client.performance === null ? "not measured yet" : `${client.performance.toFixed(1)} frames/s`],
        ["slots", slotsText(client)],
        ["platform", client.platform],
        ["ffmpeg", client.ffmpeg],
        ["encoders", client.encoders.join(" ")],
        ["version", client.version],
      ],
      look.width,
    );
    const hardware = table(
      [{ title: "HARDWARE" }, { title: "DEVICE", shorten: 20 }, { title: "ENCODERS", wraps: true }],
      client.hardware.map(({ family, device, encoders, reason }) => [
        family,
        device ?? "-",
        reason === null ? encoders.join(" ") : `none: ${reason}`,
      ]),
      look,
    );
    const shares = (client.shares ?? []).map(({ job_id, file_name, ...share }) => {
      return { ...share, of: `${shortId(job_id)} ${file_name}` };
    });
    const delivered = shares.length === 0 ? "" : `${shareTable("DELIVERED OF", shares, look)}\n`;
    const tried = client.hardware.length === 0 ? "" : `${hardware}\n`;
    context.stdout.write(`${about}\n${tried}${delivered}${eventTable(client.events, look)}`);
    return 0;
  },
});
