// `ffcluster service uninstall`
import { defineCommand } from "../cli/command.ts";
import { componentArgument, definitionOf, userOption } from "./options.ts";

export const serviceUninstall = defineCommand({
  path: ["service", "uninstall"],
  summary: "End a service that `ffcluster service install` made, and remove its definition; its files stay",
  positionals: [componentArgument],
  options: userOption,
  examples: ["ffcluster service uninstall serve", "ffcluster service uninstall --user join"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const { choosePlan, requireFit } = await import("./choose-plan.ts");
    const { removeService } = await import("./apply-plan.ts");
    const definition = definitionOf(positionals, { user: options.user, runAs: null });
    // With a token, so that the file that may hold one goes too.
    const plan = await choosePlan({ ...definition, token: "" }, context.env);
    requireFit(definition);
    await removeService(plan);
    context.stdout.write("The service is removed. Its work directory stays.\n");
    return 0;
  },
});
