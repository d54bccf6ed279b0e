// What the commands of `ffcluster service` share.
import type { Positional } from "../../base/config/check-argv.ts";
import { optionalText, switchOption } from "../../base/config/option.ts";
import { AppError } from "../../base/errors.ts";
import { COMPONENTS, type Component, type ServiceDefinition, withoutToken } from "./definition.ts";

export const componentArgument: Positional = {
  name: "COMMAND",
  description: "what the service runs: serve or join",
  choices: COMPONENTS,
};
export const restArgument: Positional = {
  name: "-- ITS OPTIONS",
  description: "what follows that command, after two dashes",
  isRest: true,
};

export const userOption = {
  user: switchOption({ description: "A service of this user, not of the machine: it runs while they are logged in" }),
};

export const runAsOption = {
  "run-as": optionalText({
    description: "Account that a service of the machine runs as",
    valueName: "USER",
    defaultText: "one of its own",
  }),
};

/** Errors: E_USAGE. */
function parseComponent(text: string): Component {
  const component = COMPONENTS.find((each) => each === text);
  if (component !== undefined) return component;
  throw new AppError("E_USAGE", `${JSON.stringify(text)} can't be a service`, `Name ${COMPONENTS.join(" or ")}.`);
}

/** Errors: E_USAGE. */
export function definitionOf(
  [command = "", ...rest]: readonly string[],
  { user, runAs }: { readonly user: boolean; readonly runAs: string | null },
): ServiceDefinition {
  const component = parseComponent(command);
  const { args, token } = withoutToken(rest);
  return { component, executable: process.execPath, args, token, isUser: user, runAs };
}
