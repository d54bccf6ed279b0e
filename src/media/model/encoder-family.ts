// The families of encoders: one for each kind of hardware, and one for the CPU. An output is made by one family, unless
// the user allows several.

export const HARDWARE_FAMILIES = ["nvenc", "qsv", "amf", "videotoolbox", "vaapi"] as const;
export const ENCODER_FAMILIES = ["software", ...HARDWARE_FAMILIES] as const;

export type HardwareFamily = (typeof HARDWARE_FAMILIES)[number];
export type EncoderFamily = (typeof ENCODER_FAMILIES)[number];
