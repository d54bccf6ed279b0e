// What somebody may mean who types a command that there is not: a verb under the wrong noun, or without one, or a slip.
import { nearestName } from "../../base/config/nearest-name.ts";
import { AppError } from "../../base/errors.ts";

/** Words for verbs of ours. */
const OTHER_VERBS: Readonly<Record<string, string>> = {
  ...{ ls: "list", ps: "list", status: "show", info: "show", get: "show", describe: "show", follow: "watch" },
  ...{ stop: "cancel", kill: "cancel", abort: "cancel", delete: "cancel", rm: "cancel", remove: "cancel" },
  ...{ restart: "retry", rerun: "retry", fetch: "download", log: "logs", continue: "resume", encode: "submit" },
  ...{ start: "serve", server: "serve", connect: "join", worker: "join", add: "submit" },
};

const REMOVING = /^(?:delete|rm|remove|cancel)$/;

/** Nouns in both numbers, and words for them. */
const NOUNS: Readonly<Record<string, string>> = {
  ...{ job: "jobs", queue: "jobs", client: "clients", node: "clients", nodes: "clients", worker: "clients" },
  ...{ workers: "clients", machines: "clients", tokens: "token", preset: "presets", webhook: "webhooks" },
};

export function isNoun(word: string): boolean {
  return Object.hasOwn(NOUNS, word);
}

/** Jobs and clients are what most people mean. */
function rankOf(path: string): number {
  const rank = ["jobs", "clients"].indexOf(path.split(" ")[0] ?? "");
  return rank === -1 ? 2 : rank;
}

/** Every command whose last word is this verb: `cancel` → cancel; `show` → jobs show, clients show, presets show. */
function withVerb(verb: string, paths: readonly string[]): readonly string[] {
  const found = paths.filter((path) => path.split(" ").at(-1) === verb);
  return [...found].sort((a, b) => rankOf(a) - rankOf(b));
}

/** At most three commands, the likeliest first. */
export function meantCommands(first: string, second: string | undefined, paths: readonly string[]): readonly string[] {
  const noun = isNoun(first) ? (NOUNS[first] ?? first) : first;
  const verbOf = (word: string) => (Object.hasOwn(OTHER_VERBS, word) ? [word, OTHER_VERBS[word] ?? word] : [word]);
  if (second === undefined) {
    const alone = verbOf(first).flatMap((verb) => withVerb(verb, paths));
    if (alone.length > 0) return alone.slice(0, 3);
    return paths.some((path) => path.startsWith(`${noun} `))
      ? [`${noun} list`].filter((path) => paths.includes(path))
      : [];
  }
  const ways = REMOVING.test(second) ? ["revoke", "remove", ...verbOf(second)] : verbOf(second);
  const same = ways.map((verb) => `${noun} ${verb}`).filter((path) => paths.includes(path));
  if (same.length > 0) return same.slice(0, 1);
  const elsewhere = verbOf(second).flatMap((verb) => withVerb(verb, paths));
  if (elsewhere.length > 0) return elsewhere.slice(0, 3);
  const near = nearestName(
    `${noun} ${second}`,
    paths.filter((path) => path.startsWith(`${noun} `)),
  );
  return near === null ? [] : [near];
}

/** E_USAGE with what may be meant. `typed`: the words that name no command. */
export function unknownCommand(first: string, second: string | undefined, paths: readonly string[]): AppError {
  const typed = second === undefined ? first : `${first} ${second}`;
  const meant = [...new Set(meantCommands(first, second, paths))];
  const nearest = meant.length > 0 ? null : nearestName(typed, paths);
  const shown = (nearest === null ? meant : [nearest]).map((path) => `\`ffcluster ${path}\``);
  const hint = shown.length === 0 ? "" : `Did you mean ${shown.join(" or ")}? `;
  return new AppError("E_USAGE", `unknown command ${JSON.stringify(typed)}`, `${hint}\`ffcluster --help\` lists them.`);
}
