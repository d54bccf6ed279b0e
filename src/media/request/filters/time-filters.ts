// Allowed filters that see more than one frame, count frames, or change their number.
import { type FilterSpec, filterTable } from "./filter-spec.ts";

export const TIME_FILTERS: readonly FilterSpec[] = [
  ...filterTable(
    { media: "video", kind: "finiteMemory", pts: "keeps" },
    `
    yadif +enable mode parity deint
    bwdif +enable mode parity deint
    w3fdif +enable filter mode parity deint
    estdif +enable mode parity deint rslope redge ecost mcost dcost interp
    kerndeint thresh map order sharp twoway
    tmix +enable frames weights:list scale planes
    tmedian +enable radius planes percentile
    atadenoise +enable 0a 0b 1a 1b 2a 2b s p a 0s 1s 2s
    deflicker size|s mode|m bypass
    dedot +enable m lt tl tc ct
    phase +enable mode
    `,
  ),
  ...filterTable(
    { media: "video", kind: "finiteMemory", pts: "changes" },
    `
    fps fps:expr start_time round eof_action
    minterpolate fps:ratio mi_mode mc_mode me_mode me mb_size search_param vsbmc scd scd_threshold
    framerate fps:ratio interp_start interp_end scene flags
    tblend +enable c0_mode c1_mode c2_mode c3_mode all_mode c0_expr:expr c1_expr:expr c2_expr:expr c3_expr:expr all_expr:expr c0_opacity c1_opacity c2_opacity c3_opacity all_opacity
    separatefields
    doubleweave first_field
    amplify +enable radius factor threshold tolerance low high planes
    `,
  ),
  ...filterTable(
    { media: "video", kind: "sequential", pts: "keeps" },
    `
    noise +enable all_seed all_strength|alls all_flags|allf c0_seed c0_strength|c0s c0_flags|c0f c1_seed c1_strength|c1s c1_flags|c1f c2_seed c2_strength|c2s c2_flags|c2f c3_seed c3_strength|c3s c3_flags|c3f
    scroll +enable horizontal|h vertical|v hpos vpos
    `,
  ),
  ...filterTable(
    { media: "video", kind: "sequential", pts: "changes" },
    `
    interlace scan lowpass
    tinterlace mode
    telecine first_field pattern
    detelecine first_field pattern:expr start_frame
    pullup jl jr jt jb sb mp
    decimate cycle dupthresh scthresh blockx blocky ppsrc chroma
    mpdecimate max hi lo frac
    framestep +enable step
    weave first_field
    repeatfields
    dejudder cycle
    shuffleframes +enable mapping:list
    random frames seed
    zoompan zoom|z:expr x:expr y:expr d:expr s fps:ratio
    `,
  ),
  ...filterTable(
    { media: "video", kind: "unbounded", pts: "keeps" },
    `
    hqdn3d +enable luma_spatial chroma_spatial luma_tmp chroma_tmp
    lagfun +enable decay planes
    photosensitivity frames|f threshold|t skip bypass
    deshake x y w h rx ry edge blocksize contrast search filename:refused opencl:refused
    `,
  ),
];
