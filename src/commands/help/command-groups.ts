// Under which heading help shows each command, by its first word.
import type { Command } from "../cli/command.ts";

const GROUPS = {
  "Encode a video": "submit watch probe presets",
  "See and change jobs": "top jobs cancel",
  "Build a cluster": "serve join invite clients service",
  "Let others in, tell others": "token webhooks",
  "This program": "doctor ffmpeg completions version help",
} as const;

export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly Command[];
}

/** Those that no heading names come last, under the last one. */
export function groupedCommands(commands: readonly Command[]): readonly CommandGroup[] {
  const titles = Object.keys(GROUPS);
  const titleOf = ({ path: [first = ""] }: Command) =>
    Object.entries(GROUPS).find(([, words]) => words.split(" ").includes(first))?.[0] ?? titles.at(-1);
  const place = ({ path: [first = ""] }: Command) => Object.values(GROUPS).join(" ").split(" ").indexOf(first);
  return titles.map((title) => ({
    title,
    commands: commands.filter((command) => titleOf(command) === title).sort((a, b) => place(a) - place(b)),
  }));
}
