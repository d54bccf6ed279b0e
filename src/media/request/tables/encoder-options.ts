// Further encoder options of ffmpeg that are accepted, per encoder. An allow-list: options that name files (-stats,
// -passlogfile), run passes or set threads are not on it.
import type { NamedOption } from "../../model/encode-request.ts";
import { refuse } from "../values/refuse.ts";
import { VIDEO_ENCODERS, type VideoEncoder } from "./encoders.ts";

/** AVCodecContext options that several encoders read. */
const COMMON =
  "qmin qmax qdiff qcomp qblur i_qfactor b_qfactor i_qoffset b_qoffset trellis subq me_range mbd cmp subcmp mbcmp " +
  "precmp dia_size pre_dia_size slices rc_init_occupancy bidir_refine last_pred dc flags";

const VPX =
  "lag-in-frames arnr-maxframes arnr-strength arnr-type deadline error-resilient max-intra-rate static-thresh " +
  "drop-threshold noise-sensitivity undershoot-pct overshoot-pct auto-alt-ref cpu-used speed quality sharpness rc_lookahead";

const MPEG =
  "b_strategy b_sensitivity mpv_flags luma_elim_threshold chroma_elim_threshold quantizer_noise_shaping qsquish " +
  "rc_qmod_amp rc_qmod_freq rc_init_cplx rc_buf_aggressivity border_mask lmin lmax skip_threshold skip_factor skip_exp " +
  "skip_cmp sc_threshold noise_reduction motion_est mepc mepre intra_penalty";

const NVENC =
  "rc rc-lookahead surfaces multipass spatial-aq spatial_aq temporal-aq temporal_aq aq-strength b_adapt b_ref_mode " +
  "nonref_p strict_gop weighted_pred coder tier no-scenecut init_qpI init_qpP init_qpB qp_cb_offset qp_cr_offset dpb_size forced-idr";

const QSV =
  "async_depth look_ahead look_ahead_depth look_ahead_downsampling extbrc adaptive_i adaptive_b b_strategy rdo low_power " +
  "max_frame_size mbbrc bitrate_limit p_strategy tier tile_cols tile_rows forced_idr idr_interval";

const PER_ENCODER: Readonly<Record<string, string>> = {
  libx264:
    "wpredp a53cc crf_max aq-mode aq-strength psy psy-rd rc-lookahead weightb weightp ssim intra-refresh bluray-compat " +
    "b-bias b-pyramid mixed-refs 8x8dct fast-pskip aud mbtree deblock cplxblur partitions direct-pred slice-max-size " +
    "nal-hrd avcintra-class me_method motion-est forced-idr coder b_strategy chromaoffset sc_threshold noise_reduction udu_sei",
  libx265: "forced-idr udu_sei",
  libsvtav1: "la_depth tier sc_detection tile_columns tile_rows",
  "libaom-av1":
    "cpu-used auto-alt-ref lag-in-frames arnr-max-frames arnr-strength aq-mode error-resilience static-thresh " +
    "drop-threshold denoise-noise-level denoise-block-size undershoot-pct overshoot-pct minsection-pct maxsection-pct " +
    "frame-parallel tiles tile-columns tile-rows row-mt enable-cdef enable-global-motion enable-intrabc enable-restoration " +
    "usage still-picture enable-palette enable-obmc enable-dual-filter enable-tx64 enable-filter-intra",
  libvpx: VPX,
  "libvpx-vp9": `${VPX} lossless tile-columns tile-rows frame-parallel aq-mode row-mt tune-content corpus-complexity enable-tpl`,
  ffv1: "slicecrc coder context",
  prores_ks: "mbs_per_slice vendor bits_per_mb quant_mat alpha_bits",
  mpeg4: `${MPEG} data_partitioning alternate_scan mpeg_quant`,
  mpeg2video: `${MPEG} intra_vlc non_linear_quant alternate_scan a53cc seq_disp_ext video_format`,
  mjpeg: `${MPEG} huffman force_duplicated_matrix`,
  libxvid: "lumi_aq variance_aq gmc me_quality mpeg_quant",
  dnxhd: "nitris_compat ibias",
  utvideo: "pred",
  huffyuv: "pred",
  ffvhuff: "pred context",
};

const PER_FAMILY: Readonly<Record<VideoEncoder["family"], string>> = {
  software: "",
  nvenc: NVENC,
  qsv: QSV,
  amf: "usage quality rc header_spacing frame_skipping preanalysis vbaq enforce_hrd qp_i qp_p qp_b me_half_pel me_quarter_pel header_insertion_mode gops_per_idr",
  videotoolbox: "allow_sw realtime coder alpha_quality constant_bit_rate",
  vaapi: "rc_mode low_power idr_interval b_depth async_depth compression_level quality coder aud sei tiles tier",
};

/** Names without the dash. */
export function optionsOf(encoder: VideoEncoder): ReadonlySet<string> {
  const own = PER_ENCODER[encoder.name === "libx264rgb" ? "libx264" : encoder.name] ?? "";
  return new Set(`${COMMON} ${own} ${PER_FAMILY[encoder.family]}`.split(/\s+/).filter((name) => name !== ""));
}

/** Whether any encoder takes the option. */
export function isEncoderOption(name: string): boolean {
  return [...VIDEO_ENCODERS.values()].some((encoder) => optionsOf(encoder).has(name));
}

const FLAGS = new Set("cgop ilme ildct mv4 qpel loop bitexact aic".split(" "));

/** Checks that the encoder takes the option and that the value is plain. Throws E_ENCODE_REQUEST. */
export function readEncoderOption(option: string, encoder: VideoEncoder, name: string, value: string): NamedOption {
  if (!optionsOf(encoder).has(name)) {
    const takers = [...VIDEO_ENCODERS.values()].filter((each) => optionsOf(each).has(name)).map((each) => each.name);
    throw refuse(option, `${encoder.name} has no such option`, `Leave it out, or use one of: ${takers.join(", ")}.`);
  }
  if (!/^[A-Za-z0-9.,+\-_|]{1,100}$/.test(value)) {
    throw refuse(
      option,
      `${JSON.stringify(value.slice(0, 40))} is not a plain value`,
      "Use letters, digits and . , + - _ only.",
    );
  }
  if (name === "flags" && !value.split(/[+]/).every((flag) => flag === "" || FLAGS.has(flag))) {
    throw refuse(option, `some of the flags ${value} are not accepted`, `Use +${[...FLAGS].join("+")}.`);
  }
  return [name, value];
}
