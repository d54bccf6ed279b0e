// `ffcluster jobs list`
import type { ApiClient } from "../../api/client.ts";
import { JOB_STATUSES, type JobView } from "../../api/contract.ts";
import { optionalChoice, optionalInteger, switchOption } from "../../base/config/option.ts";
import { AppError } from "../../base/errors.ts";
import { defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { jobTable } from "../output/job-text.ts";
import { lookOf } from "../output/style.ts";

/** A screenful. */
const SHOWN = 20;

function nothingWords(status: string | null): string {
  return status === null ? "No jobs. `ffcluster submit INPUT` makes one.\n" : `No job is ${status}.\n`;
}

interface Wanted {
  readonly status: string | null;
  /** Null: all of them. */
  readonly limit: number | null;
}

async function listJobs(api: ApiClient, { status, limit }: Wanted): Promise<{ jobs: JobView[]; hasMore: boolean }> {
  if (limit === null) return { jobs: await api.listJobs(status), hasMore: false };
  const found = await api.latestJobs(limit + 1, status);
  return { jobs: found.slice(-limit), hasMore: found.length > limit };
}

export const jobsList = defineCommand({
  path: ["jobs", "list"],
  summary: "List the latest jobs of a server",
  positionals: [],
  options: {
    status: optionalChoice({
      description: `Only jobs in this state: ${JOB_STATUSES.join(", ")}`,
      valueName: "STATUS",
      choices: JOB_STATUSES,
    }),
    limit: optionalInteger({
      description: "How many of the latest",
      valueName: "N",
      defaultText: `${SHOWN}; with --json all`,
      min: 1,
      max: 1_000_000,
    }),
    all: switchOption({ description: "Every job that the server knows" }),
    ...serverOptions,
    ...jsonOption,
  },
  examples: ["ffcluster jobs list", "ffcluster jobs list --all", "ffcluster jobs list --status Processing --json"],
  printsEvents: false,
  async run({ options: { status, limit, all, json, ...server }, context }) {
    if (all && limit !== null) throw new AppError("E_USAGE", "--all and --limit contradict each other", "Give one.");
    const most = all || (json && limit === null) ? null : (limit ?? SHOWN);
    const { jobs, hasMore } = await listJobs(await connect(server, context), { status, limit: most });
    if (json) printDocument(context, jobs);
    else if (jobs.length === 0) context.stderr.write(nothingWords(status));
    else context.stdout.write(jobTable(jobs, lookOf(context, context.stdout)));
    if (hasMore && !json) context.stderr.write(`These are the latest ${jobs.length}; --all shows every job.\n`);
    return 0;
  },
});
