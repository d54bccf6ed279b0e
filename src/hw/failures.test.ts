// Each row of the table against text that ffmpeg printed: in the issue named, or by the format string of the source file.
import { expect, test } from "bun:test";
import { FAILURE_ROWS, type FailureKind, findFailure } from "./failures.ts";

interface Fixture {
  readonly row: string;
  readonly kind: FailureKind;
  /** Where the text was seen. */
  readonly seen: string;
  readonly stderr: string;
}

const FIXTURES: readonly Fixture[] = [
  {
    row: "nvenc session limit",
    kind: "crowded",
    seen: "m1k1o/go-transcode issue 42, GTX 1050 and 1070",
    stderr:
      "[h264_nvenc @ 00000273a548f1c0] OpenEncodeSessionEx failed: out of memory (10): (no details)\n" +
      "[h264_nvenc @ 00000273a548f1c0] No capable devices found\n" +
      "Error initializing output stream 0:1 -- Error while opening encoder for output stream #0:1",
  },
  {
    row: "nvenc session limit",
    kind: "crowded",
    seen: "keylase/nvidia-patch issue 987, driver 580.97",
    stderr:
      "[h264_nvenc @ 000001b6accb0500] OpenEncodeSessionEx failed: incompatible client key (21): (no details)\n" +
      "[vost#6:0/h264_nvenc @ 000001b6acc90bc0] Error while opening encoder - maybe incorrect parameters",
  },
  {
    row: "nvenc busy",
    kind: "crowded",
    seen: "libavcodec/nvenc.c, nvenc_errors[] and nvenc_print_error()",
    stderr: "[hevc_nvenc @ 0x55d0] InitializeEncoder failed: encoder busy (18): (no details)",
  },
  {
    row: "cuda memory",
    kind: "crowded",
    seen: "ant-media/Ant-Media-Server issue 939",
    stderr:
      "[h264_nvenc @ 0x7f616007d540] Failed creating CUDA context for NVENC: 0x2\n" +
      "[h264_nvenc @ 0x7f616007d540] No NVENC capable devices found",
  },
  {
    row: "vaapi memory",
    kind: "crowded",
    seen: "pulsejet/memories issue 1224, Intel Arc",
    stderr: "[h264 @ 0x557fa9801fc0] Failed to create decode context: 2 (resource allocation failed).",
  },
  {
    row: "qsv memory",
    kind: "crowded",
    seen: "libavcodec/qsv.c, qsv_errors[] and ff_qsv_print_error()",
    stderr: "[h264_qsv @ 0x5581] Error during encoding: failed to allocate memory (-4)",
  },
  {
    row: "nvenc without a unit",
    kind: "gone",
    seen: "HandBrake/HandBrake issue 1998, P106-100",
    stderr:
      "[h264_nvenc @ 00000198ad95a9c0] OpenEncodeSessionEx failed: unsupported device (2)\n" +
      "[h264_nvenc @ 00000198ad95a9c0] No NVENC capable devices found",
  },
  {
    row: "nvenc no device",
    kind: "gone",
    seen: "libavcodec/nvenc.c, nvenc_errors[]",
    stderr: "[h264_nvenc @ 0x55d0] OpenEncodeSessionEx failed: no encode device (1): (no details)",
  },
  {
    row: "nvidia driver missing",
    kind: "gone",
    seen: "ffmpeg 5.1 on a machine without a GPU",
    stderr: "[h264_nvenc @ 0x561a078bf180] Cannot load libcuda.so.1\nError initializing output stream 0:0",
  },
  {
    row: "nvidia driver too old",
    kind: "gone",
    seen: "libavcodec/nvenc.c, nvenc_load_libraries()",
    stderr: "[h264_nvenc @ 0x55d0] Driver does not support the required nvenc API version. Required: 12.1 Found: 11.0",
  },
  {
    row: "cuda device lost",
    kind: "gone",
    seen: "OvenMediaLabs/OvenMediaEngine issue 1719 (CUDA_ERROR_NO_DEVICE); libavutil/cuda_check.h prints the name so",
    stderr:
      "[h264_nvenc @ 0x55d0] dl_fn->cuda_dl->cuCtxPushCurrent(ctx) failed -> CUDA_ERROR_NO_DEVICE: no CUDA-capable device",
  },
  {
    row: "vaapi device missing",
    kind: "gone",
    seen: "pulsejet/memories issue 984",
    stderr:
      "[AVHWDeviceContext @ 0x558531e39c00] No VA display found for device /dev/dri/renderD128.\n" +
      "Device creation failed: -22.",
  },
  {
    row: "vaapi device missing",
    kind: "gone",
    seen: "mltframework/shotcut issue 766",
    stderr: "[AVHWDeviceContext @ 0x7f1e28019440] Failed to initialise VAAPI connection: -1 (unknown libva error).",
  },
  {
    row: "vaapi encode lost",
    kind: "gone",
    seen: "libavcodec/vaapi_encode.c, vaapi_encode_issue()",
    stderr: "[h264_vaapi @ 0x55d0] Failed to end picture encode issue: 24 (internal encoding error).",
  },
  {
    row: "qsv device lost",
    kind: "gone",
    seen: "libavcodec/qsv.c, qsv_errors[]",
    stderr: "[hevc_qsv @ 0x5581] Error during encoding: device failed (-17)",
  },
  {
    row: "qsv session",
    kind: "gone",
    seen: "intel/cartwheel-ffmpeg issue 334",
    stderr:
      "[AVHWDeviceContext @ 000002533b7aa300] Error creating a MFX session: -9.\nDevice creation failed: -1313558101.",
  },
  {
    row: "qsv session",
    kind: "gone",
    seen: "f0e/blur issue 218",
    stderr: "[h264_qsv @ 000001fb0eb307c0] Error initializing an internal MFX session: unsupported (-3)",
  },
  {
    row: "amf runtime missing",
    kind: "gone",
    seen: "WyattBlue/auto-editor issue 231",
    stderr: "[h264_amf @ 0000022352842300] DLL amfrt64.dll failed to open\nConversion failed!",
  },
  {
    row: "device creation",
    kind: "gone",
    seen: "fftools/ffmpeg_hw.c, hw_device_init_from_string()",
    stderr: "Device creation failed: -542398533.",
  },
  {
    row: "nvenc features",
    kind: "unable",
    seen: "vexorian/dizquetv issue 475",
    stderr:
      "[h264_nvenc @ 00000285c760dc00] 10 bit encode not supported\n" +
      "[h264_nvenc @ 00000285c760dc00] No capable devices found",
  },
  {
    row: "nvenc features",
    kind: "unable",
    seen: "BtbN/FFmpeg-Builds issue 245, GTX 1050",
    stderr:
      "[hevc_nvenc @ 000001debf9a0840] B frames as references are not supported\n" +
      "[hevc_nvenc @ 000001debf9a0840] No capable devices found",
  },
  {
    row: "nvenc none capable",
    kind: "unable",
    seen: "libavcodec/nvenc.c, nvenc_setup_device()",
    stderr: "[av1_nvenc @ 0x55d0] No capable devices found",
  },
  {
    row: "vaapi profile",
    kind: "unable",
    seen: "russelltg/wl-screenrec issue 41",
    stderr: "[h264_vaapi @ 0x55d0] No usable encoding profile found.",
  },
  {
    row: "qsv parameters",
    kind: "unable",
    seen: "LizardByte/Sunshine issue 4419",
    stderr:
      "[h264_qsv @ 000001b1edfc9fc0] Current pixel format is unsupported\n" +
      "[h264_qsv @ 000001b1e4854200] some encoding parameters are not supported by the QSV runtime.",
  },
  {
    row: "amf component",
    kind: "unable",
    seen: "jellyfin/jellyfin-ffmpeg issue 210",
    stderr: "[h264_amf @ 0x55d0] CreateComponent(AMFVideoEncoderVCE_AVC) failed with error 1",
  },
  {
    row: "amf component",
    kind: "unable",
    seen: "k4yt3x/video2x issue 1342",
    stderr: "[h264_amf @ 00000228c018eac0] encoder->Init() failed with error 5",
  },
  {
    row: "videotoolbox quality",
    kind: "unable",
    seen: "StuartCameronCode/VapourBox issue 19, an Intel Mac",
    stderr:
      "[h264_videotoolbox @ 0x7f953fc046c0] -q:v qscale not available for encoder. Use -b:v bitrate instead.\n" +
      "Error while opening encoder - maybe incorrect parameters such as bit_rate, rate, width or height.",
  },
  {
    row: "videotoolbox session",
    kind: "unable",
    seen: "libavcodec/videotoolboxenc.c, vtenc_create_encoder()",
    stderr: "[hevc_videotoolbox @ 0x7f95] Error: cannot create compression session: -12903",
  },
];

for (const { row, kind, seen, stderr } of FIXTURES) {
  test(`${row}: ${seen}`, () => {
    expect(findFailure(stderr)).toMatchObject({ row, kind });
  });
}

test("every row has a fixture", () => {
  expect(FAILURE_ROWS.filter((row) => !FIXTURES.some((fixture) => fixture.row === row))).toEqual([]);
});

test("what software encoders and damaged sources say is no failure of hardware", () => {
  for (const words of [
    "[libx264 @ 0x55d0] height not divisible by 2 (1280x719)",
    "[h264 @ 0x55d0] error while decoding MB 3 4, bytestream -5",
    "Error while opening encoder for output stream #0:0 - maybe incorrect parameters such as bit_rate, rate, width or height",
    "av_interleaved_write_frame(): No space left on device",
    "",
  ]) {
    expect(findFailure(words)).toBeNull();
  }
});
