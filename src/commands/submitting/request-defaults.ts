// Defaults that several commands share.
export const DEFAULT_FFMPEG_PARAMS = "-c:v libx264 -preset medium";
export const DEFAULT_BENCHMARK_SECONDS = 10;
export const DEFAULT_STALL_SECONDS = 30;
