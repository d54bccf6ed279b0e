// Views of a hardware report: for the client, and for people. Pure.
import type { EncoderFamily } from "../media/model/encoder-family.ts";
import type { DeviceReport, HardwareReport } from "./types.ts";

/** Every device on which something works, with its family. */
export function devicesOf({ families }: HardwareReport): (DeviceReport & { readonly family: EncoderFamily })[] {
  const names = Object.keys(families) as EncoderFamily[];
  return names.flatMap((family) => families[family].devices.map((device) => ({ ...device, family })));
}

export interface HardwareNote {
  readonly family: string;
  readonly device: string | null;
  readonly encoders: string[];
  readonly reason: string | null;
}

/** Each device with its encoders, and each family that ffmpeg lists but that does not work, with the reason. */
export function notesOf({ families }: HardwareReport): HardwareNote[] {
  const notes: HardwareNote[] = [];
  for (const [family, { listed, devices, reason }] of Object.entries(families)) {
    if (family === "software" || !listed) continue;
    if (devices.length === 0) notes.push({ family, device: null, encoders: [], reason: (reason ?? "").slice(0, 1000) });
    for (const { id, encoders } of devices) {
      const described = encoders.map(({ name, ten_bits, width, height }) => {
        return `${name} (${ten_bits ? "8 and 10 bits" : "8 bits"}, to ${width}x${height})`;
      });
      notes.push({ family, device: id, encoders: described, reason: null });
    }
  }
  return notes;
}
