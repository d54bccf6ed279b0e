// `ffcluster jobs download`
import { optionalText, switchOption } from "../../base/config/option.ts";
import { defineCommand, printDocument } from "../cli/command.ts";
import { jobIdArgument, jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { createProgressDisplay } from "../output/progress-display.ts";
import { refuseExisting, requireWritableFolder, saveOutput, targetFor } from "./save-output.ts";

export const jobsDownload = defineCommand({
  path: ["jobs", "download"],
  summary: "Download the output of a completed job and check its digest",
  positionals: [jobIdArgument],
  options: {
    output: optionalText({
      description: "Where to save it; in a folder it keeps the output's name",
      alias: "o",
      valueName: "FILE",
      defaultText: "the output's name in the current folder",
    }),
    force: switchOption({ description: "Overwrite an existing file" }),
    ...serverOptions,
    ...jsonOption,
  },
  examples: ["ffcluster jobs download 3f2a -o output.mp4"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const client = await connect(options, context);
    const job = await client.job(positionals[0] ?? "");
    const path = await targetFor(options.output, context.cwd, job.output_name);
    const target = { path, mayOverwrite: options.force };
    await refuseExisting(path, options.force);
    await requireWritableFolder(path);
    const display = createProgressDisplay(context);
    try {
      await saveOutput(client, job, target, options.json ? null : display, context.signal);
    } finally {
      display.end();
    }
    if (options.json) printDocument(context, { job_id: job.job_id, output: path, ...job.output, name: undefined });
    else context.stdout.write(`${path}\n`);
    return 0;
  },
});
