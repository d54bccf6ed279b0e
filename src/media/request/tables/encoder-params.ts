// The accepted keys of the encoder libraries' parameter strings (-x264-params and the like). An allow-list: keys that
// name files, set threads, run passes or number frames of the whole video are not on it.
import type { NamedOption } from "../../model/encode-request.ts";
import { closest, refuse } from "../values/refuse.ts";
import type { ParamsKind } from "./encoders.ts";

/** x264 --fullhelp. */
const X264_KEYS =
  "8x8dct analyse annexb aq-mode aq-strength aud avcintra-class avcintra-flavor b-adapt b-bias b-pyramid bframes " +
  "bitrate bluray-compat bff cabac chroma-qp-offset chromaloc colormatrix colorprim constrained-intra cplxblur cqm " +
  "crf crf-max cll deadzone-inter deadzone-intra deblock direct direct-pred fake-interlaced " +
  "fast-pskip frame-packing fullrange ipratio interlaced intra-refresh keyint level level-idc mastering-display " +
  "mbtree me me-range merange min-keyint mixed-refs mvrange mvrange-thread nal-hrd nf non-deterministic nr " +
  "open-gop overscan partitions pbratio pic-struct psnr psy psy-rd qblur qcomp qp qpmax qpmin qpstep ratetol " +
  "rc-lookahead ref scenecut slice-max-mbs slice-max-size slice-min-mbs slices slices-max ssim stitchable subme " +
  "sync-lookahead tff transfer trellis vbv-bufsize vbv-init vbv-maxrate videoformat weightb weightp alternative-transfer";

/** x265 documentation, "Command Line Options". */
const X265_KEYS =
  "allow-non-conformance amp aq-bias-strength aq-mode aq-motion aq-strength asm aud b-adapt b-intra b-pyramid bframe-bias " +
  "bframes bitrate cbqpoffs chromaloc cll colormatrix colorprim const-vbv constrained-intra cplxblur copy-pic " +
  "crf crf-max crf-min ctu cu-lossless cu-stats cutree deblock dynamic-rd dynamic-refine early-skip " +
  "fades fast-intra frame-dup dup-threshold gop-lookahead hdr hdr10 hdr10-opt hevc-aq high-tier hist-scenecut hist-threshold " +
  "hme hme-range hme-search hrd hrd-concat idr-recovery-sei info intra-refresh ipratio keyint level-idc limit-modes " +
  "limit-refs limit-sao limit-tu lookahead-slices lossless lowpass-dct master-display max-ausize-factor " +
  "max-cll max-luma max-merge max-tu-size mcstf me merange min-cu-size min-keyint min-luma min-vbv-fullness " +
  "multi-pass-opt-rps no-sao nr-inter nr-intra open-gop opt-cu-delta-qp opt-qp-pps opt-ref-list-length-pps overscan " +
  "pbratio psnr psy-rd psy-rdoq qblur qcomp qg-size qp qp-adaptation-range qpmax qpmin qpstep radl range rc-grain " +
  "rc-lookahead rd rdoq rdoq-level rdpenalty rect ref repeat-headers rskip rskip-edge-threshold sao sao-non-deblock " +
  "scaling-list scenecut scenecut-aware-qp scenecut-bias selective-sao signhide single-sei slices slow-firstpass sbrc " +
  "splitrd-skip ssim ssim-rd strict-cbr strong-intra-smoothing subme temporal-layers temporal-mvp transfer " +
  "tskip tskip-fast tu-inter-depth tu-intra-depth uhd-bd vbv-bufsize vbv-end vbv-end-fr-adj vbv-init vbv-live-multi-pass " +
  "vbv-maxrate video-signal-type-preset videoformat vui-hrd-info vui-timing-info weightb weightp wpp";

