// Who may import whom in src, as data. lint/write-rules.ts writes biome.json and folder-order.grit from it; the table in
// docs/ARCHITECTURE.md says the same to people.

/** Every folder that has a row of its own. */
export const FOLDERS = [
  "base",
  "media",
  "hw",
  "ffmpeg-install",
  "cluster/protocol",
  "cluster/scheduler",
  "cluster/transfer",
  "cluster/server",
  "cluster/client",
  "web",
  "api",
  "db",
  "commands",
] as const;
export type Folder = (typeof FOLDERS)[number];

interface Refusal {
  readonly folders: readonly Folder[];
  readonly because: string;
}

export interface FolderRule {
  readonly folder: Folder;
  /** Folders that it may import from; with `never`, they name every other folder once. */
  readonly may: readonly Folder[];
  readonly never: readonly Refusal[];
  /** Folders and files inside those of `never` that it may import after all. */
  readonly except?: readonly string[];
}

const CLUSTER = FOLDERS.filter((folder) => folder.startsWith("cluster/"));
const without = (...left: readonly Folder[]) => FOLDERS.filter((folder) => !left.includes(folder));
const PEERS = "Server and client meet only in the protocol";

export const RULES: readonly FolderRule[] = [
  {
    folder: "base",
    may: [],
    never: [
      {
        folders: without("base"),
        because: "base knows nothing of video or clusters: every other folder stands on it.",
      },
    ],
  },
  {
    folder: "media",
    may: ["base"],
    never: [
      {
        folders: without("media", "base"),
        because:
          "media knows the arguments and answers of ffmpeg; never who asks, where results are kept or how bytes travel.",
      },
    ],
  },
  {
    folder: "hw",
    may: ["base", "media"],
    never: [
      {
        folders: without("hw", "base", "media"),
        because: "hw knows what this machine can do; never clusters, storage or the API.",
      },
    ],
  },
  {
    folder: "ffmpeg-install",
    may: ["base", "media"],
    never: [
      {
        folders: without("ffmpeg-install", "base", "media"),
        because:
          "ffmpeg-install brings ffmpeg to a machine, for a command or for a build; it knows nothing else of us.",
      },
    ],
  },
  {
    folder: "cluster/protocol",
    may: ["base"],
    never: [
      {
        folders: without("cluster/protocol", "base"),
        because: "protocol is the shape of messages: it stands on base and zod alone, so that both ends can read it.",
      },
    ],
  },
  {
    folder: "cluster/scheduler",
    may: ["base", "media"], // of most of media only types: scheduler-values.grit
    never: [
      {
        folders: without("cluster/scheduler", "base", "media"),
        because: "The scheduler knows base, media/model and types of media, nothing else.",
      },
    ],
  },
  {
    folder: "cluster/transfer",
    may: ["base"],
    never: [
      {
        folders: without("cluster/transfer", "base"),
        because: "transfer moves bytes and digests; it knows neither what they mean nor who decides.",
      },
    ],
  },
  {
    folder: "cluster/server",
    may: ["base", "media", "cluster/protocol", "cluster/scheduler", "cluster/transfer"],
    never: [
      { folders: ["db"], because: "The server owns the Store port; db implements it and commands/wiring/ joins them." },
      { folders: ["cluster/client"], because: `${PEERS}.` },
      {
        folders: ["hw", "ffmpeg-install", "web", "api", "commands"],
        because: "The server reaches hardware through its clients, and the API stands on the server, not the reverse.",
      },
    ],
  },
  {
    folder: "cluster/client",
    may: ["base", "media", "hw", "cluster/protocol", "cluster/transfer"],
    never: [
      {
        folders: ["db"],
        because: "The client owns the ClientStore port; db implements it and commands/wiring/ joins them.",
      },
      { folders: ["cluster/server", "cluster/scheduler"], because: `${PEERS}; the client never decides.` },
      {
        folders: ["ffmpeg-install", "web", "api", "commands"],
        because: "The client speaks the cluster's protocol, not the public API.",
      },
    ],
  },
  {
    folder: "web",
    may: [],
    except: ["cluster/server/views.ts", "media/model"],
    never: [
      {
        folders: without("web"),
        because:
          "The dashboard runs in a browser: it asks the API by its paths, and knows the types of its answers alone.",
      },
    ],
  },
  {
    folder: "api",
    may: ["base", "cluster/protocol", "web"],
    except: [
      "media/model",
      "cluster/server/ports.ts",
      "cluster/server/lists.ts",
      "cluster/server/views.ts",
      "cluster/server/webhook-views.ts",
    ],
    never: [
      {
        folders: ["db", "media", "hw", "ffmpeg-install"],
        because: "The API asks the server's facade; it never reaches around it to storage or media.",
      },
      {
        folders: CLUSTER.filter((folder) => folder !== "cluster/protocol"),
        because:
          "Of the cluster the API sees only the protocol and the server's facade: ports.ts, lists.ts, views.ts and webhook-views.ts.",
      },
      { folders: ["commands"], because: "Commands stand on the API, not the reverse." },
    ],
  },
  {
    folder: "db",
    may: ["base", "media", "cluster/protocol", "cluster/scheduler", "cluster/server", "cluster/client"], // types: db-values.grit
    never: [
      {
        folders: ["hw", "ffmpeg-install", "cluster/transfer", "web", "api", "commands"],
        because: "db implements ports and knows their types; it never calls the parts that use it.",
      },
    ],
  },
  {
    folder: "commands",
    may: ["base", "api"],
    except: ["media/model"],
    never: [
      {
        folders: ["db", "media", "hw", "ffmpeg-install", "web", ...CLUSTER],
        because: "Commands are clients of the API; only src/commands/wiring/ joins ports to real parts.",
      },
    ],
  },
];

/** The folders inside one folder: each imports only from those before it. */
export interface InnerOrder {
  readonly inside: string;
  /** Lowest first; a name with an extension is a file that stands above the folders before it. */
  readonly order: readonly string[];
  /** Groups of folders that do not know one another. */
  readonly apart: readonly (readonly string[])[];
}

export const INNER_ORDERS: readonly InnerOrder[] = [
  {
    inside: "media",
    order: [
      "model",
      "nut",
      "ffmpeg",
      "request",
      "colour",
      "source",
      "clock",
      "hdr10",
      "index",
      "plan",
      "cadence",
      "container-data",
      "audio",
      "subtitles",
      "segment",
      "bitrate",
      "remux",
      "stitch",
      "verify",
      "recipe",
      "local",
    ],
    apart: [
      ["cadence", "audio", "subtitles"],
      ["bitrate", "remux", "stitch"],
    ],
  },
  { inside: "media/request", order: ["values", "tables", "filters", "args", "parse", "translate"], apart: [] },
  {
    inside: "cluster/scheduler",
    order: ["model", "ability", "sizing", "rules", "assign", "views", "decide.ts"],
    apart: [
      ["views", "rules"],
      ["views", "assign"],
    ],
  },
  {
    inside: "cluster/server",
    order: [
      "access",
      "webhooks",
      "job",
      "transfers",
      "remote",
      "pipeline",
      "intake",
      "engine.ts",
      "monitoring",
      "facade",
      "perform-effects.ts",
      "open-coordinator.ts",
    ],
    apart: [["transfers", "pipeline", "intake"]],
  },
  {
    inside: "cluster/client",
    order: ["link", "slots", "rest", "gateway", "attempt", "stay-connected.ts", "run-client.ts"],
    apart: [["link", "slots", "rest"]],
  },
];
