// Where encodes run: on the CPU's slots, or on those of a hardware device. Chooses a device for an encoder, and reacts
// when a device fails: fewer encodes at a time, another device, or none. Runs nothing itself.
import type { Pausable } from "../../../base/process/pause.ts";
import type { HardwareFailure } from "../../../hw/failures.ts";
import type { DeviceReport } from "../../../hw/types.ts";
import type { EncodeDevice } from "../../../media/ffmpeg/encode-device.ts";
import type { EncoderFamily } from "../../../media/model/encoder-family.ts";
import { familyOf } from "../../../media/request/tables/encoders.ts";
import type { CpuSlots, Work } from "./cpu-slots.ts";
import { createSlotPool, type SlotPool } from "./slots.ts";

/** Two encodes at a time keep a device busy: one fills the gaps of the other (docs/MEASURED.md §5). */
const SLOTS_PER_DEVICE = 2;

export interface ClientDevice extends DeviceReport {
  readonly family: EncoderFamily;
}

export interface PlacesOptions {
  readonly cpu: CpuSlots;
  /** CPU threads of an encode on a device. */
  readonly deviceThreads: number;
  /** True: CPU and devices share their slots (`--slots N`); false: each has its own. */
  readonly isShared: boolean;
  readonly encoders: readonly string[];
  readonly devices: readonly ClientDevice[];
}

/** What this machine can do, as reported to the server. */
export interface Abilities {
  readonly slots: number;
  readonly slotsReason: string;
  readonly encoders: string[];
  readonly families: string[];
  readonly pools?: Record<string, number>;
  readonly limits?: Record<string, { width: number; height: number; isDeep: boolean }>;
}

export interface Place {
  /** Null: the CPU. */
  readonly device: EncodeDevice | null;
  /** Encoder threads. */
  readonly threads: number;
  /** Reports the frames of this encode so far. */
  made(frames: number): void;
  /** Suspends the encode while another one has its slot; absent: none takes it. */
  readonly pausable?: Pausable;
  free(): void;
}

export interface EncodePlaces {
  /**
   * Waits for a slot where the encoder runs, first come, first served. Null: no device is left except those in `not`.
   */
  take(work: Work, not: ReadonlySet<Place["device"]>, signal: AbortSignal): Promise<Place | null>;
  /**
   * Takes note that an encode failed there. "again": try the same device, once another encode there has ended.
   * "elsewhere": this device can't do this encode.
   */
  failed(place: Place, failure: HardwareFailure): "again" | "elsewhere";
  abilities(): Abilities;
}

interface Device extends ClientDevice {
  readonly pool: SlotPool;
  readonly handle: EncodeDevice;
  isGone: boolean;
}

export function createPlaces(options: PlacesOptions, onChange: () => void): EncodePlaces {
  const { cpu, deviceThreads, isShared, encoders } = options;
  const devices: Device[] = options.devices.map((device) => ({
    ...device,
    pool: isShared ? cpu.pool : createSlotPool(SLOTS_PER_DEVICE),
    handle: { family: device.family, id: device.id },
    isGone: false,
  }));
  const present = (encoder: string) =>
    devices.filter((device) => !device.isGone && device.encoders.some(({ name }) => name === encoder));

  return {
    async take(work, not, signal) {
      if (familyOf(work.encoder) === "software") return { device: null, ...(await cpu.take(work, signal)) };
      const able = present(work.encoder).filter(({ handle }) => !not.has(handle));
      able.sort((a, b) => a.pool.busyness() - b.pool.busyness());
      const [device] = able;
      if (device === undefined) return null;
      const free = await device.pool.take(signal);
      return { device: device.handle, threads: deviceThreads, made: () => {}, free };
    },
    failed(place, failure) {
      const device = devices.find(({ handle }) => handle === place.device);
      if (device === undefined) return "elsewhere";
      if (failure.kind === "crowded" && !isShared && device.pool.held() > 1) {
        device.pool.limitTo(device.pool.held() - 1);
        onChange();
        return "again";
      }
      if (failure.kind === "gone") {
        device.isGone = true;
        onChange();
      }
      return "elsewhere";
    },
    abilities() {
      const living = encoders.filter((name) => familyOf(name) === "software" || present(name).length > 0);
      const families = [...new Set(living.map(familyOf))];
      const hardware = devices.filter(({ isGone }) => !isGone);
      const about = { slotsReason: cpu.reason(), encoders: living, families, ...limitsOf(hardware) };
      if (hardware.length === 0 || isShared) return { slots: cpu.pool.limit(), ...about };
      const pools: Record<string, number> = families.includes("software") ? { software: cpu.pool.limit() } : {};
      for (const { family, pool } of hardware) pools[family] = (pools[family] ?? 0) + pool.limit();
      const slots = Object.values(pools).reduce((sum, count) => sum + count, 0);
      return { slots, pools, ...about };
    },
  };
}

/** The largest limits of any device. A device that takes less fails, and another one is tried. */
function limitsOf(devices: readonly ClientDevice[]): Pick<Abilities, "limits"> {
  const limits: NonNullable<Abilities["limits"]> = {};
  for (const { name, width, height, ten_bits } of devices.flatMap((device) => device.encoders)) {
    const known = limits[name];
    limits[name] = {
      width: Math.max(width, known?.width ?? 0),
      height: Math.max(height, known?.height ?? 0),
      isDeep: ten_bits || known?.isDeep === true,
    };
  }
  return devices.length === 0 ? {} : { limits };
}
