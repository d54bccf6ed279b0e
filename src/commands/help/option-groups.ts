// Under which heading help shows each option. A name means the same in every command, so it stands here once.
import type { Option, Options } from "../../base/config/option.ts";

const GROUPS = {
  Output:
    "output output-dir name-template file-name-output force replace keep-dates skip-if if-larger recursive jobs-ahead verify exactly",
  "Picture and sound":
    "ffmpeg-params preset codec quality crf speed size crop audio subtitles family allow-mixed wait-for-family",
  Cluster:
    "participate detach name required-clients priority on-server copy-source media-root stores benchmark-duration max-segment-duration max-retries retry-delay jobs-per-minute keep chunk-size",
  "This machine":
    "work-dir slots hw-accel hw-decode nice max-cpu schedule only-on-ac pause-when-busy drain-timeout stall-timeout path-map source-access sandbox settle poll",
  "Being told": "notify on-complete webhook webhook-events webhook-format webhook-secret allow-private-webhooks",
  Server:
    "server server-ip server-port token tls-fingerprint tls-ca reconnect-delay persistent host port announce tls tls-cert tls-key metrics traces",
  Messages: "log-format log-level json",
} as const;

/** With fewer options of its own a command needs no headings for them. */
const FEW = 8;
const OTHERS = "Options";
/** What nearly every command has. */
const COMMON = new Set(["server", "token", "tls-fingerprint", "tls-ca", "json"]);

const GROUP_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(GROUPS).flatMap(([title, names]) => names.split(" ").map((name) => [name, title] as const)),
);

export interface OptionGroup {
  readonly title: string;
  readonly options: readonly (readonly [name: string, option: Option<unknown>])[];
}

/** In the order of the headings, and in each in the order of its names above. */
export function groupedOptions(options: Options): readonly OptionGroup[] {
  const entries = Object.entries(options);
  const isFew = entries.filter(([name]) => !COMMON.has(name)).length < FEW;
  const titleOf = (name: string) => (isFew && !COMMON.has(name) ? OTHERS : (GROUP_OF.get(name) ?? OTHERS));
  const order = [...GROUP_OF.keys()];
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : -1);
  return [OTHERS, ...Object.keys(GROUPS)].flatMap((title) => {
    const members = entries.filter(([name]) => titleOf(name) === title);
    if (!isFew) members.sort(([a], [b]) => place(a) - place(b));
    return members.length === 0 ? [] : [{ title, options: members }];
  });
}
