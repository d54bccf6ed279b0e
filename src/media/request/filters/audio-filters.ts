// Allowed audio filters: those that neither read files nor change how long the sound is. Audio is never split.
import { type FilterSpec, filterTable } from "./filter-spec.ts";

export const AUDIO_FILTERS: readonly FilterSpec[] = [
  ...filterTable(
    { media: "audio", kind: "sequential", pts: "keeps" },
    `
    volume +enable volume:expr precision eval replaygain replaygain_preamp replaygain_noclip
    aresample sample_rate async first_pts resampler precision dither_method min_hard_comp
    loudnorm I|i LRA|lra TP|tp measured_I|measured_i measured_LRA|measured_lra measured_TP|measured_tp measured_thresh offset linear dual_mono print_format
    pan args:list
    dynaudnorm +enable framelen|f gausssize|g peak|p maxgain|m targetrms|r coupling|n correctdc|c altboundary|b compress|s threshold|t channels|h:list overlap|o
    acompressor level_in mode threshold ratio attack release makeup knee link detection level_sc mix
    alimiter +enable level_in level_out limit attack release asc asc_level level latency
    highpass +enable frequency|f width_type|t width|w poles|p mix|m channels|c:list normalize|n transform|a precision|r blocksize|b
    lowpass +enable frequency|f width_type|t width|w poles|p mix|m channels|c:list normalize|n transform|a precision|r blocksize|b
    bandpass +enable frequency|f width_type|t width|w csg mix|m channels|c:list normalize|n transform|a precision|r blocksize|b
    equalizer +enable frequency|f width_type|t width|w gain|g mix|m channels|c:list normalize|n transform|a precision|r blocksize|b
    bass +enable frequency|f width_type|t width|w gain|g poles|p mix|m channels|c:list normalize|n transform|a precision|r blocksize|b
    treble +enable frequency|f width_type|t width|w gain|g poles|p mix|m channels|c:list normalize|n transform|a precision|r blocksize|b
    highshelf +enable frequency|f width_type|t width|w gain|g poles|p mix|m channels|c:list normalize|n transform|a precision|r blocksize|b
    lowshelf +enable frequency|f width_type|t width|w gain|g poles|p mix|m channels|c:list normalize|n transform|a precision|r blocksize|b
    afade +enable type|t start_sample|ss nb_samples|ns start_time|st:duration duration|d:duration curve|c
    aformat sample_fmts|f:list sample_rates|r:list channel_layouts|cl:list
    channelmap map:list channel_layout:list
    compand attacks:list decays:list points:list soft-knee gain volume delay
    agate +enable level_in mode range threshold ratio attack release makeup knee detection link level_sc
    anull
    afftdn +enable noise_reduction|nr noise_floor|nf noise_type|nt band_noise|bn:list residual_floor|rf track_noise|tn track_residual|tr output_mode|om adaptivity|ad floor_offset|fo noise_link|nl band_multiplier|bm sample_noise|sn gain_smooth|gs
    speechnorm +enable peak|p expansion|e compression|c threshold|t raise|r fall|f channels|h:list invert|i link|l
    stereotools +enable level_in level_out balance_in balance_out softclip mutel muter phasel phaser mode slev sbal mlev mpan base delay sclevel phase bmode_in bmode_out
    extrastereo +enable m c
    crossfeed +enable strength range slope level_in level_out block_size
    deesser +enable i m f s
    superequalizer 1b 2b 3b 4b 5b 6b 7b 8b 9b 10b 11b 12b 13b 14b 15b 16b 17b 18b
    `,
  ),
];
