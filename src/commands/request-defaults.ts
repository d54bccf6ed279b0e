// What a server encodes when neither the job nor its own options say otherwise.
export const DEFAULT_FFMPEG_PARAMS = "-c:v libx264 -preset medium";
export const DEFAULT_BENCHMARK_SECONDS = 10;
