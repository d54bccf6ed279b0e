// `ffcluster jobs move`
import { optionalChoice, optionalInteger, optionalText } from "../../base/config/option.ts";
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
    before: optionalText({ description: "Before this other job of its owner", valueName: "ID" }),
    priority: optionalInteger({ description: "Another priority, 0 to 100", valueName: "N", min: 0, max: 100 }),
    ...serverOptions,
    ...jsonOption,
  },
  examples: [
    "ffcluster jobs move 3f2a --to first",
    "ffcluster jobs move 3f2a --before 77c0",
    "ffcluster jobs move 3f2a --priority 80",
  ],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const { to, before, priority } = options;
    if (to === null && before === null && priority === null) {
      const hint = "Say where: --to first, --before ID, or --priority 80.";
      throw new AppError("E_USAGE", "none of --to, --before and --priority is given", hint);
    }
    if (to !== null && before !== null)
      throw new AppError("E_USAGE", "--to and --before exclude each other", "Give one of the two.");
    const api = await connect(options, context);
    const job = await api.moveJob(positionals[0] ?? "", { to, before, priority });
    const words = [
      to === null ? "" : `goes ${to}`,
      before === null ? "" : `goes before ${before}`,
      priority === null ? "" : `has priority ${priority}`,
    ];
    if (options.json) printDocument(context, job);
    else {
      const name = `job ${job.job_id} (${printable(job.file_name)})`;
      context.stdout.write(`${name} ${words.filter((each) => each !== "").join(" and ")}\n`);
    }
    return 0;
  },
});
