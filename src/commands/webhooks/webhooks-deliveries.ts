// `ffcluster webhooks deliveries`
import { optionalInteger, optionalText } from "../../base/config/option.ts";
import { AppError } from "../../base/errors.ts";
import { defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { formatMoment } from "../output/format.ts";
import { lookOf } from "../output/style.ts";
import { table } from "../output/table.ts";
import { toneOf } from "../output/tones.ts";
import { lastAnswer, lastTry } from "./delivery-text.ts";
import { webhookNameArgument } from "./options.ts";

const LIMIT = 20;

export const webhooksDeliveries = defineCommand({
  path: ["webhooks", "deliveries"],
  summary: "Show what was delivered to a webhook, or to the webhook of one job",
  positionals: [{ ...webhookNameArgument, isRest: true }],
  options: {
    job: optionalText({ description: "Those of this job's own webhook, from submit --webhook", valueName: "ID" }),
    limit: optionalInteger({
      description: "How many of the latest",
      valueName: "N",
      defaultText: String(LIMIT),
      min: 1,
      max: 1000,
    }),
    ...serverOptions,
    ...jsonOption,
  },
  examples: ["ffcluster webhooks deliveries ntfy.sh", "ffcluster webhooks deliveries --job 5f0c --json"],
  printsEvents: false,
  async run({ options: { job, limit, json, ...server }, positionals, context }) {
    const [name] = positionals;
    if (positionals.length > 1 || (name === undefined) === (job === null)) {
      const hint = "`ffcluster webhooks list` shows the names.";
      throw new AppError("E_USAGE", "give either the NAME of a webhook or --job ID", hint);
    }
    const api = await connect(server, context);
    const most = limit ?? LIMIT;
    const deliveries =
      job === null ? await api.webhookDeliveries(name ?? "", most) : await api.jobDeliveries(job, most);
    if (json) {
      printDocument(context, deliveries);
      return 0;
    }
    const columns = [
      { title: "WHEN", drop: 2 },
      { title: "EVENT" },
      { title: "JOB", drop: 3 },
      { title: "STATE", tone: toneOf },
      { title: "TRIES", align: "right", drop: 1 },
      { title: "LAST TRY", shorten: 24 },
      { title: "ANSWER", wraps: true },
    ] as const;
    const rows = deliveries.map((delivery) => [
      formatMoment(delivery.at),
      delivery.event,
      delivery.job_id?.slice(0, 8) ?? "-",
      delivery.state,
      String(delivery.tries.length),
      lastTry(delivery),
      lastAnswer(delivery),
    ]);
    context.stdout.write(table(columns, rows, lookOf(context, context.stdout)));
    return 0;
  },
});
