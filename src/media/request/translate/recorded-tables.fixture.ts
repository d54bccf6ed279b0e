// Option tables of encoders that Debian's ffmpeg 5.1 lacks, as far as translations use them, written down from ffmpeg's
// own source. Each names its file; a reader can check it there. Used by tests alone.

/** Names of values, a range, or a boolean. */
export type OptionTable = readonly string[] | { readonly min: number; readonly max: number } | "boolean";

export interface EncoderTable {
  readonly source: string;
  readonly pixelFormats: readonly string[];
  readonly options: Readonly<Record<string, OptionTable>>;
}

const QSV_PRESETS = ["veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"];

export const RECORDED_TABLES: Readonly<Record<string, EncoderTable>> = {
  h264_amf: {
    source: "FFmpeg 7.1, libavcodec/amfenc_h264.c, options[]; amfenc.c, ff_amf_pix_fmts",
    pixelFormats: ["nv12", "yuv420p", "d3d11", "dxva2_vld"],
    options: {
      usage: ["transcoding", "ultralowlatency", "lowlatency", "webcam", "high_quality", "lowlatency_high_quality"],
      profile: ["main", "high", "constrained_baseline", "constrained_high"],
      quality: ["balanced", "speed", "quality"],
      rc: ["cqp", "cbr", "vbr_peak", "vbr_latency", "qvbr", "hqvbr", "hqcbr"],
      qp_i: { min: -1, max: 51 },
      qp_p: { min: -1, max: 51 },
      qp_b: { min: -1, max: 51 },
      bf: { min: -1, max: 3 },
    },
  },
  hevc_amf: {
    source: "FFmpeg 7.1, libavcodec/amfenc_hevc.c, options[]; 10 bits (p010le) since 6.1",
    pixelFormats: ["nv12", "yuv420p", "p010le", "d3d11", "dxva2_vld"],
    options: {
      usage: ["transcoding", "ultralowlatency", "lowlatency", "webcam", "high_quality", "lowlatency_high_quality"],
      profile: ["main"],
      quality: ["quality", "balanced", "speed"],
      rc: ["cqp", "cbr", "vbr_peak", "vbr_latency", "qvbr", "hqvbr", "hqcbr"],
      header_insertion_mode: ["none", "gop", "idr"],
      gops_per_idr: { min: 0, max: 2_147_483_647 },
      qp_i: { min: -1, max: 51 },
      qp_p: { min: -1, max: 51 },
    },
  },
  av1_amf: {
    source: "FFmpeg 7.1, libavcodec/amfenc_av1.c, options[]",
    pixelFormats: ["nv12", "yuv420p", "p010le", "d3d11", "dxva2_vld"],
    options: {
      usage: ["transcoding", "lowlatency"],
      profile: ["main"],
      quality: ["high_quality", "quality", "balanced", "speed"],
      rc: ["cqp", "vbr_latency", "vbr_peak", "cbr", "qvbr", "hqvbr", "hqcbr"],
      header_insertion_mode: ["none", "gop", "frame"],
      qp_i: { min: -1, max: 255 },
      qp_p: { min: -1, max: 255 },
    },
  },
  h264_videotoolbox: {
    source: "FFmpeg 5.0, libavcodec/videotoolboxenc.c, h264_options[] and COMMON_OPTIONS",
    pixelFormats: ["videotoolbox", "nv12", "yuv420p"],
    options: {
      profile: ["baseline", "main", "high", "extended"],
      allow_sw: "boolean",
      require_sw: "boolean",
      realtime: "boolean",
    },
  },
  hevc_videotoolbox: {
    source: "FFmpeg 5.0, libavcodec/videotoolboxenc.c, hevc_options[] and COMMON_OPTIONS",
    pixelFormats: ["videotoolbox", "nv12", "yuv420p", "bgra", "p010le"],
    options: { profile: ["main", "main10"], allow_sw: "boolean", require_sw: "boolean", realtime: "boolean" },
  },
  av1_nvenc: {
    source: "FFmpeg 6.1, libavcodec/nvenc_av1.c, options[]; nvenc.c, ff_nvenc_pix_fmts",
    pixelFormats: ["yuv420p", "nv12", "p010le", "yuv444p", "p016le", "yuv444p16le", "bgr0", "bgra", "rgb0", "rgba"],
    options: {
      preset: ["default", "slow", "medium", "fast", "p1", "p2", "p3", "p4", "p5", "p6", "p7"],
      tune: ["hq", "ll", "ull", "lossless"],
      rc: ["constqp", "vbr", "cbr"],
      cq: { min: 0, max: 51 },
      gpu: { min: -2, max: 2_147_483_647 },
      "forced-idr": "boolean",
    },
  },
  av1_qsv: {
    source: "FFmpeg 7.1, libavcodec/qsvenc_av1.c, options[], and QSV_COMMON_OPTS of qsvenc.h",
    pixelFormats: ["nv12", "p010le", "qsv"],
    options: { preset: QSV_PRESETS, forced_idr: "boolean", profile: ["unknown", "main"] },
  },
  av1_vaapi: {
    source: "FFmpeg 7.0, libavcodec/vaapi_encode_av1.c, options[], and VAAPI_ENCODE_COMMON_OPTIONS of vaapi_encode.h",
    pixelFormats: ["vaapi"],
    options: {
      rc_mode: ["auto", "CQP", "CBR", "VBR", "ICQ", "QVBR", "AVBR"],
      idr_interval: { min: 0, max: 2_147_483_647 },
      profile: ["main", "high", "professional"],
    },
  },
};
