// Help for what somebody names: a command, a group of commands, or a topic.
import { nearestName } from "../../base/config/nearest-name.ts";
import { AppError } from "../../base/errors.ts";
import type { Command } from "../cli/command.ts";
import { markdownText } from "../output/markdown-text.ts";
import { hanging } from "../output/wrap.ts";
import { allHelp, commandHelp, groupHelp } from "./command-help.ts";
import { TOPIC_NAMES, TOPICS } from "./topics.ts";

function topicList(columns: number): string {
  return hanging(
    TOPICS.map(({ name, summary }) => [name, summary]),
    columns,
  );
}

/** A topic of the name of a group of commands is shown with it. */
async function topicHelp(name: string, columns: number): Promise<string | null> {
  const topic = TOPICS.find((each) => each.name === name);
  return topic === undefined ? null : markdownText(await topic.text(), columns);
}

function unknown(typed: string, commands: readonly Command[]): AppError {
  const paths = commands.flatMap(({ path }) => [path.join(" "), path[0] ?? ""]);
  const nearest = nearestName(typed, new Set([...paths, ...TOPIC_NAMES]));
  const hint = nearest === null ? "" : `Did you mean \`ffcluster help ${nearest}\`? `;
  const message = `there is no command or topic ${JSON.stringify(typed)}`;
  return new AppError("E_USAGE", message, `${hint}\`ffcluster help\` lists them; topics: ${TOPIC_NAMES.join(", ")}.`);
}

function namedCommand(words: readonly string[], commands: readonly Command[]): Command | undefined {
  const whole = words.slice(0, 2).join(" ");
  return (
    commands.find(({ path }) => path.join(" ") === whole) ?? commands.find(({ path }) => path.join(" ") === words[0])
  );
}

/** `words`: what follows `help`. Errors: E_USAGE with the nearest name. */
export async function helpFor(
  words: readonly string[],
  commands: readonly Command[],
  columns: number,
): Promise<string> {
  const [first, second] = words;
  if (first === undefined || first === "commands") return allHelp(commands, TOPIC_NAMES, columns);
  if (first === "topics") return topicList(columns);
  const command = namedCommand(words, commands);
  if (command !== undefined) return await commandHelp(command, columns);
  if (second !== undefined) throw unknown(`${first} ${second}`, commands);
  const topic = await topicHelp(first, columns);
  if (!commands.some(({ path }) => path[0] === first)) {
    if (topic === null) throw unknown(first, commands);
    return topic;
  }
  const group = groupHelp(first, commands, columns);
  return topic === null ? group : `${group}\n${topic}`;
}
