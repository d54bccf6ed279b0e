// What `ffcluster help TOPIC` explains beside commands. Its words are those of the documents and tables that everything else
// goes by; none is written here again.
import CONFIG from "../../../docs/CONFIG.md" with { type: "text" };
import ENCODERS from "../../../docs/ENCODERS.md" with { type: "text" };
import FILTERS from "../../../docs/FILTERS.md" with { type: "text" };
import { sectionOf } from "../output/markdown-text.ts";
import { SHIPPED_PRESETS } from "../presets/shipped-presets.ts";

interface Topic {
  readonly name: string;
  readonly summary: string;
  /** Markdown. */
  readonly text: () => string | Promise<string>;
}

function fromConfig(name: string, summary: string, ...headings: readonly string[]): Topic {
  const text = () => headings.map((heading) => `## ${heading}\n\n${sectionOf(CONFIG, `## ${heading}`)}`).join("\n\n");
  return { name, summary, text };
}

function presetTable(): string {
  const rows = SHIPPED_PRESETS.map(({ name, reason }) => `| ${name} | ${reason.replaceAll("|", "\\|")} |`);
  return ["| preset | what it is for |", "|---|---|", ...rows].join("\n");
}

export const TOPICS: readonly Topic[] = [
  {
    name: "presets",
    summary: "named requests, shipped ones and your own",
    text: () => `${presetTable()}\n\n## Presets\n\n${sectionOf(CONFIG, "## Presets")}`,
  },
  {
    name: "formats",
    summary: "containers, and what each can hold",
    text: async () => (await import("../wiring/format-facts.ts")).formatTable(),
  },
  {
    name: "encoders",
    summary: "naming an encoder, or a codec that the cluster chooses one for",
    text: () => sectionOf(ENCODERS, "## Naming an encoder, or a codec"),
  },
  {
    name: "filters",
    summary: "which filters a request may use, and what each does to splitting",
    text: async () => {
      const { filterNames } = await import("../wiring/format-facts.ts");
      const lists = `## Video\n\n${filterNames("video")}\n\n## Sound\n\n${filterNames("audio")}`;
      return `${lists}\n\n## Splitting\n\n${FILTERS.replace(/^# .*\n/, "").trim()}`;
    },
  },
  fromConfig("config", "the config file, and the forms of values", "Values", "The file"),
  fromConfig("environment", "variables beside those of options", "Other variables"),
  fromConfig("exit-codes", "what each exit code means", "Exit codes"),
  fromConfig("size", "an output of a given size, sound of a given loudness", "A size, a loudness", "Black bars"),
  fromConfig("schedule", "when a client works, and how much", "When a client works", "Encodes at a time"),
  fromConfig("tokens", "tokens, roles and keys", "The token"),
  fromConfig("https", "certificates, and how machines come to trust them", "https"),
  fromConfig("service", "ffcluster started by the system", "Started by the system"),
];

export const TOPIC_NAMES: readonly string[] = TOPICS.map(({ name }) => name);
