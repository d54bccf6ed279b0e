// Allowed filters that blur, sharpen, find edges and remove noise within one frame.
import { type FilterSpec, filterTable } from "./filter-spec.ts";

export const DETAIL_FILTERS: readonly FilterSpec[] = [
  ...filterTable(
    { media: "video", kind: "perFrame", pts: "keeps" },
    `
    unsharp +enable luma_msize_x|lx luma_msize_y|ly luma_amount|la chroma_msize_x|cx chroma_msize_y|cy chroma_amount|ca alpha_msize_x|ax alpha_msize_y|ay alpha_amount|aa
    boxblur +enable luma_radius|lr:expr luma_power|lp chroma_radius|cr:expr chroma_power|cp alpha_radius|ar:expr alpha_power|ap
    gblur +enable sigma steps planes sigmaV
    avgblur +enable sizeX planes sizeY
    smartblur +enable luma_radius|lr luma_strength|ls luma_threshold|lt chroma_radius|cr chroma_strength|cs chroma_threshold|ct
    sab +enable luma_radius|lr luma_pre_filter_radius|lpfr luma_strength|ls chroma_radius|cr chroma_pre_filter_radius|cpfr chroma_strength|cs
    bilateral +enable sigmaS sigmaR planes
    median +enable radius planes radiusV percentile
    cas +enable strength planes
    convolution +enable 0m:list 1m:list 2m:list 3m:list 0rdiv 1rdiv 2rdiv 3rdiv 0bias 1bias 2bias 3bias 0mode 1mode 2mode 3mode
    sobel +enable planes scale delta
    prewitt +enable planes scale delta
    roberts +enable planes scale delta
    kirsch +enable planes scale delta
    scharr +enable planes scale delta
    edgedetect +enable high low mode planes
    erosion +enable coordinates threshold0 threshold1 threshold2 threshold3
    dilation +enable coordinates threshold0 threshold1 threshold2 threshold3
    inflate +enable threshold0 threshold1 threshold2 threshold3
    deflate +enable threshold0 threshold1 threshold2 threshold3
    deblock +enable filter block alpha beta gamma delta planes
    deband +enable 1thr 2thr 3thr 4thr range|r direction|d blur|b coupling|c
    yaepblur +enable radius|r planes|p sigma|s
    dblur +enable angle radius planes
    removegrain +enable m0 m1 m2 m3
    nlmeans +enable s p pc r rc
    vaguedenoiser +enable threshold method nsteps percent planes type
    owdenoise +enable depth luma_strength|ls chroma_strength|cs
    dctdnoiz +enable sigma|s overlap expr|e:expr n
    fftdnoiz +enable sigma amount block overlap method prev next planes window
    chromanr +enable thres sizew sizeh stepw steph threy threu threv distance
    chromashift +enable cbh cbv crh crv edge
    rgbashift +enable rh rv gh gv bh bv ah av edge
    `,
  ),
];
