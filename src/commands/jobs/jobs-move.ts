// `ffcluster jobs move`
import { optionalChoice, optionalInteger } from "../../base/config/option.ts";
import { AppError } from "../../base/errors.ts";
import { printable } from "../../base/printable.ts";
import { defineCommand, printDocument } from "../cli/command.ts";
import { jobIdArgument, jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";

export const jobsMove = defineCommand({
  path: ["jobs", "move"],
  summary: "Move a job before or behind the other jobs of its owner, or change its priority",
  positionals: [jobIdArgument],
  options: {
    to: optionalChoice({
      description: "Before or behind all other jobs of its owner",
      valueName: "first|last",
      choices: ["first", "last"],
    }),
    priority: optionalInteger({ description: "Another priority, 0 to 100", valueName: "N", min: 0, max: 100 }),
    ...serverOptions,
    ...jsonOption,
  },
  examples: ["ffcluster jobs move 3f2a --to first", "ffcluster jobs move 3f2a --priority 80"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const { to, priority } = options;
    if (to === null && priority === null)
      throw new AppError("E_USAGE", "neither --to nor --priority is given", "Say where: --to first, or --priority 80.");
    const api = await connect(options, context);
    const job = await api.moveJob(positionals[0] ?? "", { to, priority });
    const words = [to === null ? "" : `goes ${to}`, priority === null ? "" : `has priority ${priority}`];
    if (options.json) printDocument(context, job);
    else {
      const name = `job ${job.job_id} (${printable(job.file_name)})`;
      context.stdout.write(`${name} ${words.filter((each) => each !== "").join(" and ")}\n`);
    }
    return 0;
  },
});
