/**
 * Runtime settings of the control plane. Its code runs about once a second, so the optimising compiler costs more than
 * it saves: without it the process was 20 MiB smaller and took half the processor time (25 channels, 50 outputs). The
 * engine needs the compiler and is started without this setting.
 */
export const serviceEnvironment = { BUN_JSC_useDFGJIT: "0" }
