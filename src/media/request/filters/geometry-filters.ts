// Allowed filters that place, turn and draw on the picture.
import { type FilterSpec, filterTable } from "./filter-spec.ts";

export const GEOMETRY_FILTERS: readonly FilterSpec[] = [
  ...filterTable(
    { media: "video", kind: "perFrame", pts: "keeps" },
    `
    scale w|width:expr h|height:expr flags interl in_color_matrix out_color_matrix in_range out_range in_v_chr_pos in_h_chr_pos out_v_chr_pos out_h_chr_pos force_original_aspect_ratio force_divisible_by param0 param1 eval
    zscale w|width:expr h|height:expr size|s dither|d filter|f out_range|range|r primaries|p transfer|t matrix|m in_range|rangein|rin primariesin|pin transferin|tin matrixin|min chromal|c chromalin|cin npl agamma param_a param_b
    crop out_w|w:expr out_h|h:expr x:expr y:expr keep_aspect exact
    pad width|w:expr height|h:expr x:expr y:expr color:colour eval aspect:ratio
    transpose dir passthrough
    hflip +enable
    vflip +enable
    rotate +enable angle|a:expr out_w|ow:expr out_h|oh:expr fillcolor|c:colour bilinear
    setsar sar|ratio|r:expr max
    setdar dar|ratio|r:expr max
    setfield mode
    fieldorder +enable order
    fillborders +enable left right top bottom mode color:colour
    lenscorrection +enable cx cy k1 k2 i fc:colour
    perspective +enable x0:expr y0:expr x1:expr y1:expr x2:expr y2:expr x3:expr y3:expr interpolation sense eval
    v360 input output interp w h in_stereo out_stereo in_forder out_forder in_frot out_frot in_pad out_pad fin_pad fout_pad yaw pitch roll rorder h_fov v_fov d_fov h_flip v_flip d_flip ih_flip iv_flip in_trans out_trans ih_fov iv_fov id_fov h_offset v_offset alpha_mask reset_rot
    shear +enable shx shy fillcolor|c:colour interp
    il +enable luma_mode|l chroma_mode|c alpha_mode|a luma_swap|ls chroma_swap|cs alpha_swap|as
    pixelize +enable width|w height|h mode|m planes|p
    super2xsai
    hqx n
    xbr n
    epx n
    swaprect +enable w:expr h:expr x1:expr y1:expr x2:expr y2:expr
    swapuv +enable
    shuffleplanes +enable map0 map1 map2 map3
    setparams field_mode range color_primaries color_trc colorspace
    setrange range
    null
    copy
    delogo +enable x:expr y:expr w:expr h:expr show
    drawbox +enable x:expr y:expr width|w:expr height|h:expr color|c:colour thickness|t:expr replace box_source:refused
    drawgrid +enable x:expr y:expr width|w:expr height|h:expr color|c:colour thickness|t:expr replace
    subtitles filename|f:subtitles original_size fontsdir:refused alpha charenc:refused stream_index|si force_style:style
    drawtext +enable fontfile:refused text:text textfile:refused fontcolor:colour fontcolor_expr:refused boxcolor:colour bordercolor:colour shadowcolor:colour box boxborderw line_spacing fontsize:expr x:expr y:expr shadowx shadowy borderw tabsize basetime:refused font:list expansion timecode:text tc24hmax timecode_rate|r|rate:ratio reload:refused alpha:expr fix_bounds start_number text_source:refused text_shaping ft_load_flags
    `,
  ),
];
