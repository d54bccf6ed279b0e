// The body of a delivery in each format. Names of files and machines come from strangers: where a service reads markup, they
// are escaped.
import { printable } from "../../../base/printable.ts";
import { type Notice, TEST_EVENT, type WebhookFormat } from "../webhook-views.ts";

export interface Rendered {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Words {
  readonly title: string;
  readonly text: string;
}

/** ntfy makes an attachment of more than 4096 bytes, Discord refuses more than 2000 characters. */
const LONGEST_TEXT = 900;

const TITLES: Readonly<Record<Notice["type"], string>> = {
  "job.started": "Job started",
  "job.completed": "Job completed",
  "job.failed": "Job failed",
  "job.cancelled": "Job cancelled",
  "client.joined": "Client joined",
  "client.left": "Client left",
  "client.quarantined": "Client in quarantine",
  [TEST_EVENT]: "Test",
};

/** Names of emoji, as ntfy takes them (https://docs.ntfy.sh/emojis/). */
const TAGS: Readonly<Record<Notice["type"], string>> = {
  "job.started": "arrow_forward",
  "job.completed": "white_check_mark",
  "job.failed": "x",
  "job.cancelled": "no_entry_sign",
  "client.joined": "heavy_plus_sign",
  "client.left": "heavy_minus_sign",
  "client.quarantined": "warning",
  [TEST_EVENT]: "wave",
};

/** ntfy's priorities: 3 is the ordinary one. */
const HIGH = "4";
const WORRYING: readonly Notice["type"][] = ["job.failed", "client.quarantined"];

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

function textOf({ type, data: { job, client } }: Notice): string {
  if (job !== undefined) {
    if (job.error !== null) return `${job.file_name}: ${job.error.message}`;
    if (job.output !== null) return `${job.file_name} → ${job.output.name} (${megabytes(job.output.bytes)})`;
    return job.file_name;
  }
  if (client === undefined) return "This webhook works.";
  if (type === "client.quarantined" && client.quarantine !== null) return `${client.name}: ${client.quarantine}`;
  return `${client.name} (${client.platform}, ${client.slots} encodes at a time)`;
}

function wordsOf(notice: Notice): Words {
  const text = printable(textOf(notice));
  return { title: TITLES[notice.type], text: text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text };
}

const JSON_TYPE = { "content-type": "application/json" };

/** https://docs.ntfy.sh/publish/: the text is the body; titles and tags are ours, in ASCII. */
function ntfy(notice: Notice): Rendered {
  const { title, text } = wordsOf(notice);
  const priority = WORRYING.includes(notice.type) ? { priority: HIGH } : {};
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    title: `ffcluster: ${title}`,
    tags: TAGS[notice.type],
  };
  return { body: text, headers: { ...headers, ...priority } };
}

/** https://docs.discord.com/developers/resources/webhook: Markdown, and nobody is mentioned. */
function discord(notice: Notice): Rendered {
  const { title, text } = wordsOf(notice);
  const escaped = text.replace(/[\\`*_{}[\]()#+\-.!|<>~:@]/g, "\\$&");
  const body = { content: `**${title}** ${escaped}`, allowed_mentions: { parse: [] } };
  return { body: JSON.stringify(body), headers: JSON_TYPE };
}

/** https://docs.slack.dev/messaging/formatting-message-text: three characters are escaped, the rest is plain. */
function slack(notice: Notice): Rendered {
  const { title, text } = wordsOf(notice);
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return { body: JSON.stringify({ text: `${title}: ${escaped}`, mrkdwn: false }), headers: JSON_TYPE };
}

/** `json`: a Notice. It is the body in the format `standard`, to the letter. */
export function render(format: WebhookFormat, json: string): Rendered {
  if (format === "standard") return { body: json, headers: JSON_TYPE };
  const notice = JSON.parse(json) as Notice;
  return { ntfy, discord, slack }[format](notice);
}
