// `ffcluster completions SHELL`
import { AppError } from "../../base/errors.ts";
import { type Command, defineCommand } from "../cli/command.ts";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { powershellScript } from "./powershell.ts";
import { type Completable, completable } from "./words.ts";
import { zshScript } from "./zsh.ts";

const SCRIPTS: Readonly<Record<string, (commands: readonly Completable[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
  powershell: powershellScript,
};
export const SHELLS: readonly string[] = Object.keys(SCRIPTS);

/** The script by which a shell completes our command lines. Errors: E_USAGE for a shell that there is none for. */
export function completionScript(shell: string, commands: readonly Command[]): string {
  const write = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (write !== undefined) return write(commands.map(completable));
  throw new AppError("E_USAGE", `no completion for ${JSON.stringify(shell)}`, `There is one for ${SHELLS.join(", ")}.`);
}

export const completions = defineCommand({
  path: ["completions"],
  summary: "Print the script by which a shell completes ffcluster's commands and options",
  positionals: [{ name: "SHELL", description: "bash, zsh, fish or powershell", choices: SHELLS }],
  options: {},
  examples: [
    'eval "$(ffcluster completions bash)"',
    "ffcluster completions zsh > ~/.zfunc/_ffcluster",
    "ffcluster completions fish > ~/.config/fish/completions/ffcluster.fish",
    "ffcluster completions powershell >> $PROFILE",
  ],
  printsEvents: false,
  async run({ positionals: [shell = ""], context }) {
    context.stdout.write(completionScript(shell, await context.allCommands()));
    return 0;
  },
});