/** SVT-AV1 Docs/Parameters.md. */
const SVTAV1_KEYS =
  "ac-bias adaptive-film-grain aq-mode bias-pct buf-initial-sz buf-optimal-sz buf-sz chroma-qm-max chroma-qm-min " +
  "chroma-sample-position color-primaries color-range content-light crf enable-cdef enable-dlf enable-dg enable-hdr " +
  "enable-mfmv enable-overlays enable-qm enable-restoration enable-tf enable-tpl-la enable-variance-boost fast-decode " +
  "film-grain film-grain-denoise gop-constraint-rc hierarchical-levels irefresh-type keyint lookahead luminance-qp-bias " +
  "mastering-display matrix-coefficients max-qp maxsection-pct mbr mbr-overshoot-pct min-qp minsection-pct noise-norm-strength " +
  "overshoot-pct pred-struct preset profile psy-rd qm-max qm-min qp rc rmv scd scm sharpness spy-rd startup-mg-size " +
  "superres-denom superres-kf-denom superres-kf-qthres superres-mode superres-qthres tbr tf-strength tier tile-columns " +
  "tile-rows transfer-characteristics tune undershoot-pct use-fixed-qindex-offsets variance-boost-strength variance-octile";

/** aomenc --help; libaom's av1_cx_iface.c key list. */
const AOM_KEYS =
  "aq-mode arnr-maxframes arnr-strength auto-alt-ref auto-intra-tools-off cdf-update-mode chroma-sample-position " +
  "coeff-cost-upd-freq color-primaries cpu-used cq-level delta-lf-mode deltaq-mode deltaq-strength denoise-block-size " +
  "denoise-noise-level disable-trellis-quant dist-metric dv-cost-upd-freq enable-1to4-partitions enable-ab-partitions " +
  "enable-angle-delta enable-cdef enable-cfl-intra enable-chroma-deltaq enable-diagonal-intra enable-diff-wtd-comp " +
  "enable-directional-intra enable-dist-wtd-comp enable-dnl-denoising enable-dual-filter enable-filter-intra " +
  "enable-flip-idtx enable-global-motion enable-interinter-wedge enable-interintra-comp enable-interintra-wedge " +
  "enable-intra-edge-filter enable-intrabc enable-keyframe-filtering enable-masked-comp enable-obmc enable-onesided-comp " +
  "enable-order-hint enable-overlay enable-paeth-intra enable-palette enable-qm enable-rect-partitions enable-rect-tx " +
  "enable-ref-frame-mvs enable-restoration enable-smooth-interintra enable-smooth-intra enable-tpl-model enable-tx64 " +
  "enable-tx-size-search enable-warped-motion film-grain-test frame-parallel gf-cbr-boost gf-max-pyr-height " +
  "gf-min-pyr-height lossless loopfilter-control matrix-coefficients max-gf-interval max-inter-rate max-intra-rate " +
  "max-partition-size max-reference-frames min-cr min-gf-interval min-partition-size mode-cost-upd-freq mtu-size " +
  "mv-cost-upd-freq noise-sensitivity num-tile-groups qm-max qm-min quant-b-adapt reduced-reference-set reduced-tx-type-set " +
  "row-mt sb-size set-tier-mask sharpness static-thresh target-seq-level-idx tile-columns tile-rows timing-info " +
  "transfer-characteristics tune tune-content use-inter-dct-only use-intra-default-tx-only use-intra-dct-only";

const PARAM_KEYS: Readonly<Record<ParamsKind, ReadonlySet<string>>> = {
  x264: new Set(X264_KEYS.split(" ")),
  x265: new Set(X265_KEYS.split(" ")),
  svtav1: new Set(SVTAV1_KEYS.split(" ")),
  aom: new Set(AOM_KEYS.split(" ")),
};

export const PARAM_OPTION: Readonly<Record<ParamsKind, string>> = {
  x264: "x264-params",
  x265: "x265-params",
  svtav1: "svtav1-params",
  aom: "aom-params",
};

