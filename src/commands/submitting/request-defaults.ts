// What a server encodes and how long a client waits when nobody says otherwise.
export const DEFAULT_FFMPEG_PARAMS = "-c:v libx264 -preset medium";
export const DEFAULT_BENCHMARK_SECONDS = 10;
export const DEFAULT_STALL_SECONDS = 30;
