// Allowed filters that change colour, light and keys, each frame by itself.
import { type FilterSpec, filterTable } from "./filter-spec.ts";

export const COLOUR_FILTERS: readonly FilterSpec[] = [
  ...filterTable(
    { media: "video", kind: "perFrame", pts: "keeps" },
    `
    eq +enable contrast:expr brightness:expr saturation:expr gamma:expr gamma_r:expr gamma_g:expr gamma_b:expr gamma_weight:expr eval
    hue +enable h:expr s:expr H:expr b:expr
    negate +enable components negate_alpha
    format pix_fmts:list
    noformat pix_fmts:list
    colorspace +enable all space range primaries trc format fast dither wpadapt iall ispace irange iprimaries itrc
    colormatrix +enable src dst
    tonemap tonemap param desat peak
    curves +enable preset master|m:list red|r:list green|g:list blue|b:list all:list psfile:refused plot:refused
    lut +enable c0:expr c1:expr c2:expr c3:expr y:expr u:expr v:expr r:expr g:expr b:expr a:expr
    lutyuv +enable c0:expr c1:expr c2:expr c3:expr y:expr u:expr v:expr r:expr g:expr b:expr a:expr
    lutrgb +enable c0:expr c1:expr c2:expr c3:expr y:expr u:expr v:expr r:expr g:expr b:expr a:expr
    geq +enable lum_expr|lum:expr cb_expr|cb:expr cr_expr|cr:expr alpha_expr|a:expr red_expr|r:expr green_expr|g:expr blue_expr|b:expr interpolation|i
    colorbalance +enable rs gs bs rm gm bm rh gh bh pl
    colorchannelmixer +enable rr rg rb ra gr gg gb ga br bg bb ba ar ag ab aa pc pa
    colorcontrast +enable rc gm by rcw gmw byw pl
    colorcorrect +enable rl bl rh bh saturation analyze
    colorize +enable hue saturation lightness mix
    colorlevels +enable rimin gimin bimin aimin rimax gimax bimax aimax romin gomin bomin aomin romax gomax bomax aomax preserve
    colortemperature +enable temperature mix pl
    exposure +enable exposure black
    huesaturation +enable hue saturation intensity colors strength rw gw bw lightness
    vibrance +enable intensity rbal gbal bbal rlum glum blum alternate
    selectivecolor +enable correction_method reds:list yellows:list greens:list cyans:list blues:list magentas:list whites:list neutrals:list blacks:list psfile:refused
    monochrome +enable cb cr size high
    pseudocolor +enable c0:expr c1:expr c2:expr c3:expr index|i preset|p opacity
    grayworld +enable
    limiter +enable min max planes
    vignette +enable angle|a:expr x0:expr y0:expr mode eval dither aspect:ratio
    gradfun +enable strength radius
    chromakey +enable color:colour similarity blend yuv
    colorkey +enable color:colour similarity blend
    lumakey +enable threshold tolerance softness
    hsvkey +enable hue sat val similarity blend
    chromahold +enable color:colour similarity blend yuv
    colorhold +enable color:colour similarity blend
    hsvhold +enable hue sat val similarity blend
    despill +enable type mix expand red green blue brightness alpha
    normalize +enable blackpt:colour whitept:colour smoothing independence strength
    histeq +enable strength intensity antibanding
    fade +enable type|t start_frame|s nb_frames|n alpha start_time|st:duration duration|d:duration color|c:colour
    `,
  ),
];