/** Keys whose values are limited further; each with the reason. */
const LIMITED: ReadonlyMap<string, readonly [allowed: RegExp, instead: string]> = new Map([
  ["open-gop", [/^(0|false|no)$/, "Leave it out: every segment starts and ends with a closed GOP."]],
  ["irefresh-type", [/^(2|kf)$/i, "Leave it out: every segment starts and ends with a closed GOP."]],
  ["scaling-list", [/^(off|default)$/, "Use off or default: other values name a file."]],
  ["tune", [/^(?!.*vmaf)/i, "Leave it out, or use ssim or psnr: vmaf reads a model from a file."]],
  ["cqm", [/^(flat|jvt)$/, "Use flat or jvt: other values name a file."]],
]);

const WHOLE_VIDEO = "it belongs to one pass over the whole video";
const REASONS: ReadonlyMap<string, readonly [why: string, instead: string]> = new Map([
  ["threads", ["threads follow the client's slots", "Use `ffcluster join --slots`."]],
  ["lookahead-threads", ["threads follow the client's slots", "Use `ffcluster join --slots`."]],
  ["frame-threads", ["threads follow the client's slots", "Use `ffcluster join --slots`."]],
  ["pools", ["threads follow the client's slots", "Use `ffcluster join --slots`."]],
  ["lp", ["threads follow the client's slots", "Use `ffcluster join --slots`."]],
  ["pass", [WHOLE_VIDEO, "Use -crf, or -b:v with -maxrate and -bufsize."]],
  ["passes", [WHOLE_VIDEO, "Use -crf, or -b:v with -maxrate and -bufsize."]],
  ["zones", ["it numbers the frames of the whole video", "Use -crf and let the encoder's rate control decide."]],
  ["sar", ["the picture's shape goes with the frames", "Use -vf setsar=…."]],
  ["fps", ["the times of the frames are kept", "Use -r, or -vf fps=…."]],
  ["force-cfr", ["the times of the frames are kept", "Use -r, or -vf fps=…."]],
]);

const VALUE = /^[A-Za-z0-9.,;+\-_()|]{1,200}$/;

/** `key=value:key:…` as the pairs of the request. Throws E_ENCODE_REQUEST naming option and key. */
export function readEncoderParams(option: string, kind: ParamsKind, text: string): readonly NamedOption[] {
  return text
    .split(":")
    .filter((part) => part !== "")
    .map((part) => {
      const equals = part.indexOf("=");
      const written = equals === -1 ? part : part.slice(0, equals);
      const value = equals === -1 ? "1" : part.slice(equals + 1);
      const key = written.replaceAll("_", "-");
      checkParam(`${option} ${written.slice(0, 40)}`, kind, key, value);
      return [key, value];
    });
}

function checkParam(where: string, kind: ParamsKind, key: string, value: string): void {
  const keys = PARAM_KEYS[kind];
  const plain = (kind === "x264" || kind === "x265") && key.startsWith("no-") ? key.slice(3) : key;
  if (!keys.has(key) && !keys.has(plain)) {
    const reason = REASONS.get(plain);
    if (reason) throw refuse(where, `not accepted: ${reason[0]}`, reason[1]);
    const near = closest(key, keys);
    throw refuse(
      where,
      `not on the list of ${PARAM_OPTION[kind]} keys that can be distributed (keys that name files never are)`,
      near === null ? "Leave it out, or use a preset, -tune or one of ffmpeg's own options." : `Did you mean ${near}?`,
    );
  }
  if (!VALUE.test(value)) {
    throw refuse(
      where,
      `${JSON.stringify(value.slice(0, 40))} is not a plain value`,
      "Use letters, digits and . , ; + - _ ( ).",
    );
  }
  // `no-x` is taken for x only where x is limited to being off.
  const limit = LIMITED.get(plain);
  const negated = plain !== key;
  if (limit && !(negated ? /^(1|true|yes)$/ : limit[0]).test(value)) {
    throw refuse(where, `the value ${value} is not accepted`, limit[1]);
  }
}
