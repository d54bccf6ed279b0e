// `ffcluster jobs list`

import { JOB_STATUSES } from "../../api/contract.ts";
import { optionalChoice } from "../../base/config/option.ts";
import { defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { jobTable } from "../output/job-text.ts";
import { styleFor } from "../output/style.ts";

function nothingWords(status: string | null): string {
  return status === null ? "No jobs. `ffcluster submit INPUT` makes one.\n" : `No job is ${status}.\n`;
}

export const jobsList = defineCommand({
  path: ["jobs", "list"],
  summary: "List the jobs of a server",
  positionals: [],
  options: {
    status: optionalChoice({
      description: `Only jobs in this state: ${JOB_STATUSES.join(", ")}`,
      valueName: "STATUS",
      choices: JOB_STATUSES,
    }),
    ...serverOptions,
    ...jsonOption,
  },
  examples: ["ffcluster jobs list", "ffcluster jobs list --status Processing --json"],
  printsEvents: false,
  async run({ options, context }) {
    const client = await connect(options, context);
    const jobs = await client.listJobs(options.status);
    if (options.json) printDocument(context, jobs);
    else if (jobs.length === 0) context.stderr.write(nothingWords(options.status));
    else context.stdout.write(jobTable(jobs, styleFor(context, context.stdout).dim));
    return 0;
  },
});
