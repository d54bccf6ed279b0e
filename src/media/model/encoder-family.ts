// The families of encoders: one for each kind of hardware, and one for the CPU.

export type EncoderFamily = "software" | "nvenc" | "qsv" | "amf" | "videotoolbox" | "vaapi";
