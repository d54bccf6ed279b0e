// `ffcluster service status`
import { defineCommand } from "../cli/command.ts";
import { componentArgument, definitionOf, userOption } from "./options.ts";

export const serviceStatusCommand = defineCommand({
  path: ["service", "status"],
  summary: "Show what this system says of a service; the exit code is the system's own",
  positionals: [componentArgument],
  options: userOption,
  examples: ["ffcluster service status serve"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const { choosePlan } = await import("./choose-plan.ts");
    const { serviceStatus } = await import("./apply-plan.ts");
    const plan = await choosePlan(definitionOf(positionals, { user: options.user, runAs: null }), context.env);
    const { text, exitCode } = await serviceStatus(plan);
    context.stdout.write(text);
    return exitCode;
  },
});
