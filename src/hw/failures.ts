// One table of what ffmpeg says when a hardware encoder fails, what that means, and what can be done. Each row has a fixture
// that ffmpeg printed somewhere (failures.test.ts names where). Knows no device and runs nothing.

/**
 * `crowded`: the device runs fewer encodes at a time than it was given. `gone`: the device or its driver is lost, or was
 * never there. `unable`: this device can't do this, another one may.
 */
export type FailureKind = "crowded" | "gone" | "unable";

export interface HardwareFailure {
  readonly kind: FailureKind;
  /** One plain sentence for people. */
  readonly meaning: string;
}

interface Row extends HardwareFailure {
  readonly name: string;
  readonly pattern: RegExp;
}

/** The first matching row wins. Specific ones come first, because ffmpeg often adds a vague second line. */
const ROWS: readonly Row[] = [
  {
    name: "nvenc session limit",
    pattern: /OpenEncodeSessionEx failed: (out of memory \(10\)|incompatible client key \(21\))/,
    kind: "crowded",
    meaning: "the driver allows no further NVENC session, or the GPU's memory is full",
  },
  {
    name: "nvenc busy",
    pattern: /(OpenEncodeSessionEx|InitializeEncoder|EncodePicture) failed!?: (encoder busy \(18\)|lock busy \(13\))/,
    kind: "crowded",
    meaning: "the NVENC unit is busy",
  },
  {
    name: "cuda memory",
    pattern: /CUDA_ERROR_OUT_OF_MEMORY|Failed creating CUDA context for NVENC: 0x2\b/,
    kind: "crowded",
    meaning: "the GPU's memory is full",
  },
  {
    name: "vaapi memory",
    pattern:
      /(Failed to create (surface|encode pipeline context|encode context|decode context)): 2 \(resource allocation failed\)/,
    kind: "crowded",
    meaning: "the GPU's memory is full",
  },
  {
    name: "qsv memory",
    pattern: /failed to allocate memory \(-4\)/,
    kind: "crowded",
    meaning: "Quick Sync got no memory",
  },
  {
    name: "nvenc without a unit",
    pattern: /OpenEncodeSessionEx failed: unsupported device \(2\)/,
    kind: "gone",
    meaning: "this GPU has no NVENC unit",
  },
  {
    name: "nvenc no device",
    pattern:
      /OpenEncodeSessionEx failed: (no encode device \(1\)|invalid (encoder )?device \([34]\)|device not exist \(5\))/,
    kind: "gone",
    meaning: "the driver finds no GPU to encode on",
  },
  {
    name: "nvidia driver missing",
    pattern: /Cannot load (libcuda|nvcuda|libnvidia-encode|nvEncodeAPI)/,
    kind: "gone",
    meaning: "NVIDIA's driver is not installed",
  },
  {
    name: "nvidia driver too old",
    pattern: /Driver does not support the required nvenc API version/,
    kind: "gone",
    meaning: "NVIDIA's driver is too old for this ffmpeg",
  },
  {
    name: "cuda device lost",
    pattern: /CUDA_ERROR_(NO_DEVICE|DEVICE_UNAVAILABLE|UNKNOWN|ILLEGAL_ADDRESS|LAUNCH_FAILED|ECC_UNCORRECTABLE)/,
    kind: "gone",
    meaning: "the GPU was lost",
  },
  {
    name: "vaapi device missing",
    pattern: /No VA display found|Failed to initiali[sz]e VAAPI connection|vaInitialize failed/,
    kind: "gone",
    meaning: "there is no VA-API device or driver",
  },
  {
    name: "vaapi encode lost",
    pattern: /Failed to (end picture encode issue|sync to picture completion)/,
    kind: "gone",
    meaning: "the GPU stopped encoding",
  },
  {
    name: "qsv device lost",
    pattern: /: (device lost \(-13\)|device failed \(-17\)|GPU hang \(-21\))/i,
    kind: "gone",
    meaning: "the GPU was lost",
  },
  {
    name: "qsv session",
    pattern: /Error (initializing an internal|creating a) MFX session/,
    kind: "gone",
    meaning: "there is no Quick Sync device or driver",
  },
  {
    name: "amf runtime missing",
    pattern: /DLL \S+ failed to open|failed open libamfrt/i,
    kind: "gone",
    meaning: "AMD's AMF runtime is not installed",
  },
  {
    name: "device creation",
    pattern: /Device creation failed: -?\d+/,
    kind: "gone",
    meaning: "the hardware device can't be opened",
  },
  {
    name: "nvenc features",
    pattern:
      /10 bit encode not supported|B frames as references are not supported|Provided device doesn't support required NVENC features|Codec not supported|InitializeEncoder failed: (unsupported param|invalid param)/,
    kind: "unable",
    meaning: "this GPU's NVENC can't do what is asked",
  },
  {
    name: "nvenc none capable",
    pattern: /No (NVENC )?capable devices found/,
    kind: "unable",
    meaning: "no GPU here can do what is asked",
  },
  {
    name: "vaapi profile",
    pattern: /No usable encoding (profile|entrypoint) found|Driver does not support (any RC mode|\S+ RC mode)/,
    kind: "unable",
    meaning: "this VA-API driver can't do what is asked",
  },
  {
    name: "qsv parameters",
    pattern:
      /some encoding parameters are not supported by the QSV runtime|Current (profile|resolution|pixel format) is unsupported/,
    kind: "unable",
    meaning: "this Quick Sync device can't do what is asked",
  },
  {
    name: "amf component",
    pattern: /CreateComponent ?\(\S+\) failed with error|encoder->Init\(\) failed with error/,
    kind: "unable",
    meaning: "this AMD GPU can't do what is asked",
  },
  {
    name: "videotoolbox quality",
    pattern: /qscale not available for encoder/,
    kind: "unable",
    meaning: "constant quality needs Apple silicon",
  },
  {
    name: "videotoolbox session",
    pattern: /cannot create compression session|Error in VTCompressionSessionCreate/i,
    kind: "unable",
    meaning: "VideoToolbox opens no session for this",
  },
];

/** Names of the rows, for the test that each has a fixture. */
export const FAILURE_ROWS: readonly string[] = ROWS.map(({ name }) => name);

/** The row that matches ffmpeg's stderr; null: no failure of hardware. */
export function findFailure(stderr: string): (HardwareFailure & { readonly row: string }) | null {
  for (const { name, pattern, kind, meaning } of ROWS) if (pattern.test(stderr)) return { row: name, kind, meaning };
  return null;
}
