// What a client says about itself: who it is, and what it can do now.
import { hostname } from "node:os";
import { machineKind, VERSION } from "../../base/version.ts";
import { type Hello, PROTOCOL_VERSION } from "../protocol/messages.ts";
import type { ClientOptions } from "./client-options.ts";
import type { DiskSpace } from "./disk-space.ts";
import type { RestWatch } from "./rest/rest-watch.ts";
import type { EncodePlaces } from "./slots/encode-places.ts";

/** The protocol's bound. */
const LONGEST_REASON = 500;

export interface Self {
  readonly options: ClientOptions;
  readonly clientId: string;
  /** Id of this process: the server tells two processes with one client id apart by it. */
  readonly instance: string;
  readonly places: EncodePlaces;
  readonly diskSpace: DiskSpace;
  readonly rest: Pick<RestWatch, "resting">;
}

export function abilitiesOf({ options, places, diskSpace, rest }: Omit<Self, "clientId" | "instance">) {
  const { hardware } = options;
  const resting = rest.resting();
  // Servers of earlier versions do not know of rest, and give no work to a client without room.
  const noRoom = resting === null ? diskSpace.shortage() : `it rests: ${resting.reason}`;
  return {
    ...places.abilities(),
    ...(hardware === undefined ? {} : { hardware }),
    ...(noRoom === null ? {} : { noRoom: noRoom.slice(0, LONGEST_REASON) }),
    ...(resting === null ? {} : { resting }),
  };
}

function inventoryOf({ inventory, pixelFormats }: ClientOptions): Pick<Hello, "decodes" | "filters" | "pixelFormats"> {
  const lists = inventory === undefined ? {} : { decodes: [...inventory.decodes], filters: [...inventory.filters] };
  if (pixelFormats === undefined) return lists;
  const own = Object.entries(pixelFormats).map(([encoder, formats]): [string, string[]] => [encoder, [...formats]]);
  return { ...lists, pixelFormats: Object.fromEntries(own) };
}

export function helloOf(self: Self, heldAttempts: string[]): Hello {
  const { options, clientId, instance } = self;
  return {
    type: "hello",
    protocol: PROTOCOL_VERSION,
    version: VERSION,
    clientId,
    instance,
    host: hostname(),
    name: options.name,
    platform: machineKind(),
    ffmpeg: options.tools.version,
    release: { major: options.tools.major, minor: options.tools.minor },
    ...abilitiesOf(self),
    ...(options.textPrints === undefined ? {} : { textPrints: options.textPrints }),
    ...inventoryOf(options),
    benchmarkSeconds: options.benchmarkSeconds,
    heldAttempts,
  };
}
