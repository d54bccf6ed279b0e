// `ffcluster service install`
import { switchOption } from "../../base/config/option.ts";
import { AppError } from "../../base/errors.ts";
import { defineCommand } from "../cli/command.ts";
import { componentArgument, definitionOf, restArgument, runAsOption, userOption } from "./options.ts";

export const serviceInstall = defineCommand({
  path: ["service", "install"],
  summary: "Have this machine start `ffcluster serve` or `ffcluster join` by itself, and again when it fails",
  positionals: [componentArgument, restArgument],
  options: {
    ...userOption,
    ...runAsOption,
    print: switchOption({ description: "Print what would be written and run, and change nothing" }),
  },
  examples: [
    "ffcluster service install serve",
    "ffcluster service install --user serve -- --work-dir /data/ffcluster --keep 7d",
    "ffcluster service install join -- --server https://vm:5001 --token TOKEN --tls-fingerprint HEX",
    "ffcluster service install --print serve",
  ],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const { choosePlan, requireFit } = await import("./choose-plan.ts");
    const definition = definitionOf(positionals, { user: options.user, runAs: options["run-as"] });
    await checkOptions(definition.component, definition.args);
    const plan = await choosePlan(definition, context.env);
    if (options.print) {
      for (const { path, text } of plan.files) context.stdout.write(`# ${path}\n${text}\n`);
      for (const command of plan.install) context.stdout.write(`# then: ${command.join(" ")}\n`);
      return 0;
    }
    if (!Bun.isStandaloneExecutable) {
      throw new AppError(
        "E_USAGE",
        "a checkout can't be a service",
        "Build the executable with `npm run build`, and use it.",
      );
    }
    requireFit(definition);
    const { installService } = await import("./apply-plan.ts");
    await installService(plan);
    const when = options.user ? "when you log in" : "with the machine";
    context.stdout.write(`The service runs, and starts ${when}. Its log: ${plan.logs}\n`);
    return 0;
  },
});

/** Errors: those of the command itself, before a service is made that can't start. */
async function checkOptions(component: "serve" | "join", args: readonly string[]): Promise<void> {
  const { checkArgv } = await import("../../base/config/check-argv.ts");
  const command = component === "serve" ? (await import("../serve.ts")).serve : (await import("../join.ts")).join;
  checkArgv(args, { ...command, command: `ffcluster ${component}` });
}
