// `ffcluster version`
import { defineCommand, printDocument } from "./cli/command.ts";
import { jsonOption } from "./cli/common-options.ts";

export const version = defineCommand({
  path: ["version"],
  summary: "Show the version, the commit it was built from and the protocol that it speaks",
  positionals: [],
  options: { ...jsonOption },
  examples: ["ffcluster version", "ffcluster version --json"],
  printsEvents: false,
  async run({ options, context }) {
    const { versionFacts } = await import("./wiring/version-facts.ts");
    const facts = versionFacts();
    if (options.json) {
      printDocument(context, facts);
      return 0;
    }
    const commit = facts.commit === null ? "" : `, commit ${facts.commit.slice(0, 12)}`;
    context.stdout.write(
      `ffcluster ${facts.version} for ${facts.platform}${commit}\nprotocol ${facts.protocol}, Bun ${facts.bun}\n`,
    );
    return 0;
  },
});
