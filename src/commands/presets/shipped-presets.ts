// The presets that come with ffcluster: each an ordinary encode request, with the reason why it is as it is. All work with
// every proven release of ffmpeg that has the encoder.

export interface Preset {
  readonly name: string;
  /** One sentence: what it is for, and why it is so. */
  readonly reason: string;
  /** As --ffmpeg-params takes it; `-f` chooses the container where no output's name does. */
  readonly ffmpegParams: string;
}

/** Never larger than it was; sides stay even, as 4:2:0 needs. */
function within(width: number, height: number): string {
  const sides = `w='min(${width},iw)':h='min(${height},ih)'`;
  return `-vf "scale=${sides}:force_original_aspect_ratio=decrease:force_divisible_by=2"`;
}

const STEREO_AAC = "-c:a aac -b:a 160k -ac 2";
const SURROUND = "-c:a ac3 -b:a 448k";
/** The header in front, so that playing begins before the file is whole. */
const MP4 = "-f mp4 -movflags +faststart";

export const SHIPPED_PRESETS: readonly Preset[] = [
  {
    name: "web-1080p-h264",
    reason:
      "H.264 High with 8 bits and stereo AAC in MP4 is what every browser plays; CRF 21 shows no loss at the distance of a desk.",
    ffmpegParams: `-c:v libx264 -preset medium -crf 21 -profile:v high -pix_fmt yuv420p ${within(1920, 1080)} ${STEREO_AAC} ${MP4}`,
  },
  {
    name: "web-720p-h264",
    reason:
      "The same at 1280 by 720 and with at most 3 Mbit/s, for pages whose readers are on the road, where 1080 lines would stall.",
    ffmpegParams: `-c:v libx264 -preset medium -crf 23 -maxrate 3M -bufsize 6M -profile:v high -pix_fmt yuv420p ${within(1280, 720)} -c:a aac -b:a 128k -ac 2 ${MP4}`,
  },
  {
    name: "archive-hevc-10bit",
    reason:
      "To keep and to encode again later: 10 bits keep gradients from banding, CRF 18 of a slow x265 is hard to tell from the source, and sound and subtitles are kept in Matroska.",
    ffmpegParams: "-c:v libx265 -preset slow -crf 18 -pix_fmt yuv420p10le -f matroska",
  },
  {
    name: "av1-small",
    reason:
      "The smallest files that still look good: AV1 needs about a third less than HEVC, 10 bits cost it nothing, and Opus at 96 kbit/s is enough for stereo.",
    ffmpegParams: "-c:v libsvtav1 -preset 6 -crf 35 -pix_fmt yuv420p10le -c:a libopus -b:a 96k -f matroska",
  },
  {
    name: "proxy-prores",
    reason:
      "To cut with: every frame of ProRes stands alone, so an editor jumps at once; 1280 by 720 and the Proxy profile keep the disk free, and PCM keeps sound and picture together.",
    ffmpegParams: `-c:v prores_ks -profile:v proxy -pix_fmt yuv422p10le ${within(1280, 720)} -c:a pcm_s16le -f mov`,
  },
  {
    name: "device-phone",
    reason:
      "Phones of the last ten years decode H.264 High at level 4.0 in hardware; 1280 by 720 is all that such a display shows, and stereo all that it plays.",
    ffmpegParams: `-c:v libx264 -preset medium -crf 23 -maxrate 6M -bufsize 12M -profile:v high -level 4.0 -pix_fmt yuv420p ${within(1280, 720)} -c:a aac -b:a 128k -ac 2 ${MP4}`,
  },
  {
    name: "device-tv",
    reason:
      "Televisions and boxes read H.264 High at level 4.1 from a stick or over the network, with at most 20 Mbit/s; AC-3 goes on to a receiver with all its channels.",
    ffmpegParams: `-c:v libx264 -preset medium -crf 20 -maxrate 20M -bufsize 25M -profile:v high -level 4.1 -pix_fmt yuv420p ${within(1920, 1080)} ${SURROUND} ${MP4}`,
  },
  {
    name: "device-tv-4k",
    reason:
      "Televisions with 2160 lines decode HEVC Main 10 in hardware; 10 bits carry HDR as it is in the source, and AC-3 goes on to a receiver.",
    ffmpegParams: `-c:v libx265 -preset medium -crf 20 -pix_fmt yuv420p10le ${within(3840, 2160)} ${SURROUND} ${MP4}`,
  },
];
