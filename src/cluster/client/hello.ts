// What a client says about itself: who it is, and what it can do now.
import { hostname } from "node:os";
import { machineKind, VERSION } from "../../base/version.ts";
import { type Hello, PROTOCOL_VERSION } from "../protocol/messages.ts";
import type { ClientOptions } from "./client-options.ts";
import type { DiskSpace } from "./disk-space.ts";
import type { EncodePlaces } from "./slots/encode-places.ts";

export interface Self {
  readonly options: ClientOptions;
  readonly clientId: string;
  /** Id of this process: the server tells two processes with one client id apart by it. */
  readonly instance: string;
  readonly places: EncodePlaces;
  readonly diskSpace: DiskSpace;
}

export function abilitiesOf(places: EncodePlaces, diskSpace: DiskSpace, { hardware }: ClientOptions) {
  const shortage = diskSpace.shortage();
  return {
    ...places.abilities(),
    ...(hardware === undefined ? {} : { hardware }),
    ...(shortage === null ? {} : { noRoom: shortage }),
  };
}

function inventoryOf({ inventory, pixelFormats }: ClientOptions): Pick<Hello, "decodes" | "filters" | "pixelFormats"> {
  const lists = inventory === undefined ? {} : { decodes: [...inventory.decodes], filters: [...inventory.filters] };
  if (pixelFormats === undefined) return lists;
  const own = Object.entries(pixelFormats).map(([encoder, formats]): [string, string[]] => [encoder, [...formats]]);
  return { ...lists, pixelFormats: Object.fromEntries(own) };
}

export function helloOf(self: Self, heldAttempts: string[]): Hello {
  const { options, clientId, instance, places, diskSpace } = self;
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
    ...abilitiesOf(places, diskSpace, options),
    ...(options.textPrints === undefined ? {} : { textPrints: options.textPrints }),
    ...inventoryOf(options),
    benchmarkSeconds: options.benchmarkSeconds,
    heldAttempts,
  };
}
